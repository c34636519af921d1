import { type Release, surelyBefore, surelySince } from '../../buildkit/version.ts';
import type { ContainerdLack } from '../../facts/config/containerd-lacks.ts';
import type { Settings } from '../../facts/config/settings.ts';
import type { Binary } from '../../facts/programs/find-in-path.ts';
import type { Program } from '../../facts/start/software.ts';
import type { Severity } from '../../model/decide.ts';
import { octal } from '../../text/octal.ts';
import { containerdWords } from '../containerd-words.ts';
import { type BinariesCase, judgeStart } from './binaries-case.ts';

/** buildkitd passes `run --keep` since v0.12.0 (executor/runcexecutor); runc has it since 1.1.0, crun since 1.15. */
const KEEP_SINCE: Release = [0, 12, 0];
const KEEP_IN: ReadonlyMap<string, Release> = new Map([
  ['runc', [1, 1, 0]],
  ['buildkit-runc', [1, 1, 0]],
  ['crun', [1, 15, 0]],
]);

/** The workers, one of which buildkitd needs, and the runtime of its own one. */
export function judgeWorker(open: BinariesCase): void {
  const { settings, containerdWorker, binaries, runtimeBinary, software } = open.facts;
  judgeContainerd(open);
  const { enabled } = settings.oci;
  if (enabled.value === false) {
    judgeOff(open);
    judgeLacks(open);
    return;
  }
  const automatic = binaries['buildkit-runc']?.executable === true || binaries.runc?.executable === true;
  if (enabled.value === null && !automatic) judgeAutomatic(open, containerdWorker.usable ? 'warning' : 'error');
  else if (runtimeBinary?.executable !== true) judgeMissing(open, runtimeBinary);
  else judgeRuntime(open, runtimeBinary, software.runtime);
}

function judgeContainerd({ facts, add }: BinariesCase): void {
  const { containerdWorker: worker } = facts;
  if (!worker.required || worker.usable) return;
  add(
    'runtime.no-worker',
    'error',
    'containerd',
    `The containerd worker is switched on, but ${containerdWords(worker.obstacle)}: buildkitd gives up after waiting for it`,
    {},
    facts.settings.containerd.enabled,
  );
}

function judgeOff({ facts, add }: BinariesCase): void {
  const { containerdWorker: worker } = facts;
  if (worker.usable || worker.required) return;
  const { enabled } = facts.settings.oci;
  add(
    'runtime.no-worker',
    'error',
    'worker',
    `The OCI worker is switched off (${enabled.key}), and ${containerdWords(worker.obstacle)}: buildkitd ends with "no worker found"`,
    {},
    enabled,
  );
}

/** Where containerd is the only worker, what it lacks fails every build. */
function judgeLacks({ facts, add, unseen }: BinariesCase): void {
  const { value, unseen: why } = facts.containerdLacks;
  if (why !== undefined) unseen.push(why);
  for (const lack of value ?? []) add(...lackWords(lack, facts.settings.containerd));
}

function lackWords(
  lack: ContainerdLack,
  { namespace, snapshotter }: Settings['containerd'],
): Parameters<BinariesCase['add']> {
  switch (lack.what) {
    case 'shim':
      return [
        'runtime.runc-missing',
        'error',
        lack.program,
        `The containerd worker is to use the runtime ${lack.runtime}, and ${lack.program} is not there: every RUN step fails`,
      ];
    case 'runc':
      return [
        'runtime.runc-missing',
        'error',
        lack.program,
        `containerd has no ${lack.program} to start containers with: every RUN step fails`,
      ];
    case 'snapshotter':
      return [
        'runtime.no-worker',
        'error',
        'snapshotter of containerd',
        lack.why === null
          ? `containerd has no snapshotter ${lack.name}, which the containerd worker is to use: every build fails`
          : `containerd cannot use its snapshotter ${lack.name}, which the containerd worker is to use, and says "${lack.why}": every build fails`,
        {},
        snapshotter,
      ];
    case 'overlay':
      return [
        'runtime.no-worker',
        'error',
        'snapshotter of containerd',
        `containerd keeps its snapshots in ${lack.root}, on overlayfs, where no RUN step can write: every build fails`,
      ];
    case 'foreign':
      return [
        'runtime.no-worker',
        'error',
        'containerd of another account',
        `containerd keeps its snapshots in ${lack.root}, which is not this account's own: a rootless buildkitd may not mount them, and every build fails`,
      ];
    case 'options':
      return [
        'runtime.runc-missing',
        'error',
        lack.runtime,
        `The containerd worker is to use the runtime ${lack.runtime}, which does not take the options that buildkitd passes to all runtimes but io.containerd.runc.v2: every RUN step fails`,
      ];
    case 'namespace':
      return [
        'runtime.no-worker',
        'error',
        'namespace of containerd',
        `containerd does not take the namespace ${JSON.stringify(namespace.value)} of its worker and says "${lack.why}": every build fails`,
        {},
        namespace,
      ];
  }
}

