import { isDockers } from '../../checks/container/start.ts';
import { readShell } from '../../documents/shell.ts';
import { exists, field, fields } from '../../documents/tree.ts';
import { wordsOf } from '../../knowledge/engines.ts';
import { beforeTrailing } from '../../text/trailing.ts';
import { removeFlag } from './account.ts';
import { type Change, isCommand, withField, withoutField, withoutItems } from './change.ts';
import { type Ailment, fixBy } from './remedy.ts';
import { inVariables, withoutVariable } from './variables.ts';
import { flagChange } from './words.ts';

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
  const tag = values.tag ?? '\0';
  const written = text.slice(start, end);
  const found = written.lastIndexOf(tag);
  const place = found < 0 ? inVariables(text, written, tag) : start + found;
  if (place === null || document.text !== text) return null;
  return [{ start: place, end: place + tag.length, text: values.meant ?? '' }];
}

export function offsetOf(text: string, line: number, column: number): number {
  let at = 0;
  for (let number = 1; number < line; number++) at = text.indexOf('\n', at) + 1;
  return at + column - 1;
}

/** The same words as arguments of the image's own entrypoint. */
function asArguments({ container, text, document }: Ailment): readonly Change[] | null {
  const yaml = container?.yaml ?? null;
  const isCompose = document.kind === 'compose';
  const own = /(?:^|\/)buildkitd$/.test(container?.entrypoint?.[0]?.value ?? '');
  if (container !== null && yaml === null && isCommand(container)) {
    const option = container.entrypoint?.[0];
    return option === undefined || !own || !/^--entrypoint\b/.test(text.slice(option.span.start, option.span.end))
      ? null
      : [{ start: option.span.start, end: option.span.end + 1, text: '' }];
  }
  if (yaml === null || !(isCompose || container?.engine === 'kubernetes')) return null;
  const [key, other] = isCompose ? ['entrypoint', 'command'] : ['command', 'args'];
  const command = fields(yaml).find((one) => one.key === key);
  if (command === undefined) return null;
  const isList = command.node?.kind === 'list';
  // Nothing but the name of the program, which the image knows.
  if (own && container?.entrypoint?.length === 1) return withoutField(yaml, key);
  if (container?.args != null || (isCompose && !isList)) return null;
  const fewer = own && isList ? withoutItems(text, command, [0]) : [];
  return fewer === null ? null : [...fewer, { ...command.keySpan, text: other }];
}

/** The first argument, which is a program, in place of the image's entrypoint. */
function asEntrypoint({ container, text, document }: Ailment): readonly Change[] | null {
  const program = container?.args?.[0];
  if (container == null || program === undefined) return null;
  const { yaml, image } = container;
  const written = text.slice(program.span.start, program.span.end);
  if (yaml === null) {
    const [second] = container.args?.slice(1) ?? [];
    if (image === null || !isCommand(container)) return null;
    const end = second?.span.start ?? program.span.end;
    // Lines that go on stay as they are.
    if (text.slice(program.span.end, end).trim() !== '') return null;
    return [
      { start: image.span.start, end: image.span.start, text: `--entrypoint ${written} ` },
      { start: program.span.start, end, text: '' },
    ];
  }
  const [key, own] = document.kind === 'compose' ? ['entrypoint', 'command'] : ['command', 'args'];
  const list = field(yaml, own);
  if (list.node?.kind !== 'list' || exists(field(yaml, key))) return null;
  const fewer = list.node.items.length === 1 ? withoutField(yaml, own) : withoutItems(text, list, [0]);
  const more = withField(text, yaml, key, `[${written}]`);
  return fewer === null || more === null ? null : [...fewer, ...more];
}

/** What would give a container more than it has is not decided here alone. */
const LOOSENS = /^(?:security-opt|cap-add|device|userns)$/;

/** An option of the engine behind the image, put before it. */
function beforeImage({ container, problem, text, values }: Ailment): readonly Change[] | null {
  const name = values.name ?? '';
  if (container?.image == null || !isCommand(container) || /^(?:privileged|network|name)$/.test(name)) return null;
  const start = offsetOf(text, problem.at?.line ?? 1, problem.at?.column ?? 1);
  const index = (container.args ?? []).findIndex((one) => one.span.end > start && one.value.startsWith(`--${name}`));
  const flag = container.args?.[index];
  if (flag === undefined) return null;
  const isAlone = flag.value.includes('=') || /^(?:read-only|rm)$/.test(name);
  const last = isAlone ? flag : container.args?.[index + 1];
  if (last === undefined) return null;
  const at = container.image.span.start;
  return [
    { start: at, end: at, text: `${text.slice(flag.span.start, last.span.end)} ` },
    { start: beforeTrailing(text, ' \t', flag.span.start), end: last.span.end, text: '' },
  ];
}

