import type { Container, Pod } from '../../documents/container.ts';
import {
  CONTAINER,
  CONTAINER_SECURITY,
  type Fields,
  type FieldType,
  POD_SECURITY,
  POD_SPEC,
  WORKLOADS,
} from '../../documents/kube-fields.ts';
import { APPARMOR_ANNOTATION } from '../../documents/pods.ts';
import { type DocumentSubject, described } from '../../documents/subject.ts';
import {
  type Cursor,
  exists,
  field,
  fieldAt,
  fields,
  has,
  isList,
  isMap,
  isNull,
  items,
  type Place,
  switchAt,
  textOf,
} from '../../documents/tree.ts';
import type { Check } from '../../model/decide.ts';
import { nearest } from '../../text/nearest.ts';
import { type ContainerEvidence, type Judging, judging } from './judging.ts';

const needs = { document: described };

export const containerManifest: Check<typeof needs, ContainerEvidence, DocumentSubject> = {
  id: 'container/manifest',
  title: 'The file can be read, and the API takes it',
  why: 'kubectl refuses a field that does not exist, other clients silently drop it; a value of the wrong type refuses the whole object.',
  decides: true,
  conditions: ['document.syntax', 'k8s.api-rejected', 'k8s.field-ignored', 'k8s.annotation-deprecated'],
  needs,
  examine({ document }) {
    const judge = judging(document);
    const { error } = document;
    if (error !== null)
      judge.say(
        'document.syntax',
        'error',
        { path: '', span: { start: error.at, end: error.at + 1 } },
        error.limit === true ? error.message : `This is no valid YAML: ${error.message}`,
        'syntax',
      );
    const about = new Set(document.setups.map(({ container }) => container.pod));
    for (const pod of document.pods) {
      if (pod.engine !== 'kubernetes' || !about.has(pod)) continue;
      judgeObject(judge, pod);
      judgePod(judge, pod);
      for (const container of pod.containers) judgeContainer(judge, container, pod);
      judgeAnnotations(judge, pod);
    }
    return judge.found;
  },
};

function refuse(
  { say }: Judging,
  at: Place,
  why: string,
  what = 'api',
  values = {},
  container: Place | null = null,
): void {
  say('k8s.api-rejected', 'error', at, why, what, { container, values });
}

/** Pods that Kubernetes itself makes; others have fields of their own. */
const isPlain = ({ object }: Pod): boolean => object !== null && WORKLOADS[object.kind] !== undefined;

function judgeObject(judge: Judging, pod: Pod): void {
  const { object } = pod;
  if (object === null || pod.partial) return;
  const version = WORKLOADS[object.kind];
  if (version === undefined) return;
  const { cursor } = object;
  if (object.apiVersion !== version && /^(?:v1|v1beta\d|apps\/|batch\/|extensions\/)/.test(object.apiVersion))
    refuse(
      judge,
      field(cursor, 'apiVersion'),
      `The API serves ${object.kind} as ${version}, not as ${object.apiVersion}.`,
      'api-version',
      { version },
    );
  if (version === 'apps/v1') judgeSelector(judge, cursor);
  if (object.kind === 'Job' || object.kind === 'CronJob') {
    const policy = textOf(field(pod.spec, 'restartPolicy'));
    if (policy !== 'Never' && policy !== 'OnFailure')
      refuse(
        judge,
        exists(field(pod.spec, 'restartPolicy')) ? field(pod.spec, 'restartPolicy') : pod,
        `The pods of a ${object.kind} need restartPolicy: Never or OnFailure.`,
        'restart-policy',
      );
  }
  if (object.kind === 'CronJob' && textOf(fieldAt(cursor, 'spec', 'schedule')) === null)
    refuse(judge, field(cursor, 'spec'), 'A CronJob needs a schedule.', 'api');
  if (
    object.name === null &&
    textOf(fieldAt(cursor, 'metadata', 'generateName')) === null &&
    !judge.document.path.toLowerCase().includes('jenkins') &&
    object.kind !== 'Pod'
  )
    refuse(judge, field(cursor, 'metadata'), 'metadata.name is required.', 'api');
}