/** Nothing switches the worker on, and runc, which would, is not there: another runtime may be. */
function judgeAutomatic(open: BinariesCase, severity: Severity): void {
  const { facts, path, add } = open;
  const { binary } = facts.settings.oci;
  const { crun } = facts.binaries;
  const named = binary.value !== null && facts.runtimeBinary?.executable === true ? facts.runtimeBinary : null;
  if (named !== null) {
    add(
      'runtime.runc-missing',
      severity,
      'runc',
      `Neither runc nor buildkit-runc is in PATH, so buildkitd switches its OCI worker off, although ${binary.key} names ${named.path}: that needs worker.oci.enabled = true as well`,
      {
        unused: {
          path: named.path,
          named: true,
          fits: keepComplaint(open, named.name, facts.software.runtime) === null,
        },
      },
      binary,
    );
    return;
  }
  const other = crun?.executable ? crun : null;
  add(
    'runtime.runc-missing',
    severity,
    'runc',
    `Neither runc nor buildkit-runc is in PATH (${path}): no RUN step can be executed${other === null ? '' : `; ${other.path} is there, but is only used when configured`}`,
    other === null
      ? {}
      : {
          unused: {
            path: other.path,
            named: false,
            fits: keepComplaint(open, other.name, facts.software.runtime) === null,
          },
        },
  );
}

function judgeMissing({ facts, path, add }: BinariesCase, runtime: Binary | null): void {
  const { binary } = facts.settings.oci;
  const wanted = binary.value ?? 'runc';
  const where = wanted.includes('/') ? 'not there' : `not in PATH (${path})`;
  add(
    'runtime.runc-missing',
    'error',
    wanted,
    binary.value === null
      ? `Neither buildkit-runc nor runc is in PATH (${path}): buildkitd ends with "failed to find runc binary"`
      : `${binary.key} names ${wanted}, which is ${runtime === null ? where : 'not executable'}: buildkitd ends with "failed to find ${wanted} binary"`,
    runtime === null ? {} : { path: runtime.path, lacks: 'a+x' },
    binary,
  );
}

/** The runtime that will be used: does it run, can it be read, and does it know what buildkitd passes to it? */
function judgeRuntime(open: BinariesCase, runtime: Binary, program: Program | null): void {
  if (program === null) return;
  const { binary } = open.facts.settings.oci;
  const name = runtime.path.slice(runtime.path.lastIndexOf('/') + 1);
  if (program.failed !== null) {
    judgeStart(open, 'runtime.runc-too-old', name === 'crun' ? 'crun' : 'runc', program);
    return;
  }
  if (!program.readable)
    open.add(
      'runtime.runc-missing',
      'error',
      name,
      `${runtime.path} is not readable (mode ${octal(runtime.stat.mode)}), but must copy itself before every RUN step`,
      { path: runtime.path, lacks: 'a+r' },
      binary,
    );
  const complaint = keepComplaint(open, name, program);
  if (complaint !== null)
    open.add(
      'runtime.runc-too-old',
      complaint.severity,
      name,
      complaint.message,
      { path: runtime.path, version: program.text },
      binary,
    );
}

function keepComplaint(
  { facts }: BinariesCase,
  name: string,
  program: Program | null,
): { readonly severity: Severity; readonly message: string } | null {
  const least = KEEP_IN.get(name);
  const release = program?.release ?? null;
  if (least === undefined || release === null) return null;
  if (!surelyBefore({ min: release, max: release, text: null }, least)) return null;
  const by = facts.buildkitdVersion;
  if (surelyBefore(by, KEEP_SINCE)) return null;
  const sure = surelySince(by, KEEP_SINCE);
  const since = least.slice(0, least[2] === 0 && name === 'crun' ? 2 : 3).join('.');
  return {
    severity: sure ? 'error' : 'warning',
    message: `${name} ${program?.text ?? ''} does not know "run --keep" (since ${since}), which buildkitd ${sure ? (facts.software.buildkitd?.text ?? '') : 'v0.12.0 and later'} passes to it, so that every RUN step fails`,
  };
}
