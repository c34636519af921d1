import type { Mount, Volume } from '../../documents/container.ts';
import { directoryOf, flagOf, RUNTIME_DIRECTORY, type Setup } from '../../documents/setup.ts';
import { type Described, type DocumentSubject, described } from '../../documents/subject.ts';
import { field, fieldAt, numberAt, switchAt, textAt } from '../../documents/tree.ts';
import type { Check } from '../../model/decide.ts';
import { withoutSlashes } from '../../text/slashes.ts';
import { type ContainerEvidence, type Judging, judging, unless } from './judging.ts';

const needs = { document: described };

export const containerStorage: Check<typeof needs, ContainerEvidence, DocumentSubject> = {
  id: 'container/storage',
  title: "BuildKit's directories are there, belong to it, and are no one else's",
  why: 'A volume in the wrong place keeps nothing, one that belongs to root stops a rootless buildkitd, and one state directory serves one buildkitd.',
  decides: true,
  conditions: [
    'storage.permission',
    'storage.read-only',
    'storage.state-elsewhere',
    'storage.memory-backed',
    'daemon.state-dir-locked',
    'env.tmpdir',
    'config.unreadable',
  ],
  needs,
  examine({ document }) {
    const judge = judging(document);
    for (const setup of document.setups) {
      if (setup.role === 'client' || setup.role === 'idle') continue;
      if (setup.role !== 'dind') {
        judgeReadOnly(judge, setup);
        judgeHidden(judge, setup);
        judgeOwner(judge, setup);
        judgeMemory(judge, setup);
        judgeSecrets(judge, setup);
      }
      judgePlace(judge, setup);
    }
    judgeSharing(judge, document);
    return judge.found;
  },
};

const HOME = '/home/user';
const ROOTFUL_STATE = '/var/lib/buildkit';
const ROOTLESS_STATE = `${HOME}/.local/share/buildkit`;

/** Where buildkitd keeps its state; null where that is not known. */
export function stateOf(setup: Setup): string | null {
  const { role, flavour, uid } = setup;
  if (role === 'dind') return flavour === 'rootless' ? '/home/rootless/.local/share/docker' : '/var/lib/docker';
  const root = flagOf(setup, 'root')?.value;
  if (root !== undefined) return withoutSlashes(root);
  if (flavour === 'unknown') return null;
  if (flavour !== 'rootless' || uid === 0) return ROOTFUL_STATE;
  const home = directoryOf(setup, 'HOME', HOME);
  const data = home === null ? null : directoryOf(setup, 'XDG_DATA_HOME', `${home}/.local/share`);
  return data === null ? null : `${data}/buildkit`;
}

const isBelow = (path: string, directory: string): boolean =>
  path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`);

const mountAt = (setup: Setup, path: string): Mount | undefined =>
  setup.container.mounts
    .filter(({ target }) => isBelow(path, target))
    .toSorted((a, b) => b.target.length - a.target.length)[0];

function judgeReadOnly({ say }: Judging, setup: Setup): void {
  const { container, flavour, privileged, role, uid, official, unsure } = setup;
  const { readOnly } = container.security;
  if (readOnly?.value !== true || !official || flavour === 'unknown') return;
  const rootless = flavour === 'rootless' && uid !== 0;
  if (!rootless && !privileged) return;
  // Podman mounts a tmpfs on /run and /tmp of a read-only container.
  if (!rootless && container.engine === 'podman') return;
  const wanted = rootless
    ? [
        directoryOf(setup, 'XDG_RUNTIME_DIR', RUNTIME_DIRECTORY),
        directoryOf(setup, 'TMPDIR', `${HOME}/.local/tmp`),
        role === 'daemonless' ? '/tmp' : null,
      ]
    : ['/run', '/tmp'];
  const known = wanted.filter((path) => path !== null);
  const missing = [...new Set(known)].filter((path) => {
    const mount = mountAt(setup, path);
    return mount === undefined || mount.readOnly;
  });
  if (missing.length === 0) return;
  const all =
    rootless && !missing.includes('/tmp') && mountAt(setup, '/tmp') === undefined ? [...missing, '/tmp'] : missing;
  say(
    'storage.read-only',
    unless(unsure, 'error'),
    readOnly,
    `The root file system is read-only, and nothing writable is mounted on ${missing.join(' and ')}.`,
    'read-only',
    { container, values: { missing: all.join(' ') } },
  );
}

/** A volume on a directory above TMPDIR hides it: the image has it, the volume does not. */
function judgeHidden({ say }: Judging, setup: Setup): void {
  const { container, flavour, uid, official, unsure } = setup;
  if (flavour !== 'rootless' || uid === 0 || !official) return;
  const given = container.env.findLast(({ name }) => name === 'TMPDIR');
  if (given !== undefined) return;
  const tmp = `${HOME}/.local/tmp`;
  const mount = mountAt(setup, tmp);
  if (mount === undefined || mount.target === tmp || mount.volume?.kind === 'named') return;
  say(
    'env.tmpdir',
    unless(unsure, 'error'),
    mount,
    `A volume on ${mount.target} hides ${tmp}, which is the image's TMPDIR: rootlesskit ends with "creating a state directory: stat ${tmp}: no such file or directory".`,
    'tmpdir-hidden',
    { container, values: { target: mount.target } },
  );
}

