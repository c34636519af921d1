import type { NamespaceAnswer, NamespaceProbe, Outcome, Survey } from '../../model/look.ts';
import { parseIdMap } from '../../text/id-map.ts';
import { errnoInText } from '../looks/errno.ts';
import { findTool, runProgram, SYSTEM_PATH, writableByOthers } from '../looks/run-tool.ts';
import { surveyReader } from '../looks/survey.ts';
import { NAMESPACE_SCRIPT } from './namespace-script.ts';
import { scratchName, staleScratch } from './scratch.ts';

const LAUNCH_MS = 20_000;
const SURVEY_MS = 120_000;
const MOST_ANSWERS = 100;
const LONGEST = 16 * 1024;
const MOST_UNREAD = 1024 * 1024;
/** Where the script puts the subordinate ids: inside id N is SHIFT + N. */
const SHIFT = 1_000_000;

/** Milliseconds that the launch may take. */
export function limitOfNamespace({ survey }: NamespaceProbe): number {
  return survey === null ? LAUNCH_MS : SURVEY_MS;
}

/** Launches the real chain once and makes every probe inside it. What the script did not answer stays null. */
export async function probeNamespace(
  input: NamespaceProbe,
  environment: { readonly [name: string]: string },
  mostMs = limitOfNamespace(input),
): Promise<NamespaceAnswer> {
  const answers = new Map<string, string>();
  let ended = false;
  const maps = new Map<string, ReturnType<typeof parseIdMap>>();
  const mapOf = (key: string): ReturnType<typeof parseIdMap> => {
    const known = maps.get(key) ?? parseIdMap(answers.get(key) ?? '');
    if (answers.has(key)) maps.set(key, known);
    return known;
  };
  const survey = surveyReader({ outside: (id, of) => outsideOf(id, mapOf(`${of}map`)) });
  let surveyed: Survey | null = null;
  let rest: Buffer = Buffer.alloc(0);
  const onStdout = (chunk: Buffer): void => {
    if (ended) return;
    const all = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let at = all.indexOf(0); at >= 0; at = all.indexOf(0, from)) {
      const record = all.subarray(from, at);
      from = at + 1;
      const tab = record.indexOf(9);
      const key = record.subarray(0, tab).toString('utf8');
      if (key === 'foreign') survey.take(Buffer.concat([record.subarray(tab + 1), Buffer.of(0)]));
      else if (answers.size < MOST_ANSWERS)
        answers.set(key, record.subarray(tab + 1, tab + 1 + LONGEST).toString('utf8'));
    }
    rest = all.subarray(from);
    // No script of ours says so much at once: the launcher speaks for itself.
    ended = rest.length > MOST_UNREAD;
  };
  const shell = findTool('sh', SYSTEM_PATH) ?? '/bin/sh';
  const unshare = findTool('unshare', SYSTEM_PATH);
  const runtime = input.runtime == null || !mayTry(input.runtime, unshare) ? null : input.runtime;
  const script = [
    NAMESPACE_SCRIPT,
    'sh',
    input.directory === null ? '' : scratchName(input.directory),
    input.fuse ? 'fuse' : '',
    input.survey ?? '',
    environment.PATH ?? '',
    runtime?.path ?? '',
    runtime === null ? '' : JSON.stringify(stepOf(runtime.processSandbox)),
    NOTHING,
    runtime?.withoutGroups === true ? 'frozen' : '',
    ...(input.directory === null ? [] : staleScratch(input.directory)),
  ];
  const [path, args] =
    input.launcher !== null
      ? [input.launcher.path, [...input.launcher.args, shell, '-c', ...script]]
      : unshare !== null
        ? [unshare, ['--mount', '--propagation', 'private', shell, '-c', ...script]]
        : [shell, ['-c', ...script]];
  const ran = await runProgram(path, args, {
    env: environment,
    timeoutMs: mostMs,
    onStdout,
  });
  if (answers.get('survey')?.startsWith('end')) surveyed = survey.finish(ran.stderr);
  const log = ran.stderr.slice(-4096);
  const outcome = (key: string): Outcome | null => {
    const answer = answers.get(key) ?? answers.get('workspace');
    if (answer === undefined || (answers.get(key) === undefined && !WORKSPACE.has(key))) return null;
    if (answer === 'ok') return { ok: true };
    const message = withoutHint(answer.replace(/^fail /, ''));
    return { ok: false, errno: errnoInText(message), message };
  };
  const ready = answers.get('ready') === 'ok';
  return {
    launch: ready ? { ok: true } : { ok: false, ...failureOf(ran.timedOut, log, input.launcher !== null) },
    log,
    uidMap: parseIdMap(answers.get('uidmap') ?? ''),
    gidMap: parseIdMap(answers.get('gidmap') ?? ''),
    isolate: outcome('isolate'),
    proc: outcome('proc'),
    overlay: outcome('overlay'),
    fuseOverlay: input.fuse ? outcome('fuse') : null,
    fuseWrite: input.fuse && answers.has('fusewrite') ? outcome('fusewrite') : null,
    step: outcome('step'),
    bindReadOnly: outcome('bind'),
    chown: outcome('chown'),
    survey: surveyed,
  };
}

