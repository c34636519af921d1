import { readShell } from '../../documents/shell.ts';
import { field, fields } from '../../documents/tree.ts';
import { wordsOf } from '../../knowledge/engines.ts';
import { removeFlag } from './account.ts';
import { type Change, withItems, withoutItems } from './change.ts';
import { type Ailment, fixBy } from './remedy.ts';

/** The tag of an image, written anew where it stands. */
export function retagged({
  text,
  problem,
  document,
  values,
}: Pick<Ailment, 'text' | 'problem' | 'document' | 'values'>): readonly Change[] | null {
  const { at } = problem;
  if (at === undefined) return null;
  const start = offsetOf(text, at.line, at.column);
  const end = offsetOf(text, at.endLine ?? at.line, at.endColumn ?? at.column) + 1;
  const found = text.slice(start, end).lastIndexOf(values.tag ?? '\0');
  if (found < 0 || document.text !== text) return null;
  return [{ start: start + found, end: start + found + (values.tag ?? '').length, text: values.meant ?? '' }];
}

export function offsetOf(text: string, line: number, column: number): number {
  let at = 0;
  for (let number = 1; number < line; number++) at = text.indexOf('\n', at) + 1;
  return at + column - 1;
}

/** The same words as arguments of the image's own entrypoint. */
function asArguments({ container, text }: Ailment): readonly Change[] | null {
  const yaml = container?.yaml ?? null;
  if (yaml === null || container?.engine !== 'kubernetes') return null;
  const command = fields(yaml).find(({ key }) => key === 'command');
  if (command === undefined) return null;
  const own = command.node?.kind === 'list' && /buildkitd$/.test(container.entrypoint?.[0]?.value ?? '');
  const fewer = own ? withoutItems(text, command, [0]) : [];
  if (fewer === null) return null;
  if (container.args === null) return [...fewer, { ...command.keySpan, text: 'args' }];
  return null;
}

/** One text of two flags, as two elements. */
function parted({ problem, container, text }: Ailment): readonly Change[] | null {
  const { at } = problem;
  if (at === undefined || container?.yaml == null) return null;
  const start = offsetOf(text, at.line, at.column);
  const end = offsetOf(text, at.endLine ?? at.line, at.endColumn ?? at.column) + 1;
  const written = text.slice(start, end).replace(/^(['"])([\s\S]*)\1$/, '$2');
  const words = readShell(written, 0).commands.flatMap((command) => command.words.map((word) => word.text));
  if (words.length < 2) return null;
  const line = text.lastIndexOf('\n', start - 1) + 1;
  const before = text.slice(line, start);
  if (/^\s*- $/.test(before)) return [{ start, end, text: words.join(`\n${before}`) }];
  return /[[,]\s*$/.test(text.slice(0, start)) ? [{ start, end, text: words.join(', ') }] : null;
}

export const mendStart = fixBy('Start buildkitd with flags that it has', {
  tag: (ailment) => ({ say: [`Write the tag ${ailment.values.meant}.`], changes: retagged(ailment) }),
  floating: () => ({ say: ['Name a release: moby/buildkit:vX.Y.Z or vX.Y.Z-rootless.'] }),
  'entrypoint-flag': (ailment) => ({
    say: ['Give the flags as args (compose and docker: as the command), which the entrypoint of the image gets.'],
    changes: asArguments(ailment),
  }),
  'entrypoint-lost': (ailment) => ({
    say: ['Leave command out and give the flags as args: the image starts rootlesskit buildkitd itself.'],
    changes: asArguments(ailment),
  }),
  'entrypoint-kept': () => ({
    say: [
      'Name the program as the entrypoint (command in Kubernetes, --entrypoint of docker run, entrypoint in compose).',
    ],
  }),
  'unknown-flag': (ailment) => ({
    say: [
      /\s/.test(ailment.values.name ?? '')
        ? 'Write each flag and each value as an element of its own.'
        : ailment.values.meant
          ? `Write --${ailment.values.meant}, or leave the flag out.`
          : `Leave --${ailment.values.name} out.`,
    ],
    changes: /\s/.test(ailment.values.name ?? '') ? parted(ailment) : null,
  }),
  entitlement: () => ({ say: ['Allow it only where every build is trusted; else leave the flag out.'] }),
  'entitlement-unknown': () => ({ say: ['Leave it out: there are network.host, security.insecure and device.'] }),
  'flags-ignored': (ailment) => ({
    say: ['Give the flags to buildkitd as arguments of the container, and leave BUILDKITD_FLAGS out.'],
    changes: flagsMoved(ailment),
  }),
  fuse: ({ container, text, problem }) => ({
    say: [
      `Leave the flag out: overlayfs works in user namespaces since Linux 5.11. Or give the container /dev/fuse: ${wordsOf('docker', ['device', '/dev/fuse'])}, in Kubernetes ${wordsOf('kubernetes', ['device', '/dev/fuse'])}.`,
    ],
    changes: removeFlag(container, text, problem.subject),
  }),
  'config-place': ({ values, text, container, problem }) => {
    const mount = container?.mounts.find((one) => one.path === problem.subject);
    const target = values.target ?? '\0';
    const found = mount === undefined ? -1 : text.slice(mount.span.start, mount.span.end).lastIndexOf(target);
    const start = (mount?.span.start ?? 0) + found;
    return {
      say: [`Mount it on ${values.read}, or give buildkitd --config with the path of the file.`],
      changes:
        found < 0
          ? null
          : [
              {
                start,
                end: start + target.length,
                text: target.endsWith('.toml') ? `${values.read}/buildkitd.toml` : (values.read ?? ''),
              },
            ],
    };
  },
  'config-missing': () => ({ say: ['Mount the configuration there, or leave --config out.'] }),
  variable: ({ values }) => ({ say: [`Leave ${values.name} out: the image sets it.`] }),
  continuation: ({ text, problem }) => {
    const start = text.lastIndexOf('\n', offsetOf(text, problem.at?.line ?? 1, 1) - 1);
    const end = start < 0 ? 0 : start - (text.slice(0, start).match(/\\[ \t]+$/)?.[0].length ?? 0);
    return {
      say: ['End the line before it with a backslash, and nothing behind that.'],
      changes: start < 0 ? null : [{ start: end, end: start, text: ' \\' }],
    };
  },
});

/** Flags of a variable that nothing reads, as arguments. */
function flagsMoved({ container, text }: Ailment): readonly Change[] | null {
  const yaml = container?.yaml ?? null;
  const value = container?.env.find(({ name }) => name === 'BUILDKITD_FLAGS')?.value ?? null;
  if (yaml === null || value === null || container?.engine !== 'kubernetes') return null;
  const args = field(yaml, 'args');
  const words = value.trim().split(/\s+/);
  const list = field(yaml, 'env');
  const index =
    list.node?.kind === 'list'
      ? list.node.items.findIndex(
          (item) =>
            item.kind === 'fields' &&
            item.entries.some(({ value: one }) => one.kind === 'scalar' && one.value === 'BUILDKITD_FLAGS'),
        )
      : -1;
  if (args.node === null || index < 0) return null;
  const more = withItems(text, args, words);
  const fewer = withoutItems(text, list, [index]);
  return more === null || fewer === null ? null : [...more, ...fewer];
}