function judgeSelector(judge: Judging, cursor: Cursor): void {
  const selector = fieldAt(cursor, 'spec', 'selector');
  const labels = fieldAt(cursor, 'spec', 'template', 'metadata', 'labels');
  const wanted = fields(field(selector, 'matchLabels'));
  const expressions = exists(field(selector, 'matchExpressions'));
  if (!exists(selector) || (wanted.length === 0 && !expressions))
    refuse(
      judge,
      selector,
      'spec.selector.matchLabels is required, and the same labels in the template.',
      'selector-missing',
    );
  else {
    const missing = wanted.find(
      ({ key, node }) => textOf(field(labels, key)) !== (node?.kind === 'scalar' ? node.text : null),
    );
    if (missing !== undefined)
      refuse(
        judge,
        exists(labels) ? labels : missing,
        `The selector wants ${missing.key}: ${textOf(missing) ?? ''}, and the labels of the template have it not.`,
        'selector',
      );
  }
}

const MISPLACED: { readonly [where in 'pod' | 'container']: readonly string[] } = {
  pod: ['privileged', 'allowPrivilegeEscalation', 'capabilities', 'procMount', 'readOnlyRootFilesystem'],
  container: ['fsGroup', 'fsGroupChangePolicy', 'supplementalGroups', 'sysctls', 'hostUsers'],
};

function judgePod(judge: Judging, pod: Pod): void {
  const { spec } = pod;
  const security = field(spec, 'securityContext');
  judgeFields(judge, security, POD_SECURITY, 'the securityContext of the pod', (key) =>
    MISPLACED.pod.includes(key)
      ? 'it belongs to the securityContext of the container'
      : key in POD_SPEC
        ? 'it belongs to the spec of the pod'
        : null,
  );
  judgeProfiles(judge, security);
  if (isPlain(pod))
    judgeFields(judge, spec, POD_SPEC, 'the spec of a pod', (key) =>
      key in POD_SECURITY || key in CONTAINER_SECURITY
        ? 'it belongs to securityContext'
        : key in CONTAINER
          ? 'it belongs to the container'
          : null,
    );
  judgeHostUsers(judge, pod);
  if (!pod.partial) judgeVolumes(judge, pod);
}

function judgeHostUsers(judge: Judging, { hostUsers, spec }: Pod): void {
  if (hostUsers?.value !== false) return;
  for (const key of ['hostNetwork', 'hostPID', 'hostIPC'])
    if (switchAt(field(spec, key))?.value === true)
      refuse(judge, field(spec, key), `A pod with hostUsers: false may not have ${key}: true.`, 'host-namespaces');
}

function judgeVolumes(judge: Judging, { spec, volumes, containers, object }: Pod): void {
  if (object === null || WORKLOADS[object.kind] === undefined) return;
  const names = new Set(volumes.map(({ name }) => name));
  for (const { yaml } of containers)
    for (const mount of items(field(yaml ?? spec, 'volumeMounts'))) {
      const name = textOf(field(mount, 'name'));
      if (name !== null && !names.has(name))
        refuse(judge, field(mount, 'name'), `There is no volume of the name ${name}.`, 'volume-missing');
    }
  const seen = new Set<string>();
  for (const { name, ...at } of volumes) {
    if (seen.has(name) && name !== '') refuse(judge, at, `There are two volumes of the name ${name}.`, 'api');
    seen.add(name);
  }
}

function judgeContainer(judge: Judging, container: Container, pod: Pod): void {
  const { yaml } = container;
  if (yaml === null) return;
  const security = field(yaml, 'securityContext');
  judgeFields(judge, security, CONTAINER_SECURITY, 'the securityContext of a container', (key) =>
    MISPLACED.container.includes(key) || key in POD_SECURITY
      ? 'it belongs to the securityContext of the pod'
      : key in POD_SPEC
        ? 'it belongs to the spec of the pod'
        : null,
  );
  judgeProfiles(judge, security);
  if (isPlain(pod))
    judgeFields(judge, yaml, CONTAINER, 'a container', (key) =>
      key in CONTAINER_SECURITY
        ? 'it belongs to securityContext'
        : key in POD_SPEC
          ? 'it belongs to the spec of the pod'
          : null,
    );
  // A containerTemplate of Jenkins' configuration is split at blanks.
  else if (!has(yaml, 'ttyEnabled')) for (const key of ['command', 'args']) judgeType(judge, field(yaml, key), 'texts');
  judgeVariables(judge, yaml);
  judgeSecurity(judge, container, pod);
}

