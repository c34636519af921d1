import { CONTAINER_SECURITY, POD_SECURITY, POD_SPEC } from '../../documents/kube-fields.ts';
import { APPARMOR_ANNOTATION } from '../../documents/pods.ts';
import { withoutSandbox } from '../../documents/setup.ts';
import { type Cursor, exists, field, fieldAt, type Value } from '../../documents/tree.ts';
import { type Change, withField, withNested, withoutField } from './change.ts';
import { type Ailment, fixBy, type Remedy, SHARED_PROCESSES } from './remedy.ts';
import { offsetOf } from './start.ts';
import { flagChange } from './words.ts';

/** The text that a problem stands at. */
function written({ problem: { at }, text }: Ailment): { readonly start: number; readonly end: number } {
  const start = offsetOf(text, at?.line ?? 1, at?.column ?? 1);
  return { start, end: offsetOf(text, at?.endLine ?? 1, at?.endColumn ?? 1) + 1 };
}

const by = (ailment: Ailment, change: (text: string) => string): readonly Change[] => {
  const span = written(ailment);
  return [{ ...span, text: change(ailment.text.slice(span.start, span.end)) }];
};

/** The pod in whose annotations a problem stands. */
const podOf = ({ document, problem }: Ailment) =>
  document.pods.find(
    ({ metadata }) =>
      metadata !== null &&
      problem.subject.startsWith(`${field(metadata, 'annotations').path}[`) &&
      metadata.span.start <= spanStart(document.text, problem.at),
  );
const spanStart = (text: string, at: { readonly line: number; readonly column: number } | undefined): number =>
  offsetOf(text, at?.line ?? 1, at?.column ?? 1);

/** The last key of a path such as metadata.annotations["a/b"]. */
const keyOf = ({ problem }: Ailment): string => /\["([^"]+)"\]$/.exec(problem.subject)?.[1] ?? '';

function seccompField(ailment: Ailment): Remedy {
  const pod = podOf(ailment);
  const key = ailment.values.key ?? '';
  const say = [
    'Set securityContext.seccompProfile: {type: Unconfined} for the container, and leave the annotation out.',
  ];
  if (pod?.metadata == null) return { say };
  const name = key.split('/').at(-1);
  const container = pod.containers.find((one) => one.name === name);
  const fewer = withoutField(field(pod.metadata, 'annotations'), key);
  if (container?.yaml == null || fewer === null) return { say, changes: fewer };
  if (container.security.seccomp !== null) return { say, changes: fewer };
  const more = withNested(ailment.text, container.yaml, 'securityContext', 'seccompProfile', '{type: Unconfined}');
  return { say, changes: more === null ? null : [...fewer, ...more] };
}

const key = (at: Cursor | null, name: string) =>
  at === null
    ? null
    : ((at.node as Extract<Value, { kind: 'fields' }> | null)?.entries?.find((entry) => entry.key === name) ?? null);

/** A field at the level where it belongs: of the container instead of the pod, or the other way round. */
function relocated(ailment: Ailment): readonly Change[] | null {
  const { problem, document, text, values } = ailment;
  const name = values.key ?? '';
  for (const pod of document.pods) {
    const shared = field(pod.spec, 'securityContext');
    if (problem.subject === field(shared, name).path && key(shared, name) !== null) {
      const [container] = pod.containers.filter(({ image }) => image !== null && /buildkit/.test(image.value.written));
      const value = field(shared, name);
      const fewer = alone(pod.spec, 'securityContext', name);
      if (container?.yaml == null || fewer === null || value.node?.kind !== 'scalar') return null;
      const more = withNested(text, container.yaml, 'securityContext', name, value.node.text);
      return more === null ? null : [...fewer, ...more];
    }
    for (const { yaml } of pod.containers) {
      if (yaml === null) continue;
      if (problem.subject === field(yaml, name).path && key(yaml, name) !== null)
        return besides(text, yaml, pod.spec, name);
      const own = field(yaml, 'securityContext');
      if (problem.subject !== field(own, name).path || key(own, name) === null) continue;
      const value = field(own, name);
      const fewer = alone(yaml, 'securityContext', name);
      if (fewer === null || value.node?.kind !== 'scalar') return null;
      const more =
        name === 'hostUsers'
          ? withField(text, pod.spec, name, value.node.text)
          : withNested(text, pod.spec, 'securityContext', name, value.node.text);
      return more === null ? null : [...fewer, ...more];
    }
  }
  return null;
}

