import type { HclValue } from '../../documents/hcl-functions.ts';
import { withValues } from '../../documents/hcl-values.ts';
import { type Cursor, exists, field, fieldAt, fields, items, rootOf, switchAt, textOf } from '../../documents/tree.ts';
import type { Finding } from '../model/finding.ts';
import { joined } from '../model/paths.ts';
import type { Asked } from '../model/request.ts';
import type { BakeCommand } from './bake-command.ts';
import type { Setting } from './bake-values.ts';
import type { ComposeCommand } from './compose-command.ts';
import { requestFrom } from './described.ts';
import {
  askedAt,
  type Definition,
  type FindFile,
  having,
  listAt,
  pairsAt,
  placeAt,
  type Target,
  type TargetBuild,
  type TargetBuilds,
  type TargetFile,
} from './target-file.ts';

/** The services that are built, of files of which the later ones count more. */
export function composeTargets(files: readonly TargetFile[], setting: Setting): ReadonlyMap<string, Target> {
  const found = new Map<string, Definition[]>();
  for (const file of files) {
    const root = rootOf(withValues(file.root.node ?? EMPTY, (text) => interpolated(text, setting)));
    for (const at of fields(field(root, 'services')))
      found.set(at.key, [{ file: { ...file, root }, at }, ...(found.get(at.key) ?? [])]);
  }
  return new Map(
    [...found].flatMap(([name, definitions]) =>
      definitions.some(({ at }) => exists(field(at, 'build'))) ? [[name, { name, definitions }] as const] : [],
    ),
  );
}

const EMPTY = { kind: 'fields', entries: [], span: { start: 0, end: 0 } } as const;

