import { field } from '../../documents/tree.ts';
import { beforeTrailing } from '../../text/trailing.ts';
import { type Change, replaced, withItems, withoutItems, withoutLine } from './change.ts';
import { type Ailment, fixBy, type Remedy, SHARED_PROCESSES } from './remedy.ts';
import { flagChange, grantChange, grantWords, securityChange } from './words.ts';

const LESS = 'Less of the kernel is kept from what runs in this container.';

const profile = (ailment: Ailment, grant: 'unfiltered-calls' | 'no-apparmor', key: string): Remedy => {
  const { engine, problem, container } = ailment;
  const say = [`Set ${grantWords(ailment, grant)}`];
  const at = problem.evidence.what.endsWith('unset')
    ? null
    : (container?.security[key === 'seccompProfile' ? 'seccomp' : 'apparmor'] ?? null);
  const changes =
    engine === 'kubernetes'
      ? at !== null && !/^metadata|annotations/.test(at.path) && at.path.endsWith('type')
        ? replaced(at, 'Unconfined')
        : securityChange(ailment, key, '{type: Unconfined}')
      : grantChange(ailment, grant);
  return { say, changes, consequence: LESS };
};

export const loosenConfinement = fixBy('Let BuildKit make its namespaces', {
  'seccomp-unset': (ailment) => profile(ailment, 'unfiltered-calls', 'seccompProfile'),
  'seccomp-blocked': (ailment) =>
    ailment.engine === 'kubernetes'
      ? profile(ailment, 'unfiltered-calls', 'seccompProfile')
      : {
          say: [`Set ${grantWords(ailment, 'unfiltered-calls', 'no-apparmor')}`],
          changes: grantChange(
            ailment,
            'unfiltered-calls',
            ...(ailment.container?.security.apparmor?.value === 'unconfined' ? [] : (['no-apparmor'] as const)),
          ),
          consequence: LESS,
        },
  'apparmor-unset': (ailment) => profile(ailment, 'no-apparmor', 'appArmorProfile'),
  'apparmor-denied': (ailment) => profile(ailment, 'no-apparmor', 'appArmorProfile'),
  'proc-masked': (ailment) => {
    const { values, engine } = ailment;
    const flag = '--oci-worker-no-process-sandbox';
    const where = values.role === 'daemonless' ? 'set the variable BUILDKITD_FLAGS to' : 'give buildkitd the flag';
    const other =
      engine === 'kubernetes' || engine === 'other' ? '' : ` Or unmask /proc: ${grantWords(ailment, 'unmasked-proc')}`;
    // A service of Actions gets options, and no arguments.
    if (ailment.document.kind === 'github-actions' && values.role === 'daemon')
      return {
        say: [`Unmask /proc: ${grantWords(ailment, 'unmasked-proc')}`],
        changes: grantChange(ailment, 'unmasked-proc'),
        consequence: LESS,
      };
    return {
      say: [`Let RUN steps share buildkitd's process namespace: ${where} ${flag}.${other}`],
      changes: flagChange(ailment, [flag], values.role ?? ''),
      consequence: SHARED_PROCESSES,
    };
  },
  'flags-ignored': (ailment) => ({
    say: ['Give the flags to buildkitd as arguments of the container, and leave BUILDKITD_FLAGS out.'],
    changes: flagChange(ailment, ['--oci-worker-no-process-sandbox'], 'daemon'),
    consequence: SHARED_PROCESSES,
  }),
  'no-new-privs': (ailment) => {
    const { engine } = ailment;
    return {
      say: [
        engine === 'kubernetes'
          ? 'Set allowPrivilegeEscalation: true, or leave it out.'
          : 'Leave no-new-privileges out.',
      ],
      changes: escalated(ailment),
      consequence: 'Setuid programs in this container can gain the rights of root in it.',
    };
  },
  'bounding-set': (ailment) => {
    const { engine, container, text, document, values } = ailment;
    const names = (values.missing ?? '').split(' ');
    const capabilities =
      container?.yaml == null ? null : field(field(container.yaml, 'securityContext'), 'capabilities');
    const add = capabilities === null ? null : field(capabilities, 'add');
    const changes =
      engine !== 'kubernetes'
        ? grantChange(ailment, ...names.map((name) => ['capability', name] as const))
        : add === null || capabilities === null
          ? null
          : add.node === null
            ? securityLists(text, capabilities, names)
            : withItems(text, add, names);
    const words =
      document.kind === 'kubernetes' || engine === 'kubernetes'
        ? `capabilities.add: [${names.join(', ')}] beside what is dropped.`
        : grantWords(ailment, ...names.map((name) => ['capability', name] as const));
    return { say: [`Set ${words}`], changes };
  },
  'not-privileged': (ailment) => ({
    say: [
      `Set ${grantWords(ailment, 'privileged')}`,
      'Or take the rootless image, moby/buildkit:rootless, which needs no privilege.',
    ],
  }),
  'dind-not-privileged': (ailment) => ({ say: [`Set ${grantWords(ailment, 'privileged')}`] }),
  sandbox: () => ({ say: ['Leave runtimeClassName out, or name one of an ordinary kernel.'] }),
});

/** Without no_new_privs. */
function escalated({ engine, container, document, text }: Ailment): readonly Change[] | null {
  const at = container?.security.escalation ?? null;
  if (container === null || at === null) return null;
  if (engine === 'kubernetes') return replaced(at, 'true');
  if (document.kind === 'quadlet') return withoutLine(text, at.span);
  const [, key = '', index] = /(?:^|\.)(\w+)\[(\d+)\]$/.exec(at.path) ?? [];
  const map = container.yaml ?? container.optionsAt ?? null;
  if (map !== null && index !== undefined) return withoutItems(text, field(map, key), [Number(index)]);
  const written = text.slice(at.span.start, at.span.end);
  const found = /--security-opt[= ]["']?no-new-privileges(?:[:=]true)?["']?/.exec(written);
  if (found === null) return null;
  const flag = at.span.start + found.index;
  return [{ start: beforeTrailing(text, ' ', flag), end: flag + found[0].length, text: '' }];
}

function securityLists(text: string, capabilities: Parameters<typeof field>[0], names: readonly string[]) {
  const { node } = capabilities;
  if (node?.kind !== 'fields') return null;
  const [first] = node.entries;
  if (first === undefined) return null;
  const line = text.lastIndexOf('\n', first.keySpan.start - 1) + 1;
  const indent = text.slice(line, first.keySpan.start).replace(/\S/g, ' ');
  const start = first.keySpan.start;
  return [
    {
      start,
      end: start,
      text: text[node.span.start] === '{' ? `add: [${names.join(', ')}], ` : `add: [${names.join(', ')}]\n${indent}`,
    },
  ];
}
