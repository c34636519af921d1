import type { Mount } from '../../buildkit/dockerfile/mount.ts';
import type { Instruction } from '../../buildkit/dockerfile/read.ts';
import { octal } from '../../text/octal.ts';
import { type Secret, secretsOf } from '../commands/secrets.ts';
import { secretUnreadable } from '../commands/unreadable.ts';
import type { Finding } from '../model/finding.ts';
import { rooted } from '../model/paths.ts';
import { sourceStage } from './copies.ts';
import { mountedFromStage, mountOrNone } from './lacking.ts';
import type { Known } from './stages.ts';
import { atInstruction, flagsOrNone } from './versions.ts';
import { contextMissing, finding, idFindings, type Step, type Walk } from './walk.ts';
import { commandText, surelyWrites } from './writes.ts';

/** What the mounts of a step that is built will not do. */
export function runFindings(step: Step, expand: (text: string) => Known): readonly Finding[] {
  const secrets = step.at.request === null ? null : secretsOf(step.at.request);
  return (flagsOrNone(step.instruction).get('mount') ?? []).flatMap((text) => {
    let known = true;
    const mount = mountOrNone(text, (written) => {
      const result = expand(written);
      known &&= result.known;
      return result.text;
    });
    if (mount === null || !known) return [];
    switch (mount.type) {
      case 'secret':
        return secretMount(step, mount, secrets);
      case 'ssh':
        return sshMount(step, mount);
      case 'bind':
        return targetFindings(step, mount) ?? [...bindMount(step, mount), ...readOnlyFindings(step, mount)];
      case 'cache':
        return targetFindings(step, mount) ?? cacheMount(step, mount);
      case 'tmpfs':
        break;
    }
    return targetFindings(step, mount) ?? [];
  });
}

/** A mount over the root of the step, as one without a target is; null where there is none. */
function targetFindings({ at, instruction, state }: Step, { type, target }: Mount): readonly Finding[] | null {
  const directory = rooted(target.startsWith('/') ? '/' : (state.workdir ?? '/'), target);
  const unknown = !target.startsWith('/') && state.workdir === undefined;
  if (unknown || directory !== '/') return null;
  return [
    finding(
      at,
      instruction,
      'dockerfile.invalid-option',
      'error',
      target === ''
        ? `A ${type} mount without target= ends with 'invalid mount target "/"'.`
        : `A ${type} mount at ${target} ends with 'invalid mount target "/"'.`,
      ['Add target=DIRECTORY to the mount.'],
    ),
  ];
}

/** Whether a user is surely another one than root. */
function isOther(user: Known | null): user is Known {
  return user?.known === true && user.text !== '' && !/^(?:root|0)(?::|$)/.test(user.text);
}

/** Whether owner and mode surely keep a user out; `right` is that of others: 4 to read, 2 to write. */
function keepsOut({ uid, gid, mode: given }: Mount, user: Known, mode: number, right: 2 | 4): boolean {
  const bits = given ?? mode;
  const [name = '', group = ''] = user.text.split(':');
  if ((bits & right) !== 0) return false;
  // A name, or a number without a group, may be whoever the mount belongs to.
  const isOwner = uid !== null && (!/^\d+$/.test(name) || Number(name) === uid);
  if (isOwner && (bits & (right << 6)) !== 0) return false;
  const isMember = gid !== null && (!/^\d+$/.test(group) || Number(group) === gid);
  return !(isMember && (bits & (right << 3)) !== 0);
}

