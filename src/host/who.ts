import * as fs from 'node:fs';
import type { Account, Identity, Mode, Request } from '../model/look.ts';
import { Unseen } from '../model/unseen.ts';
import { nearest } from '../text/nearest.ts';
import { seconds } from '../text/seconds.ts';
import { looker } from './looks/looker.ts';
import { findTool, runProgram, SYSTEM_PATH } from './looks/run-tool.ts';
import { UsageError } from './usage-error.ts';

/** A directory of accounts may be far away. */
const GETENT_MS = 5000;

interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

function parsePasswd(line: string): PasswdEntry | null {
  const [name, , uid, gid, , home, shell] = line.split(':');
  if (!name || !/^\d+$/.test(uid ?? '') || !/^\d+$/.test(gid ?? '')) return null;
  return { name, uid: Number(uid), gid: Number(gid), home: home ?? '', shell: shell ?? '' };
}

/** The text of a file that lookups of accounts read; one that we may not read is to them as it is to us. */
function textOf(path: string): string {
  try {
    return looker.read(path, 16 * 1024 * 1024)?.text ?? '';
  } catch (error) {
    if (error instanceof Unseen) return '';
    throw error;
  }
}

function passwdFile(): readonly PasswdEntry[] {
  return textOf('/etc/passwd')
    .split('\n')
    .map(parsePasswd)
    .filter((entry) => entry !== null);
}

/** nsswitch.conf(5) may leave the file out of the lookups of accounts; without a line it is their only source. */
function fileCounts(): boolean {
  const sources = /^passwd:(.*)$/im.exec(textOf('/etc/nsswitch.conf'))?.[1];
  return sources === undefined || /\b(files|compat|db)\b/.test(sources);
}

/**
 * By name or by uid: the file first, then whatever name service the system has (LDAP, SSSD, homed). A name may consist of
 * digits: getent takes those for a uid.
 */
async function lookUp(
  key: string | number,
  entries: readonly PasswdEntry[],
  pace: number,
): Promise<PasswdEntry | null> {
  const found = entries.find(({ name, uid }) => (typeof key === 'number' ? uid : name) === key);
  if (found !== undefined && fileCounts()) return found;
  const getent = findTool('getent', SYSTEM_PATH);
  if (getent === null) return null;
  const ran = await runProgram(getent, ['passwd', String(key)], {
    env: { PATH: SYSTEM_PATH, LC_ALL: 'C' },
    timeoutMs: GETENT_MS * pace,
  });
  if (ran.timedOut)
    throw new UsageError(
      `getent passwd ${key} did not answer within ${seconds(GETENT_MS * pace)}, so that it is not known who that is`,
    );
  return ran.code === 0 ? parsePasswd(ran.stdout.split('\n')[0] ?? '') : null;
}

function groupsOf({ name, gid }: PasswdEntry): readonly number[] {
  const groups = new Set([gid]);
  for (const line of textOf('/etc/group').split('\n')) {
    const [, , id, members] = line.split(':');
    if (/^\d+$/.test(id ?? '') && (members ?? '').split(',').includes(name)) groups.add(Number(id));
  }
  return [...groups].sort((a, b) => a - b);
}

function accountOf(entry: PasswdEntry | null, ids: { uid: number; gid: number; groups: readonly number[] }): Account {
  return { ...ids, name: entry?.name ?? null, home: entry?.home || null, shell: entry?.shell || null };
}

/** Decides who looks and who would run buildkitd. Throws UsageError for an account that does not exist or may not be examined. */
export async function whoIsWho(request: Request, env: NodeJS.ProcessEnv, pace = 1): Promise<Identity> {
  const uid = process.geteuid?.() ?? 0;
  const gid = process.getegid?.() ?? 0;
  const entries = passwdFile();
  const own = accountOf(await lookUp(uid, entries, pace), { uid, gid, groups: process.getgroups?.() ?? [gid] });
  const nested = !/^[ \t]*0[ \t]+0[ \t]+4294967295[ \t]*$/m.test(readOr('/proc/self/uid_map', '0 0 4294967295'));
  const sudo =
    uid === 0 && env.SUDO_USER !== undefined && env.SUDO_USER !== '' && env.SUDO_USER !== 'root' ? env.SUDO_USER : null;
  const wanted = request.user ?? (request.mode === 'rootful' ? null : sudo);

  if (wanted === null) {
    if (uid !== 0) {
      if (request.mode === 'rootful') {
        const root = await lookUp(0, entries, pace);
        return { self: own, target: accountOf(root, { uid: 0, gid: 0, groups: [0] }), mode: 'rootful', sudoUser: null };
      }
      return { self: own, target: own, mode: 'rootless', sudoUser: null };
    }
    if (request.mode === 'rootless' && !nested)
      throw new UsageError('rootless mode is about an ordinary user: name one with --user NAME');
    const mode: Mode = request.mode ?? (nested ? 'rootless' : 'rootful');
    return { self: own, target: own, mode, sudoUser: sudo };
  }

  const entry =
    (await lookUp(wanted, entries, pace)) ??
    (/^\d+$/.test(wanted) ? await lookUp(Number(wanted), entries, pace) : null);
  if (entry === null && !/^\d+$/.test(wanted)) {
    const close = nearest(
      wanted,
      entries.map(({ name }) => name),
    );
    throw new UsageError(
      `there is no user "${wanted}" on this host${close === null ? '' : `; did you mean "${close}"?`}`,
    );
  }
  const targetUid = entry?.uid ?? Number(wanted);
  if (targetUid > 4294967294) throw new UsageError(`${wanted} is not a user id: the largest is 4294967294`);
  if (targetUid === uid) {
    if (uid === 0 && request.mode === 'rootless' && !nested)
      throw new UsageError('rootless mode is about an ordinary user: root runs buildkitd in rootful mode');
    return {
      self: own,
      target: own,
      mode: request.mode ?? (uid === 0 && !nested ? 'rootful' : 'rootless'),
      sudoUser: sudo,
    };
  }
  if (uid !== 0) throw new UsageError(`only root can examine another user's set-up (--user ${wanted})`);
  const target = accountOf(entry, {
    uid: targetUid,
    gid: entry?.gid ?? targetUid,
    groups: entry === null ? [targetUid] : groupsOf(entry),
  });
  const mode: Mode = request.mode ?? (targetUid === 0 ? 'rootful' : 'rootless');
  if (mode === 'rootful' && targetUid !== 0)
    throw new UsageError(`rootful mode means root: leave out --user ${wanted}`);
  return { self: own, target, mode, sudoUser: sudo };
}

function readOr(path: string, fallback: string): string {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch {
    return fallback;
  }
}
