import { field, isMap, items } from '../../documents/tree.ts';
import { type Change, isFlow, replaced, withField, withItems, withNested, withoutField } from './change.ts';
import { withEngineOptions } from './engine-options.ts';
import { type Ailment, fixBy, type Remedy } from './remedy.ts';

const STATE = '/home/user/.local/share/buildkit';

/** The target of a mount, written anew. */
function moved({ problem, document, text, container, values }: Ailment, to: string): readonly Change[] | null {
  const mount = container?.mounts.find((one) => one.path === problem.subject && one.target === values.target);
  if (mount === undefined) return null;
  const written = text.slice(mount.span.start, mount.span.end);
  const at = written.lastIndexOf(values.target ?? '\0');
  if (at < 0 || document.text !== text) return null;
  const start = mount.span.start + at;
  return [{ start, end: start + (values.target ?? '').length, text: to }];
}

/** The options by which a tmpfs is writable for uid 1000: Podman's does not take the owner. */
const owned = ({ engine }: Ailment): string => (engine === 'podman' ? 'mode=1777' : 'uid=1000,gid=1000,mode=700');

/** The options of its owner, behind those that a tmpfs has. */
function tmpfsOwned(ailment: Ailment): readonly Change[] | null {
  const { problem, document, text, container, values } = ailment;
  const mount = container?.mounts.find((one) => one.path === problem.subject && one.target === values.target);
  const written = mount === undefined ? '' : text.slice(mount.span.start, mount.span.end);
  const at = written.lastIndexOf(values.target ?? '\0');
  if (mount === undefined || at < 0 || /tmpfs,|type=/.test(written) || mount.options.some((one) => /^mode=/.test(one)))
    return null;
  const target = at + (values.target ?? '').length;
  const end = target + (/^\/*(?::[^\s"']*)?/.exec(written.slice(target))?.[0].length ?? 0);
  const options = `${written.slice(target, end).includes(':') ? ',' : ':'}${owned(ailment)}`;
  const list = container?.yaml == null ? null : field(container.yaml, 'tmpfs');
  if (document.kind === 'compose' && list !== null && isFlow(text, list.span) && !/^["']/.test(written))
    return replaced(mount, JSON.stringify(written + options));
  return [{ start: mount.span.start + end, end: mount.span.start + end, text: options }];
}

/** An emptyDir or a tmpfs more for each directory. */
function writable(ailment: Ailment): readonly Change[] | null {
  const { text, container, values } = ailment;
  const paths = (values.missing ?? '').split(' ');
  if (container !== null && container.engine !== 'kubernetes')
    return withEngineOptions(
      ailment,
      paths.map((path) => ['tmpfs', `${path}:${owned(ailment)}`] as const),
    );
  if (container?.yaml == null) return null;
  const mounts = field(container.yaml, 'volumeMounts');
  const volumes = field(container.pod.spec, 'volumes');
  const nameOf = (path: string): string => `writable${path.replaceAll(/[/.]+/g, '-')}`;
  const mount = paths.map((path) => `{name: ${nameOf(path)}, mountPath: ${path}}`);
  const volume = paths.map((path) => `{name: ${nameOf(path)}, emptyDir: {}}`);
  const first =
    items(mounts).length > 0
      ? withItems(text, mounts, mount)
      : withField(text, container.yaml, 'volumeMounts', `[${mount.join(', ')}]`);
  const second =
    items(volumes).length > 0
      ? withItems(text, volumes, volume)
      : withField(text, container.pod.spec, 'volumes', `[${volume.join(', ')}]`);
  return first === null || second === null ? null : [...first, ...second];
}

const chowned = (path: string): Remedy => ({
  say: [
    `Give ${path === '' ? 'the directory' : path} to uid 1000 first: chown 1000:1000 ${path === '' ? 'DIRECTORY' : path}. Or use a named volume, or an emptyDir.`,
  ],
});

export const mendVolumes = fixBy('Put the volumes where BuildKit can use them', {
  'read-only': (ailment) => ({
    say: [
      `Mount something writable on ${(ailment.values.missing ?? '').split(' ').join(', ')} (an emptyDir, or a tmpfs with uid=1000,gid=1000), or leave the root file system writable.`,
    ],
    changes: writable(ailment),
  }),
  'state-read-only': () => ({ say: ['Mount the state directory without readOnly.'] }),
  'tmpdir-hidden': (ailment) => ({ say: [`Mount the volume on ${STATE} instead.`], changes: moved(ailment, STATE) }),
  'host-path': ({ values }) => chowned(values.source ?? ''),
  'fs-group': ({ text, container }) => ({
    say: ['Set fsGroup: 1000 in the securityContext of the pod.'],
    changes:
      container === null || !isMap(container.pod.spec)
        ? null
        : withNested(text, container.pod.spec, 'securityContext', 'fsGroup', '1000'),
  }),
  bind: ({ values }) => chowned(values.source ?? ''),
  tmpfs: (ailment) => ({
    say: [`Add the options of its owner: ${ailment.values.target}:${owned(ailment)}.`],
    changes: tmpfsOwned(ailment),
  }),
  memory: ({ problem, container }) => {
    const volume = container?.pod.volumes.find(
      ({ fieldAt }) => fieldAt !== null && field(fieldAt, 'medium').path === problem.subject,
    );
    return {
      say: ['Leave medium: Memory out.'],
      changes: volume?.fieldAt == null ? null : withoutField(volume.fieldAt, 'medium'),
      consequence: 'The build cache then takes the disk of the node instead of memory.',
    };
  },
  'state-elsewhere': (ailment) => ({
    say: [`Mount the volume on ${ailment.values.state} instead.`],
    changes: moved(ailment, ailment.values.state ?? ''),
  }),
  'shared-claim': () => ({
    say: [
      'Give each buildkitd a claim of its own: a StatefulSet with volumeClaimTemplates; or run one replica with strategy: {type: Recreate}.',
    ],
  }),
  'secret-mode': ({ text, container }) => ({
    say: ['Set fsGroup: 1000 in the securityContext of the pod: the files are then readable for its group.'],
    changes: container === null ? null : withNested(text, container.pod.spec, 'securityContext', 'fsGroup', '1000'),
  }),
});