/** mount(8) ends with a hint for a person. */
function withoutHint(words: string): string {
  const at = words.indexOf('dmesg(1) may have more information');
  return at < 0 ? words.trim() : words.slice(0, at).trim().replace(/\.$/, '');
}

/** An id of the shifted namespace in our own terms; null for the overflow id, behind which every foreign owner hides. */
function outsideOf(id: number, map: ReturnType<typeof parseIdMap>): number | null {
  const inside = id === 0 ? 0 : id - SHIFT;
  for (const [from, to, count] of map) if (inside >= from && inside < from + count) return to + inside - from;
  return null;
}

/** Root runs only what nobody else can change, and real root only where its mounts stay its own. */
function mayTry({ path, withoutGroups }: NonNullable<NamespaceProbe['runtime']>, unshare: string | null): boolean {
  if (withoutGroups === true && unshare === null) return false;
  try {
    return process.getuid?.() !== 0 || writableByOthers(path) === null;
  } catch {
    return false;
  }
}

/** A program that no file system has. */
const NOTHING = '/no-program-of-bk-doctor';
/** What BuildKit gives to every RUN step; the runtime fails where it lacks one of them itself. */
const CAPABILITIES = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FSETID',
  'FOWNER',
  'MKNOD',
  'NET_RAW',
  'SETGID',
  'SETUID',
  'SETFCAP',
  'SETPCAP',
  'NET_BIND_SERVICE',
  'SYS_CHROOT',
  'KILL',
  'AUDIT_WRITE',
].map((name) => `CAP_${name}`);

/** A RUN step as BuildKit's executor describes it to the runtime, as far as both of its modes agree. */
function stepOf(processSandbox: boolean) {
  const virtual = (destination: string, type: string, ...options: readonly string[]) => ({
    destination,
    type,
    source: type,
    options: ['nosuid', 'noexec', ...options],
  });
  return {
    ociVersion: '1.0.2',
    process: {
      user: { uid: 0, gid: 0, additionalGids: [0] },
      args: [NOTHING],
      env: ['PATH=/usr/bin:/bin'],
      cwd: '/',
      capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
    },
    root: { path: 'rootfs' },
    hostname: 'buildkitsandbox',
    mounts: [
      processSandbox
        ? virtual('/proc', 'proc', 'nodev')
        : { destination: '/proc', type: 'bind', source: '/proc', options: ['rbind'] },
      {
        destination: '/dev',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['nosuid', 'strictatime', 'mode=755', 'size=64k'],
      },
      virtual('/dev/pts', 'devpts', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'),
      virtual('/dev/shm', 'tmpfs', 'nodev', 'mode=1777', 'size=64k'),
      virtual('/dev/mqueue', 'mqueue', 'nodev'),
    ],
    linux: {
      namespaces: [...(processSandbox ? ['pid'] : []), 'ipc', 'uts', 'mount'].map((type) => ({ type })),
      seccomp: {
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ names: ['swapon'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 }],
      },
      ...(processSandbox
        ? { maskedPaths: ['/proc/kcore', '/proc/keys'], readonlyPaths: ['/proc/bus', '/proc/sys'] }
        : {}),
    },
  };
}

/** These need the temporary directory, so its failure is theirs. */
const WORKSPACE: ReadonlySet<string> = new Set(['overlay', 'fuse', 'bind', 'chown']);

type Stage = 'spawn' | 'clone' | 'map' | 'network' | 'setup' | 'timeout';

function failureOf(
  timedOut: boolean,
  log: string,
  rootlesskit: boolean,
): { errno: string | null; message: string; stage: Stage } {
  const lines = log
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  // The parent's error is the cause; the child's "parsing message from fd 3: EOF" only follows from it.
  const cause =
    lines.find((line) => /rootlesskit:parent\] error/.test(line) && !/error: child exited/.test(line)) ??
    lines.find((line) => /error|failed/i.test(line) && !/fd 3: EOF/.test(line)) ??
    lines.at(-1) ??
    '';
  const message = cause.replace(/^(\S+ )?\[rootlesskit:\w+ *\] error: /, '');
  const errno = errnoInText(message);
  if (timedOut) return { errno: 'ETIMEDOUT', message: message || 'no answer within the time limit', stage: 'timeout' };
  if (!rootlesskit) return { errno, message, stage: /unshare/.test(message) ? 'clone' : 'spawn' };
  const stage: Stage = /fork\/exec \/proc\/self\/exe/.test(message)
    ? 'clone'
    : /uid\/gid map|newuidmap|newgidmap|subuid|subgid|unknown userid|UID\/GID map|gain the caps|Cannot parse/i.test(
          message,
        )
      ? 'map'
      : /network|slirp4netns|pasta|tap\d|executable file not found/i.test(message)
        ? 'network'
        : /ENOENT|EACCES|ENOEXEC/.test(message) && !message.includes(' ')
          ? 'spawn'
          : 'setup';
  return { errno, message, stage };
}