/** Does the state directory belong to uid 1000? */
function judgeOwner({ say }: Judging, setup: Setup): void {
  const { container, uid, unsure, privileged, flavour } = setup;
  const state = stateOf(setup);
  const mount = state === null ? undefined : mountAt(setup, state);
  if (flavour !== 'rootless' || uid === 0 || mount === undefined || mount.volume === null || state === null) return;
  if (privileged && uid === null) return;
  const { volume } = mount;
  const prepared = container.pod.containers.some(
    (other) =>
      other.runsBefore &&
      /chown|chmod/.test([...(other.entrypoint ?? []), ...(other.args ?? [])].map(({ value }) => value).join(' ')),
  );
  const about = { container, values: { target: mount.target, source: volume.source ?? '' } };
  if (mount.readOnly) {
    say(
      'storage.read-only',
      unless(unsure, 'error'),
      mount,
      `The state directory ${mount.target} is mounted read-only.`,
      'state-read-only',
      about,
    );
    return;
  }
  if (prepared || volume.owned === true) return;
  switch (volume.kind) {
    case 'hostPath':
      say(
        'storage.permission',
        unless(unsure, 'error'),
        mount,
        `The kubelet makes ${volume.source ?? 'the directory'} for root, fsGroup does not change a hostPath, and uid 1000 may not write there.`,
        'host-path',
        about,
      );
      break;
    case 'claim':
    case 'own-claim':
      if (container.pod.fsGroup === null)
        say(
          'storage.permission',
          'warning',
          mount,
          'Without fsGroup a new volume mostly belongs to root, and uid 1000 may not write to it.',
          'fs-group',
          about,
        );
      break;
    case 'bind':
      if (!mount.options.includes('U'))
        say(
          'storage.permission',
          'warning',
          mount,
          `A directory that ${container.engine === 'podman' ? 'root' : 'Docker'} makes for a bind mount belongs to root: uid 1000 may not write to ${volume.source ?? 'it'}.`,
          'bind',
          about,
        );
      break;
    case 'tmpfs':
      if (!mount.options.some((option) => /^(?:uid=1000|mode=0?1?[0-7]?777)$/.test(option)))
        say(
          'storage.permission',
          unless(unsure, 'error'),
          mount,
          'A tmpfs belongs to root unless it is told otherwise: uid 1000 may not write to it.',
          'tmpfs',
          about,
        );
      break;
    default:
      break;
  }
}

function judgeMemory({ say }: Judging, setup: Setup): void {
  const { container } = setup;
  const state = stateOf(setup);
  const volume = state === null ? null : (mountAt(setup, state)?.volume ?? null);
  const medium = volume?.fieldAt == null ? null : textAt(field(volume.fieldAt, 'medium'));
  if (volume?.kind !== 'emptyDir' || medium?.value !== 'Memory') return;
  say(
    'storage.memory-backed',
    'warning',
    medium,
    'The whole build cache counts as memory of the pod, and is lost with it.',
    'memory',
    { container },
  );
}

/** Places where some other mode keeps its state. */
const STATES = [
  ROOTFUL_STATE,
  ROOTLESS_STATE,
  `${HOME}/.local/share`,
  '/root/.local/share/buildkit',
  '/var/lib/docker',
  '/home/rootless/.local/share/docker',
  '/home/user/.local/share/docker',
];