function flagMended(ailment: Ailment): readonly Change[] | null {
  const { values, problem, text, document } = ailment;
  const { name = '', meant = '' } = values;
  if (/\s/.test(name)) return parted(ailment);
  if (isDockers(name)) return beforeImage(ailment);
  const start = offsetOf(text, problem.at?.line ?? 1, problem.at?.column ?? 1);
  const end = offsetOf(text, problem.at?.endLine ?? 1, problem.at?.endColumn ?? 1) + 1;
  const found = text.slice(start, end).indexOf(`--${name}`);
  if (meant === '' || found < 0 || document.text !== text) return null;
  return [{ start: start + found + 2, end: start + found + 2 + name.length, text: meant }];
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
  'entrypoint-kept': (ailment) => ({
    say: [
      'Name the program as the entrypoint (command in Kubernetes, --entrypoint of docker run, entrypoint in compose).',
    ],
    changes: asEntrypoint(ailment),
  }),
  'unknown-flag': (ailment) => ({
    say: [
      /\s/.test(ailment.values.name ?? '')
        ? 'Write each flag and each value as an element of its own.'
        : ailment.values.meant
          ? `Write --${ailment.values.meant}, or leave the flag out.`
          : `Leave --${ailment.values.name} out.`,
    ],
    changes: flagMended(ailment),
    ...(LOOSENS.test(ailment.values.name ?? '') || ailment.values.meant === 'allow-insecure-entitlement'
      ? { consequence: 'The container then has what the option grants.' }
      : {}),
  }),
  entitlement: () => ({ say: ['Allow it only where every build is trusted; else leave the flag out.'] }),
  'entitlement-unknown': () => ({ say: ['Leave it out: there are network.host, security.insecure and device.'] }),
  'flags-ignored': (ailment) => ({
    say: ['Give the flags to buildkitd as arguments of the container, and leave BUILDKITD_FLAGS out.'],
    changes: flagsMoved(ailment),
    ...(allows(ailment) ? { consequence: 'buildkitd then allows, or serves, what these flags say.' } : {}),
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
  variable: ({ values, text, container }) => ({
    say: [`Leave ${values.name} out: the image sets it.`],
    changes: container === null ? null : withoutVariable(text, container, values.name ?? ''),
  }),
  continuation: ({ text, problem }) => {
    const start = text.lastIndexOf('\n', offsetOf(text, problem.at?.line ?? 1, 1) - 1);
    const end = start < 0 ? 0 : start - (text.slice(0, start).match(/\\[ \t]+$/)?.[0].length ?? 0);
    return {
      say: ['End the line before it with a backslash, and nothing behind that.'],
      changes: start < 0 ? null : [{ start: end, end: start, text: ' \\' }],
    };
  },
});

/** Flags of a variable that nothing reads, as arguments; those that this buildkitd refuses are left out. */
function flagsMoved(ailment: Ailment): readonly Change[] | null {
  const { container, text, document } = ailment;
  const value = container?.env.find(({ name }) => name === 'BUILDKITD_FLAGS')?.value ?? null;
  const setup = document.setups.find((one) => one.container === container);
  if (container === null || value === null || setup === undefined || /[$"'\\]/.test(value)) return null;
  const isRefused = (word: string): boolean =>
    setup.flavour === 'rootful' && /^--oci-worker-no-process-sandbox\b/.test(word);
  const words = value.trim().split(/\s+/);
  const kept = words.filter((word) => !isRefused(word));
  const fewer = withoutVariable(text, container, 'BUILDKITD_FLAGS');
  const more = kept.length === 0 ? [] : flagChange(ailment, kept, 'daemon');
  return more === null || fewer === null ? null : [...fewer, ...more];
}

/** What the flags would allow that nobody has now. */
const allows = ({ container }: Ailment): boolean =>
  /insecure|addr|debugaddr/.test(container?.env.find(({ name }) => name === 'BUILDKITD_FLAGS')?.value ?? '');