function secretMount(
  { at, instruction, state }: Step,
  mount: Mount,
  secrets: readonly Secret[] | null,
): readonly Finding[] {
  const id = mount.id || mount.source || mount.target.replace(/^.*\//, '');
  const path = mount.target || (mount.env === null ? `/run/secrets/${id}` : '');
  const given = secrets?.some((secret) => secret.id === id || secret.id === null) ?? true;
  const reads = path !== '' && commandText(instruction).includes(path);
  const flag = `--secret id=${id}`;
  if (!given && at.request !== null && !at.request.open) {
    const fails = mount.required || reads;
    return [
      finding(
        at,
        instruction,
        'build.secret-missing',
        fails ? 'error' : 'warning',
        mount.required
          ? `The step requires the secret ${id}, and the command does not give it: the build ends with "secret ${id}: not found".`
          : `The command does not give the secret ${id}: the step silently runs without ${path === '' ? `the variable ${mount.env}` : path}.`,
        [`Add ${flag},src=FILE to the command.`],
        { flag },
      ),
    ];
  }
  const file = secrets?.find((secret) => secret.id === id)?.file ?? null;
  const unreadable =
    file === null || at.files === null || at.request?.environment.has(id) === true
      ? []
      : secretUnreadable(atInstruction(at.scene, instruction), file, at.files);
  if (unreadable.length > 0) return unreadable;
  // Nothing is mounted where the command gives no such secret.
  const ids = mount.env === null && secrets !== null && given ? idsOfMount(at, instruction, mount) : [];
  if (ids.length > 0) return ids;
  if (!isOther(state.user) || mount.env !== null || path === '' || !keepsOut(mount, state.user, 0o400, 4)) return [];
  return [
    finding(
      at,
      instruction,
      'dockerfile.secret-owner',
      reads ? 'error' : 'warning',
      `${path} belongs to ${ownerOf(mount, 0o400)}, and the step runs as ${state.user.text}: it cannot read the secret.`,
      [`Add uid= of that user, or mode=0444, to the mount; or env=NAME, to get the secret as a variable.`],
    ),
  ];
}

/** Whose what is mounted is, with its mode, which is `usual` where the mount names none. */
function ownerOf({ uid, mode }: Mount, usual: number): string {
  return `${uid === null ? 'root' : `the user ${uid}`} with mode ${octal(mode ?? usual)}`;
}

function sshMount({ at, instruction }: Step, mount: Mount): readonly Finding[] {
  const { request } = at;
  if (request === null || request.open) return [];
  const id = mount.id || 'default';
  if (request.ssh.some(({ value, known }) => !known || (value.replace(/[=,].*$/s, '') || 'default') === id)) return [];
  const flag = `--ssh ${id}`;
  return [
    finding(
      at,
      instruction,
      'build.ssh-missing',
      mount.required ? 'error' : 'warning',
      mount.required
        ? `The step requires SSH keys, and the command does not forward them: the build ends with 'no SSH key "${mount.id}" forwarded from the client'.`
        : 'The command does not forward SSH keys: the step silently runs without an agent.',
      [`Add ${flag} to the command.`],
      { flag },
    ),
  ];
}

function cacheMount(step: Step, mount: Mount): readonly Finding[] {
  const { at, stage, instruction, state } = step;
  if (mount.from !== '')
    return [...sourceStage(at, stage, instruction, mount.from, 'RUN --mount'), ...mountedFromStage(step, mount)];
  // One with a name of its own may hold what another step put there.
  if (rooted('/', mount.source) !== '/' && mount.id === '')
    return [
      finding(
        at,
        instruction,
        'dockerfile.invalid-option',
        'error',
        `A new cache is empty, so that it has no ${mount.source}: the step ends with "no such file or directory".`,
        ['Leave source= out of the mount, or say from= what the cache begins with.'],
      ),
    ];
  const { user } = state;
  if (!isOther(user) || !keepsOut(mount, user, 0o755, 2)) return idsOfMount(at, instruction, mount);
  const writes = surelyWrites(instruction, mount.target, state.workdir);
  return [
    finding(
      at,
      instruction,
      'dockerfile.cache-owner',
      writes ? 'error' : 'warning',
      `A new cache at ${mount.target} belongs to ${ownerOf(mount, 0o755)}, whatever was there in the image, and the step runs as ${user.text}: it cannot write there.`,
      ['Add uid= and gid= of that user to the mount.'],
    ),
  ];
}

function idsOfMount(at: Walk, instruction: Instruction, mount: Mount): readonly Finding[] {
  const id = Math.max(mount.uid ?? 0, mount.gid ?? 0);
  return idFindings(at, instruction, { text: String(id), known: true }, `The mount at ${mount.target}`);
}

function bindMount(step: Step, mount: Mount): readonly Finding[] {
  const { at, stage, instruction } = step;
  if (mount.from !== '')
    return [
      ...sourceStage(at, stage, instruction, mount.from, 'RUN --mount', rooted('/', mount.source) === '/'),
      ...mountedFromStage(step, mount),
    ];
  if (mount.source === '' || mount.source === '/' || at.request?.client === 'classic') return [];
  const there = at.context?.has(mount.source);
  const absolute = mount.source.startsWith('/');
  const hostPath = absolute && /^\/(?:var\/run|run|dev|proc|sys|etc|home|root|tmp|mnt|usr|var)\b/.test(mount.source);
  if (there === true || (there === undefined && !hostPath)) return [];
  if (there === undefined && at.context !== null) return [];
  if (absolute || mount.source.startsWith('~'))
    return [
      finding(
        at,
        instruction,
        'dockerfile.host-path-mount',
        'error',
        `source=${mount.source} means a path in the build context, never one of the host: the build ends with '"${mount.source}": not found'.`,
        [
          /docker\.sock$/.test(mount.source)
            ? 'A build cannot reach the Docker socket of the host. Run what needs it after the build, in a container with the socket mounted.'
            : `Copy what is needed into the context, or give its directory as --local NAME=DIRECTORY with --opt context:NAME=local:NAME, and mount it with from=NAME.`,
        ],
      ),
    ];
  return [contextMissing(at, instruction, mount.source)];
}

/** A step that surely writes into a mount that it may not write. */
function readOnlyFindings({ at, instruction, state }: Step, mount: Mount): readonly Finding[] {
  const denied = !mount.readOnly && mount.from === '' && isOther(state.user);
  if ((!mount.readOnly && !denied) || !surelyWrites(instruction, mount.target, state.workdir)) return [];
  return [
    finding(
      at,
      instruction,
      'dockerfile.readonly-mount-write',
      'error',
      mount.readOnly
        ? `The step writes below ${mount.target}, where a bind mount without rw is read-only.`
        : `The step writes below ${mount.target} as ${state.user?.text}, and what a bind mount shows belongs to root.`,
      [
        mount.readOnly
          ? 'Write elsewhere, or add rw to the mount: what is written there is then thrown away.'
          : 'Write elsewhere, or copy the files with COPY --chown.',
      ],
    ),
  ];
}