/** A text with its variables as Compose puts them in; undefined where one is not known. */
function interpolated(text: string, setting: Setting): HclValue | undefined {
  let known = true;
  const result = text.replace(
    /\$(?:\$|\{(\w+)(?:(:?[-+?])([^{}]*))?\}|(\w+)|\{)/g,
    (whole, braced?: string, sign = '', other = '', plain?: string) => {
      if (whole === '$$') return '$';
      const name = braced ?? plain;
      const set = name === undefined ? 'unknown' : setting(name);
      if (set === 'unknown') known = false;
      const value = typeof set === 'object' ? set.value : undefined;
      const has = value !== undefined && (value !== '' || !sign.startsWith(':'));
      if (sign.endsWith('+')) return has ? other : '';
      if (has) return value;
      if (!sign.endsWith('-')) known = false;
      return other;
    },
  );
  return known ? result : text.includes('${') ? undefined : `${text}\${}`;
}

const BUILD_KEYS = new Set(
  'additional_contexts args cache_from cache_to context dockerfile dockerfile_inline entitlements extra_hosts isolation labels network no_cache no_cache_filter platforms privileged provenance pull sbom secrets shm_size ssh tags target ulimits'.split(
    ' ',
  ),
);

/** The build of a service, as bake or as docker compose makes it. */
export function serviceBuild(
  target: Target,
  client: 'bake' | 'compose',
  command: BakeCommand | ComposeCommand | null,
): TargetBuild {
  const line = target.definitions.map(({ file, at }) => ({ file, at: field(at, 'build') }));
  const at = (key: string): readonly Definition[] =>
    having(line.map(({ file, at: build }) => ({ file, at: field(build, key) })));
  const one = (key: string): Asked | null => {
    const [first] = at(key);
    return first === undefined ? null : askedAt(first);
  };
  const list = (key: string): readonly Asked[] => at(key).toReversed().flatMap(listAt);
  const pairs = (key: string): readonly Asked[] =>
    at(key)
      .toReversed()
      .flatMap((found) => pairsAt(found, true));
  const ofCompose = client === 'compose' && command !== null && 'services' in command ? command : null;
  const [own] = having(line);
  const short = line.map(({ at: build }) => textOf(build)).find((text) => text !== null);
  const network = one('network');
  const { secrets, findings } = composeSecrets(line, client);
  const privileged = at('privileged').filter(({ at: found }) => switchAt(found)?.value === true);
  const asksFor =
    client === 'bake'
      ? []
      : [...list('entitlements'), ...privileged.slice(0, 1).map((found) => askedAt(found, 'security.insecure'))];
  const request = requestFrom({
    client,
    at: own === undefined ? { file: '', line: 1, column: 1 } : placeAt(own),
    context: short ?? one('context')?.value ?? '.',
    dockerfile: at('dockerfile_inline').length > 0 ? null : (one('dockerfile')?.value ?? 'Dockerfile'),
    target: one('target'),
    platforms: list('platforms'),
    args: [...pairs('args'), ...(ofCompose?.args ?? [])],
    contexts: pairs('additional_contexts'),
    labels: pairs('labels'),
    network,
    allow: [...asksFor, ...(network?.value === 'host' ? [{ ...network, value: 'network.host' }] : [])],
    secrets,
    ssh: [...pairs('ssh'), ...(ofCompose?.ssh ?? [])],
    outputs: [],
    pushes: null,
    tags: null,
    exportCaches: list('cache_to'),
    importCaches: list('cache_from'),
    open:
      command === null ||
      command.open ||
      at('x-bake').length > 0 ||
      target.definitions.some(({ at: service }) => exists(field(service, 'extends'))),
    environment: command?.environment ?? new Map(),
    builder: command?.builder ?? null,
    directory: ofCompose?.directory ?? (client === 'bake' ? '.' : directoryOf(own?.file.path ?? '')),
  });
  return { request, findings: [...findings, ...refused(line), ...(client === 'bake' ? ignoredByBake(line) : [])] };
}

const directoryOf = (path: string): string => path.replace(/\/?[^/]*$/, '') || '.';

function refused(line: readonly Definition[]): readonly Finding[] {
  return line.flatMap(({ file, at: build }) =>
    fields(build)
      .filter(({ key }) => !BUILD_KEYS.has(key) && !key.startsWith('x-') && key !== '<<')
      .map(
        (entry): Finding => ({
          ...placeAt({ file, at: entry }),
          condition: 'build.opt-invalid',
          severity: 'error',
          message: `build has no property ${entry.key}: Compose ends with "additional properties '${entry.key}' not allowed".`,
          needs: {},
          remedy: [`Remove ${entry.key} from build; what it says to the running service stands beside build.`],
        }),
      ),
  );
}

/** What docker compose build does, and bake does not. */
function ignoredByBake(line: readonly Definition[]): readonly Finding[] {
  return line.flatMap(({ file, at: build }) =>
    ['privileged', 'entitlements'].flatMap((key): readonly Finding[] => {
      const at = field(build, key);
      if (!exists(at)) return [];
      return [
        {
          ...placeAt({ file, at }),
          condition: 'build.opt-ignored',
          severity: 'warning',
          message: `docker buildx bake silently ignores ${key} of a service.`,
          needs: {},
          remedy: [
            'Build with docker compose build, which asks for it; or write the target into a docker-bake.hcl with entitlements = ["security.insecure"], and --allow security.insecure on the command line.',
          ],
        },
      ];
    }),
  );
}

/** Secrets of a service's build, with where their values come from; those that nothing declares. */
function composeSecrets(
  line: readonly Definition[],
  client: 'bake' | 'compose',
): {
  readonly secrets: readonly Asked[];
  readonly findings: readonly Finding[];
} {
  const secrets: Asked[] = [];
  const findings: Finding[] = [];
  const roots = line.map(({ file }) => file.root);
  for (const { file, at: build } of line)
    for (const item of items(field(build, 'secrets'))) {
      const name = textOf(item) ?? textOf(field(item, 'source'));
      if (name === null) continue;
      const declared = roots.map((root) => fieldAt(root, 'secrets', name)).find(exists);
      if (declared === undefined) {
        findings.push({
          ...placeAt({ file, at: item }),
          condition: 'build.secret-invalid',
          severity: 'error',
          message: `The build uses the secret ${name}, and nothing under secrets declares it: Compose ends with "refers to undefined build secret ${name}".`,
          needs: {},
          remedy: [`Add ${name} with file: or environment: under secrets at the end of the file.`],
        });
        secrets.push({ ...askedAt({ file, at: item }, `id=${name}`), known: false });
      } else if (switchAt(field(declared, 'external'))?.value === true) {
        if (client === 'bake') findings.push(externalSecret({ file, at: item }, name));
      } else {
        // bake knows a secret by its name alone.
        const id = (client === 'bake' ? null : textOf(field(item, 'target'))) ?? name;
        secrets.push(askedAt({ file, at: item }, secretOf(id, declared)));
      }
    }
  return { secrets, findings };
}

/** What docker compose build leaves out, and bake refuses. */
const externalSecret = (definition: Definition, name: string): Finding => ({
  ...placeAt(definition),
  condition: 'build.secret-invalid',
  severity: 'error',
  message: `The secret ${name} is external, which no build can read: bake ends with "unsupported external secret".`,
  needs: {},
  remedy: [`Declare ${name} with file: or environment: under secrets.`],
});

function secretOf(id: string, declared: Cursor): string {
  const from = textOf(field(declared, 'file'));
  // What Compose does not read itself comes from elsewhere.
  return from !== null ? `id=${id},src=${from}` : `id=${id},env=${textOf(field(declared, 'environment')) ?? id}`;
}

/** What Compose reads without being told, the first that is there; with what overrides it. */
const DEFAULT_FILES = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];