/** What stands in a container beside its securityContext, where the API has it. */
function besides(text: string, yaml: Cursor, spec: Cursor, name: string): readonly Change[] | null {
  const value = field(yaml, name);
  const written = text.slice(value.span.start, value.span.end);
  const fewer = withoutField(yaml, name);
  if (fewer === null || written.includes('\n')) return null;
  const more =
    CONTAINER_SECURITY[name] !== undefined
      ? withNested(text, yaml, 'securityContext', name, written)
      : POD_SECURITY[name] !== undefined
        ? withNested(text, spec, 'securityContext', name, written)
        : POD_SPEC[name] !== undefined
          ? withField(text, spec, name, written)
          : null;
  return more === null ? null : [...fewer, ...more];
}

/** Without a field, and without the map that held it alone. */
function alone(at: Cursor, outer: string, name: string): readonly Change[] | null {
  const inner = field(at, outer);
  return inner.node?.kind === 'fields' && inner.node.entries.length === 1
    ? withoutField(at, outer)
    : withoutField(inner, name);
}

function withSelector({ document, text, problem }: Ailment): readonly Change[] | null {
  const object = document.objects.find(
    ({ cursor }) =>
      problem.subject.startsWith(field(cursor, 'spec').path) && exists(fieldAt(cursor, 'spec', 'template')),
  );
  if (object === undefined || exists(fieldAt(object.cursor, 'spec', 'selector'))) return null;
  const name = object.name ?? 'buildkitd';
  const template = fieldAt(object.cursor, 'spec', 'template');
  const labels = fieldAt(template, 'metadata', 'labels');
  const spec = field(object.cursor, 'spec');
  const first = labels.node?.kind === 'fields' ? labels.node.entries[0] : undefined;
  const label = first?.value.kind === 'scalar' ? `${first.key}: ${first.value.text}` : `app: ${name}`;
  const more = withField(text, spec, 'selector', `{matchLabels: {${label}}}`);
  if (more === null || first !== undefined) return more;
  const labelled = withNested(text, template, 'metadata', 'labels', `{${label}}`);
  return labelled === null ? null : [...more, ...labelled];
}

