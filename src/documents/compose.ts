import type { Pod, Probe } from './container.ts';
import type { Gathered } from './gathered.ts';
import { containerOf, looseGroup, type Option } from './options.ts';
import { placeOf } from './pods.ts';
import { readShell } from './shell.ts';
import { type At, type Cursor, field, fieldAt, fields, has, isMap, items, textAt, textOf, textsAt } from './tree.ts';

/** Keys of compose that say what an option of docker run says. */
const OPTIONS: { readonly [key: string]: string } = {
  privileged: 'privileged',
  cap_add: 'cap-add',
  cap_drop: 'cap-drop',
  security_opt: 'security-opt',
  user: 'user',
  read_only: 'read-only',
  tmpfs: 'tmpfs',
  devices: 'device',
  userns_mode: 'userns',
  ports: 'publish',
  expose: 'expose',
  env_file: 'env-file',
};

/** The services of a compose file as containers that see each other. */
export function composeServices(into: Gathered, root: Cursor): void {
  const services = field(root, 'services');
  const pod: Pod = looseGroup('docker', services, into.usedForBuilds);
  for (const service of fields(services)) {
    if (!isMap(service)) continue;
    pod.containers.push(
      containerOf(
        {
          engine: 'docker',
          at: placeOf(service),
          name: service.key,
          image: textAt(field(service, 'image')),
          options: optionsOf(service),
          entrypoint: wordsAt(field(service, 'entrypoint')),
          args: wordsAt(field(service, 'command')),
          openEnv: has(service, 'env_file'),
          probes: healthOf(service),
          yaml: service,
        },
        pod,
      ),
    );
  }
  into.pods.push(pod);
}

function optionsOf(service: Cursor): readonly Option[] {
  const options = Object.entries(OPTIONS).flatMap(([key, name]) =>
    textsAt(field(service, key)).map((value) => ({ ...value, name })),
  );
  return [
    ...options,
    ...environment(field(service, 'environment')),
    ...items(field(service, 'volumes')).flatMap(volume),
  ];
}

export function environment(at: Cursor): readonly Option[] {
  if (at.node?.kind === 'list') return textsAt(at).map((value) => ({ ...value, name: 'env' }));
  return fields(at).map((entry) => {
    const value = textOf(entry);
    return { ...placeOf(entry), name: 'env', value: value === null ? entry.key : `${entry.key}=${value}` };
  });
}

function volume(at: Cursor): readonly Option[] {
  const short = textAt(at);
  if (short !== null) return [{ ...short, name: 'volume' }];
  const pairs = fields(at).flatMap((entry) => {
    const value = textOf(entry);
    return value === null ? [] : [`${entry.key}=${value}`];
  });
  return [{ ...placeOf(at), name: 'mount', value: pairs.join(',') }];
}

/** A list of words, or one text that is split as a shell splits it. */
export function wordsAt(at: Cursor): readonly At<string>[] | null {
  const single = textAt(at);
  if (single === null) return at.node?.kind === 'list' ? textsAt(at) : null;
  return readShell(single.value, 0).commands.flatMap(({ words }) =>
    words.map(({ text }) => ({ ...single, value: text })),
  );
}

function healthOf(service: Cursor): readonly Probe[] {
  const test = fieldAt(service, 'healthcheck', 'test');
  const words = wordsAt(test)?.map(({ value }) => value) ?? [];
  if (words.length === 0) return [];
  const command = /^CMD/.test(words[0] ?? '') ? words.slice(1) : words;
  return [{ ...placeOf(test), kind: 'health', by: 'exec', words: command, port: null }];
}