/** A volume where the other image keeps its state, and none where this one does. */
function judgePlace({ say }: Judging, setup: Setup): void {
  const { container, official, role } = setup;
  const state = stateOf(setup);
  if (state === null || !(official || role === 'dind') || mountAt(setup, state) !== undefined) return;
  // Whoever names another directory for it knows where it is.
  if (container.env.some(({ name }) => name === 'HOME' || name === 'XDG_DATA_HOME')) return;
  for (const mount of container.mounts) {
    if (!STATES.includes(mount.target) && !/\/(?:\.local\/share|lib)\/buildkit(?:kit|d)?$/.test(mount.target)) continue;
    if (mount.target.includes('docker') !== (role === 'dind')) continue;
    say(
      'storage.state-elsewhere',
      'warning',
      mount,
      `Nothing of BuildKit is kept in ${mount.target}: this image keeps its state in ${state}, and loses it with the container.`.replace(
        'BuildKit',
        role === 'dind' ? 'Docker' : 'BuildKit',
      ),
      'state-elsewhere',
      { container, values: { target: mount.target, state } },
    );
  }
}

/** How many of a container have the same volumes; null: one. */
function copiesOf({ container: { pod, yaml } }: Setup): string | null {
  if (pod.engine === 'kubernetes') {
    if (pod.object?.kind === 'DaemonSet') return 'All';
    return (pod.replicas?.value ?? 1) > 1 ? String(pod.replicas?.value) : null;
  }
  const said = yaml === null ? null : (numberAt(fieldAt(yaml, 'deploy', 'replicas')) ?? numberAt(field(yaml, 'scale')));
  return said !== null && said.value > 1 ? String(said.value) : null;
}

/** One claim, several daemons: the second waits for buildkitd.lock and ends. */
function judgeSharing({ say }: Judging, { setups }: Described): void {
  const users = new Map<string, { readonly setup: Setup; readonly volume: Volume }[]>();
  for (const setup of setups) {
    const state = stateOf(setup);
    const volume = state === null || setup.role !== 'daemon' ? null : (mountAt(setup, state)?.volume ?? null);
    if (volume === null || volume.source === null || !['claim', 'hostPath', 'named', 'bind'].includes(volume.kind))
      continue;
    const key = `${setup.container.pod.object?.namespace ?? ''}/${volume.kind}/${volume.source}`;
    users.set(key, [...(users.get(key) ?? []), { setup, volume }]);
  }
  for (const [first, ...others] of users.values()) {
    if (first === undefined) continue;
    const { setup, volume } = first;
    const copies = copiesOf(setup);
    // Replicas with a directory of the host may be on hosts of their own.
    if (copies !== null && (volume.kind === 'claim' || setup.container.engine !== 'kubernetes'))
      say(
        'daemon.state-dir-locked',
        'error',
        volume,
        `${copies} replicas share ${volume.kind === 'claim' ? 'the claim ' : ''}${volume.source}: the second buildkitd waits for buildkitd.lock and ends.`,
        'shared-claim',
        { container: setup.container },
      );
    for (const other of others)
      if (
        other.setup.container.engine !== 'kubernetes' ||
        other.setup.container.pod !== setup.container.pod ||
        volume.kind !== 'bind'
      )
        say(
          'daemon.state-dir-locked',
          'error',
          other.volume,
          `${volume.source} is the state directory of another buildkitd in this file: the second one waits for buildkitd.lock and ends.`,
          'shared-claim',
          { container: other.setup.container },
        );
  }
}

/** Files of a secret that uid 1000 may not read. */
function judgeSecrets({ say }: Judging, setup: Setup): void {
  const { container, flavour, uid, unsure } = setup;
  if (flavour !== 'rootless' || uid === 0 || container.pod.fsGroup !== null) return;
  for (const mount of container.mounts) {
    if (mount.volume?.kind !== 'secret' || mount.volume.fieldAt === null) continue;
    const mode = textAt(field(mount.volume.fieldAt, 'defaultMode'));
    const bits =
      mode === null
        ? 0o644
        : /^0/.test(mode.value)
          ? Number.parseInt(mode.value.replace(/^0o/, '0'), 8)
          : Number(mode.value);
    if (mode === null || (bits & 0o004) !== 0 || switchAt(field(mount.volume.fieldAt, 'optional'))?.value === true)
      continue;
    say(
      'config.unreadable',
      unless(unsure, 'error'),
      mode,
      `Files of this secret have the mode ${mode.value} and belong to root: uid 1000 may not read them.`,
      'secret-mode',
      { container },
    );
  }
}