function judgeVariables(judge: Judging, yaml: Cursor): void {
  for (const variable of items(field(yaml, 'env'))) {
    const value = field(variable, 'value');
    if (exists(value) && !isNull(value) && (value.node?.kind !== 'scalar' || typeof value.node.value !== 'string'))
      refuse(judge, value, `The value of a variable is text: write it in quotes.`, 'quote', {});
  }
}

function judgeSecurity(judge: Judging, container: Container, pod: Pod): void {
  const { security, yaml } = container;
  const own = field(yaml ?? pod.spec, 'securityContext');
  for (const list of ['add', 'drop']) judgeType(judge, fieldAt(own, 'capabilities', list), 'texts');
  if (security.privileged?.value === true && switchAt(field(own, 'allowPrivilegeEscalation'))?.value === false)
    refuse(
      judge,
      field(own, 'allowPrivilegeEscalation'),
      'privileged: true and allowPrivilegeEscalation: false contradict each other.',
      'privileged-escalation',
      {},
      container,
    );
  if (
    security.add.some(({ value }) => /SYS_ADMIN/.test(value)) &&
    security.escalation?.value === false &&
    security.privileged?.value !== true
  )
    refuse(
      judge,
      security.escalation,
      'allowPrivilegeEscalation: false and the capability SYS_ADMIN contradict each other.',
      'privileged-escalation',
      {},
      container,
    );
  const proc = field(own, 'procMount');
  if (!exists(proc)) return;
  if (!/^(?:Default|Unmasked)$/.test(textOf(proc) ?? ''))
    refuse(judge, proc, 'procMount is Default or Unmasked.', 'api');
  else if (textOf(proc) === 'Unmasked' && pod.hostUsers?.value !== false)
    refuse(
      judge,
      proc,
      'procMount: Unmasked needs hostUsers: false in the spec of the pod.',
      'proc-mount',
      {},
      container,
    );
}

const TYPES = ['Unconfined', 'RuntimeDefault', 'Localhost'];

function judgeProfiles(judge: Judging, security: Cursor): void {
  for (const key of ['seccompProfile', 'appArmorProfile']) {
    const profile = field(security, key);
    if (!exists(profile) || isNull(profile)) continue;
    const text = profile.node?.kind === 'scalar' ? textOf(profile) : null;
    if (text !== null) {
      const meant = TYPES.find((type) => type.toLowerCase() === text.toLowerCase()) ?? 'Unconfined';
      refuse(judge, profile, `${key} is no text: ${key}: {type: ${meant}}.`, 'profile-text', { key, meant });
      continue;
    }
    const type = field(profile, 'type');
    const written = textOf(type);
    if (written !== null && TYPES.includes(written)) {
      if (written === 'Localhost' && textOf(field(profile, 'localhostProfile')) === null)
        refuse(judge, type, 'The type Localhost needs localhostProfile.', 'api');
      continue;
    }
    const meant =
      TYPES.find((one) => one.toLowerCase() === (written ?? '').toLowerCase().replace(/[^a-z]/g, '')) ??
      nearest(written ?? '', TYPES);
    refuse(
      judge,
      exists(type) ? type : profile,
      `The type of a ${key} is Unconfined, RuntimeDefault or Localhost, not ${written ?? 'nothing'}.`,
      'profile-type',
      { meant: meant ?? 'Unconfined' },
    );
  }
}

/** Fields that do not exist where they stand, and values of the wrong type. */
function judgeFields(
  judge: Judging,
  at: Cursor,
  known: Fields,
  where: string,
  place: (key: string) => string | null,
): void {
  if (!isMap(at)) {
    if (exists(at) && !isNull(at)) refuse(judge, at, `Here fields are expected, as in ${where}.`, 'api');
    return;
  }
  for (const entry of fields(at)) {
    const type = known[entry.key];
    if (type !== undefined) judgeType(judge, entry, type);
    else if (entry.key !== '<<' && !entry.key.startsWith('$')) {
      const meant = nearest(entry.key, Object.keys(known));
      const better = place(entry.key) ?? (meant === null ? null : `${meant} may be meant`);
      refuse(judge, entry, `${entry.key} is no field of ${where}${better === null ? '' : `: ${better}`}.`, 'field', {
        key: entry.key,
        meant: meant ?? '',
      });
    }
  }
}

