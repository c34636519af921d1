import { driverOptions, flagWords, optionsIn } from './commands.ts';
import { environment } from './compose.ts';
import type { Builder, Pod } from './container.ts';
import { type Gathered, textInPlace } from './gathered.ts';
import { containerOf, looseGroup, type Option } from './options.ts';
import { placeOf } from './pods.ts';
import { type At, type Cursor, exists, field, fieldAt, fields, isMap, items, textAt, textOf, textsAt } from './tree.ts';

/** Keys of .gitlab-ci.yml that are no jobs. */
const NO_JOBS = new Set([
  'stages',
  'variables',
  'workflow',
  'include',
  'image',
  'services',
  'cache',
  'before_script',
  'after_script',
]);

/** The jobs of GitLab CI: containers whose runner says how they are confined. */
export function jobContainers(into: Gathered, root: Cursor): void {
  const shared = fields(field(root, 'variables'));
  for (const job of fields(root)) {
    if (NO_JOBS.has(job.key) || !isMap(job)) continue;
    const image = [field(job, 'image'), fieldAt(root, 'default', 'image'), field(root, 'image')].find(exists);
    const name = image === undefined ? null : (textAt(image) ?? textAt(field(image, 'name')));
    if (name === null) continue;
    const pod: Pod = looseGroup('ci', job, false);
    const script = ['before_script', 'script'].flatMap((key) => linesAt(field(job, key), into.text));
    const entrypoint = image === undefined ? null : field(image, 'entrypoint');
    pod.containers.push(
      containerOf(
        {
          engine: 'ci',
          at: placeOf(job),
          name: job.key,
          image: name,
          options: [...shared.flatMap(variable), ...environment(field(job, 'variables'))],
          entrypoint: entrypoint !== null && exists(entrypoint) ? textsAt(entrypoint) : null,
          args: null,
          script: script.length === 0 ? null : { ...placeOf(field(job, 'script')), value: script.join('\n') },
          optionsAt: job,
        },
        pod,
      ),
    );
    serviceContainers(pod, [field(root, 'services'), fieldAt(root, 'default', 'services'), field(job, 'services')]);
    into.pods.push(pod);
  }
}

/** Services run beside the job, as its runner confines them. */
function serviceContainers(pod: Pod, lists: readonly Cursor[]): void {
  for (const service of lists.flatMap(items)) {
    const image = textAt(service) ?? textAt(field(service, 'name'));
    if (image === null) continue;
    const entrypoint = field(service, 'entrypoint');
    const command = field(service, 'command');
    pod.containers.push(
      containerOf(
        {
          engine: 'ci',
          at: placeOf(service),
          name: textOf(field(service, 'alias')),
          image,
          options: environment(field(service, 'variables')),
          entrypoint: exists(entrypoint) ? textsAt(entrypoint) : null,
          args: exists(command) ? textsAt(command) : null,
        },
        pod,
      ),
    );
  }
}

/** Steps of Drone and Woodpecker: containers with commands, in a list or by name. */
const stepsOf = (root: Cursor): readonly Cursor[] => {
  const steps = field(root, 'steps');
  return steps.node?.kind === 'list' ? items(steps) : fields(steps);
};

export const isPipeline = (root: Cursor): boolean =>
  stepsOf(root).some((step) => isMap(step) && exists(field(step, 'image')) && exists(field(step, 'commands')));

export function pipelineSteps(into: Gathered, root: Cursor): void {
  for (const step of [...stepsOf(root), ...items(field(root, 'services'))]) {
    const image = textAt(field(step, 'image'));
    if (image === null) continue;
    const pod: Pod = looseGroup('ci', step, false);
    const commands = linesAt(field(step, 'commands'), into.text);
    const privileged = textsAt(field(step, 'privileged')).map((value) => ({ ...value, name: 'privileged' }));
    const [entrypoint, command] = [field(step, 'entrypoint'), field(step, 'command')];
    pod.containers.push(
      containerOf(
        {
          engine: 'ci',
          at: placeOf(step),
          name: textOf(field(step, 'name')),
          image,
          options: [...privileged, ...environment(field(step, 'environment'))],
          entrypoint: exists(entrypoint) ? textsAt(entrypoint) : null,
          args: exists(command) ? textsAt(command) : null,
          script: commands.length === 0 ? null : { ...placeOf(field(step, 'commands')), value: commands.join('\n') },
        },
        pod,
      ),
    );
    into.pods.push(pod);
  }
}

function variable(entry: Cursor & { readonly key: string }): readonly Option[] {
  const value = textOf(entry) ?? textOf(field(entry, 'value'));
  return value === null ? [] : [{ ...placeOf(entry), name: 'env', value: `${entry.key}=${value}` }];
}

/** Each command of a script, with nested lists flattened. */
function linesAt(at: Cursor, file: string): readonly string[] {
  if (at.node?.kind === 'scalar' && typeof at.node.value === 'string') return [textInPlace(at.node, file).text];
  return items(at).flatMap((item) => linesAt(item, file));
}

/** Containers, services and builders of GitHub's workflows and of actions made of steps. */
export function actionSteps(into: Gathered, root: Cursor): void {
  for (const job of fields(field(root, 'jobs'))) {
    jobContainer(into, job, field(job, 'container'));
    for (const service of fields(field(job, 'services'))) jobContainer(into, job, service);
    for (const step of items(field(job, 'steps'))) readStep(into, step);
  }
  for (const step of items(fieldAt(root, 'runs', 'steps'))) readStep(into, step);
}

function jobContainer(into: Gathered, job: Cursor, at: Cursor): void {
  const image = textAt(at) ?? textAt(field(at, 'image'));
  if (image === null) return;
  const pod = looseGroup('docker', at, into.usedForBuilds);
  const given = textAt(field(at, 'options'));
  const isService = at.path.includes('.services.');
  const script = items(field(job, 'steps')).flatMap((step) => textOf(field(step, 'run')) ?? []);
  pod.containers.push(
    containerOf(
      {
        engine: 'docker',
        at: placeOf(at),
        name: null,
        image,
        options: [...(given === null ? [] : optionsIn(given)), ...environment(field(at, 'env'))],
        // A job's container sleeps, and its steps run in it.
        entrypoint: isService ? null : [{ ...image, value: 'tail' }],
        args: null,
        script: isService || script.length === 0 ? null : { ...placeOf(at), value: script.join('\n') },
        ...(isMap(at) ? { optionsAt: at } : {}),
      },
      pod,
    ),
  );
  into.pods.push(pod);
}

function readStep(into: Gathered, step: Cursor): void {
  if (!/docker\/setup-buildx-action/.test(textOf(field(step, 'uses')) ?? '')) return;
  const given = field(step, 'with');
  const input = (name: string): At<string> | null => textAt(field(given, name));
  const options = input('driver-opts');
  const flags = input('buildkitd-flags');
  const builder: Builder = {
    ...placeOf(step),
    driver: input('driver'),
    options:
      options === null
        ? []
        : options.value
            .split('\n')
            .flatMap((line) => (line.trim() === '' ? [] : driverOptions({ ...options, value: line }))),
    flags: flags === null ? [] : flagWords(flags),
    config: input('buildkitd-config') ?? input('config'),
  };
  into.builders.push(builder);
}