/** The builds that a compose command starts; those of every service where there is no command. */
export function composeBuilds(
  command: ComposeCommand | null,
  all: readonly TargetFile[],
  setting: Setting,
  find: FindFile,
): TargetBuilds {
  const files = all.filter(({ form }) => form === 'compose');
  if (command === null)
    return {
      builds: files.flatMap((file) =>
        [...composeTargets([file], setting).values()].map((target) => serviceBuild(target, 'compose', null)),
      ),
      findings: [],
      files,
    };
  const chosen = filesOf(command, find);
  const whole = command.files.length === 0 || command.files.length === chosen.length;
  const partly = whole ? command : { ...command, open: true };
  const targets = composeTargets(chosen, setting);
  const services = new Set(chosen.flatMap(({ root }) => fields(field(root, 'services')).map(({ key }) => key)));
  const known = command.services.filter(({ known: sure }) => sure);
  const wanted = command.services.length === 0 ? [...targets.keys()] : known.map(({ text }) => text);
  const complete =
    !command.open &&
    chosen.length > 0 &&
    (command.files.length === 0 || command.files.length === chosen.length) &&
    !chosen.some(({ root }) => exists(field(root, 'include')));
  return {
    builds: wanted.flatMap((name) => {
      const target = targets.get(name);
      return target === undefined ? [] : [serviceBuild(target, 'compose', partly)];
    }),
    findings: !complete
      ? []
      : known
          .filter(({ text }) => !services.has(text))
          .map(({ text, line, column }) => ({
            file: command.file,
            line,
            column,
            condition: 'build.target-missing',
            severity: 'error',
            message: `The files describe no service ${text}: Compose ends with "no such service: ${text}".`,
            needs: {},
            remedy: ['Name a service of the file.'],
          })),
    files: chosen,
  };
}

function filesOf(command: ComposeCommand, find: FindFile): readonly TargetFile[] {
  if (command.files.length > 0) return command.files.flatMap(({ value }) => find(value) ?? []);
  const at = (name: string): TargetFile | null => find(joined(command.directory ?? '.', name));
  const first = DEFAULT_FILES.find((name) => at(name) !== null);
  if (first === undefined) return [];
  return [first, first.replace(/\.(ya?ml)$/, '.override.$1')].flatMap((name) => at(name) ?? []);
}