function judgeType(judge: Judging, at: Cursor, type: FieldType): void {
  const { node } = at;
  if (node === null || isNull(at) || at.path.includes('$')) return;
  const scalar = node.kind === 'scalar' ? node : null;
  const hasBlanks = scalar !== null && /\{\{|\$\(/.test(scalar.text);
  if (hasBlanks) return;
  switch (type) {
    case 'number':
      if (scalar === null || typeof scalar.value !== 'number')
        refuse(
          judge,
          at,
          `A number is wanted here${scalar === null ? '' : `, without quotes: ${scalar.text}`}.`,
          'unquote',
          { value: scalar?.text ?? '' },
        );
      break;
    case 'switch':
      if (scalar === null || (typeof scalar.value !== 'boolean' && !(scalar.plain && switchAt(at) !== null)))
        refuse(judge, at, `true or false is wanted here${scalar === null ? '' : ', without quotes'}.`, 'unquote', {
          value: scalar?.text ?? '',
        });
      break;
    case 'text':
      if (scalar === null || typeof scalar.value !== 'string')
        refuse(judge, at, 'A text is wanted here: write it in quotes.', 'quote');
      break;
    case 'texts':
      if (!isList(at))
        refuse(judge, at, `A list is wanted here: [${scalar?.text ?? ''}].`, 'listed', { value: scalar?.text ?? '' });
      else
        for (const item of items(at))
          if (item.node?.kind !== 'scalar' || typeof item.node.value !== 'string')
            refuse(judge, item, 'A text is wanted here: write it in quotes.', 'quote');
      break;
    case 'list':
      if (!isList(at)) refuse(judge, at, 'A list is wanted here.', 'api');
      break;
    case 'map':
      if (!isMap(at) && !/Profile$/.test(at.path)) refuse(judge, at, 'Fields are wanted here.', 'api');
      break;
    case 'any':
      break;
  }
}

const SECCOMP_ANNOTATION = /^(?:container\.)?seccomp\.security\.alpha\.kubernetes\.io\//;

function judgeAnnotations({ say, ...judge }: Judging, pod: Pod): void {
  if (pod.metadata === null) return;
  const names = pod.containers.map(({ name }) => name);
  for (const annotation of fields(field(pod.metadata, 'annotations'))) {
    const { key } = annotation;
    if (SECCOMP_ANNOTATION.test(key))
      say(
        'k8s.field-ignored',
        'warning',
        annotation,
        'This annotation does nothing since Kubernetes 1.27: the field securityContext.seccompProfile has taken its place.',
        'seccomp-annotation',
        { values: { key } },
      );
    if (!key.startsWith(APPARMOR_ANNOTATION)) continue;
    const name = key.slice(APPARMOR_ANNOTATION.length);
    const value = textOf(annotation) ?? '';
    if (!names.includes(name) && !pod.partial)
      refuse(
        { say, ...judge },
        annotation,
        `The annotation names the container ${name}, which the pod does not have.`,
        'annotation-name',
        { names: names.join(' ') },
      );
    else if (!/^(?:unconfined|runtime\/default|localhost\/.+)$/.test(value))
      refuse(
        { say, ...judge },
        annotation,
        `The value is unconfined, runtime/default or localhost/NAME, not ${value}.`,
        'annotation-value',
      );
    else if (disagrees(pod, name, value))
      refuse(
        { say, ...judge },
        annotation,
        `The annotation says ${value}, and the field appArmorProfile of ${name} says otherwise: they must agree.`,
        'annotation-disagrees',
      );
    else
      say(
        'k8s.annotation-deprecated',
        'info',
        annotation,
        'Since Kubernetes 1.30 the field securityContext.appArmorProfile takes the place of this annotation.',
        'apparmor-annotation',
      );
  }
}

const APPARMOR_TYPES: { readonly [type: string]: string } = {
  Unconfined: 'unconfined',
  RuntimeDefault: 'runtime/default',
};

/** Does the container's own field, where there is one, say something else than its annotation? */
function disagrees({ containers }: Pod, name: string, value: string): boolean {
  const yaml = containers.find((container) => container.name === name)?.yaml;
  const profile = yaml == null ? null : fieldAt(yaml, 'securityContext', 'appArmorProfile');
  const type = profile === null ? null : textOf(field(profile, 'type'));
  if (profile === null || type === null) return false;
  return value !== (APPARMOR_TYPES[type] ?? `localhost/${textOf(field(profile, 'localhostProfile'))}`);
}