export const mendManifest = fixBy('Write what the API takes', {
  syntax: () => ({ say: ['Correct the syntax at this place.'] }),
  api: () => ({ say: ['Write what the API takes here.'] }),
  'api-version': (ailment) => ({
    say: [`Write apiVersion: ${ailment.values.version}.`],
    changes: by(ailment, () => ailment.values.version ?? ''),
  }),
  'restart-policy': ({ text, document, problem }) => {
    const pod = document.pods.find(
      ({ path }) => problem.subject === path || problem.subject === `${path}.restartPolicy`,
    );
    const policy = pod === undefined ? null : field(pod.spec, 'restartPolicy');
    return {
      say: ['Set restartPolicy: Never in the spec of the pod.'],
      changes:
        pod === undefined || policy === null
          ? null
          : exists(policy)
            ? [{ ...policy.span, text: 'Never' }]
            : withField(text, pod.spec, 'restartPolicy', 'Never'),
    };
  },
  'selector-missing': (ailment) => ({
    say: ['Write spec.selector.matchLabels, and the same labels into spec.template.metadata.labels.'],
    changes: withSelector(ailment),
  }),
  selector: () => ({ say: ['Write the same labels into the selector and the template.'] }),
  'host-namespaces': () => ({ say: ['Leave one of the two out.'] }),
  'volume-missing': () => ({ say: ['Add the volume, or leave the mount out.'] }),
  quote: (ailment) => ({ say: ['Write it in quotes.'], changes: by(ailment, (text) => JSON.stringify(text)) }),
  unquote: (ailment) => ({
    say: ['Write it without quotes.'],
    changes: /^(?:-?\d+|true|false)$/.test(ailment.values.value ?? '')
      ? by(ailment, () => ailment.values.value ?? '')
      : null,
  }),
  listed: (ailment) => ({
    say: ['Write a list.'],
    changes: ailment.values.value
      ? by(
          ailment,
          () =>
            `[${(ailment.values.value ?? '')
              .split(/\s+/)
              .map((word) => (/^[\w./-]+$/.test(word) ? word : JSON.stringify(word)))
              .join(', ')}]`,
        )
      : null,
  }),
  'profile-text': (ailment) => ({
    say: [`Write ${ailment.values.key}: {type: ${ailment.values.meant}}.`],
    changes: by(ailment, () => `{type: ${ailment.values.meant}}`),
  }),
  'profile-type': (ailment) => ({
    say: [`Write type: ${ailment.values.meant}.`],
    changes: by(ailment, () => ailment.values.meant ?? ''),
  }),
  'privileged-escalation': ({ container, text, document }) => ({
    say: ['Leave allowPrivilegeEscalation out.'],
    changes:
      container?.yaml == null || document.text !== text
        ? null
        : withoutField(field(container.yaml, 'securityContext'), 'allowPrivilegeEscalation'),
  }),
  'proc-mount': (ailment) => {
    const { container, document } = ailment;
    const setup = document.setups.find((one) => one.container === container);
    const fewer = container?.yaml == null ? null : withoutField(field(container.yaml, 'securityContext'), 'procMount');
    const say = ['Leave procMount out, and give buildkitd --oci-worker-no-process-sandbox.'];
    if (fewer === null || setup === undefined || !setup.unprivileged || withoutSandbox(setup))
      return { say, changes: fewer };
    // Without it, /proc is masked again.
    const more = flagChange(ailment, ['--oci-worker-no-process-sandbox'], setup.role);
    return { say, changes: more === null ? null : [...fewer, ...more], consequence: SHARED_PROCESSES };
  },
  field: (ailment) => ({
    say: [`Move ${ailment.values.key} to where it belongs, or leave it out.`],
    changes: relocated(ailment),
  }),
  'annotation-name': ({ values, problem, text }) => {
    const names = (values.names ?? '').split(' ');
    const start = offsetOf(text, problem.at?.line ?? 1, 1);
    const found = text.indexOf(APPARMOR_ANNOTATION, start) + APPARMOR_ANNOTATION.length;
    const end = found + (/^[\w.-]+/.exec(text.slice(found))?.[0].length ?? 0);
    return {
      say: [`Name a container of the pod: ${names.join(' or ')}.`],
      changes: names.length === 1 && end > found ? [{ start: found, end, text: names[0] ?? '' }] : null,
    };
  },
  'annotation-value': (ailment) => ({
    say: ['Write unconfined, in small letters.'],
    changes: by(ailment, () => 'unconfined'),
  }),
  'annotation-disagrees': (ailment) => {
    const pod = podOf(ailment);
    const annotations = pod?.metadata == null ? null : field(pod.metadata, 'annotations');
    return {
      say: ['Leave the annotation out: the field counts since Kubernetes 1.30.'],
      consequence: 'The profile is then what the field says.',
      changes: annotations === null ? null : withoutField(annotations, keyOf(ailment)),
    };
  },
  'seccomp-annotation': seccompField,
  'apparmor-annotation': () => ({
    say: [
      'Where every node has Kubernetes 1.30 or later: securityContext.appArmorProfile: {type: Unconfined} for the container.',
    ],
  }),
});
