import { ENTITLEMENTS } from '../../buildkit/entitlements.ts';
import type { Lines } from '../../documents/lines.ts';
import { type Cursor, exists, field, fieldAt, fields, isMap, items, textOf } from '../../documents/tree.ts';
import { named } from '../commands/buildctl.ts';
import { isRemote } from '../commands/docker.ts';
import { type FlagTable, pflags } from '../commands/flag-reader.ts';
import type { ShellCommand } from '../commands/script.ts';
import type { Finding } from '../model/finding.ts';
import { joined } from '../model/paths.ts';
import type { Asked, BuildRequest, Place, Word } from '../model/request.ts';

/** A file that describes builds: bake's own, or one of Compose. */
export interface TargetFile {
  readonly path: string;
  readonly form: 'bake' | 'compose';
  readonly root: Cursor;
  readonly lines: Lines;
}

export interface TargetBuild {
  readonly request: BuildRequest;
  readonly findings: readonly Finding[];
}

const asked = (file: TargetFile, at: Cursor, value = textOf(at) ?? ''): Asked => {
  const { line, column } = file.lines.position(file.path, at.span);
  return { value, known: !value.includes('${'), file: file.path, line, column };
};
const placeAt = (file: TargetFile, at: Cursor): Place => {
  const { line, column } = file.lines.position(file.path, at.span);
  return { file: file.path, line, column };
};

const BAKE: FlagTable = {
  ...Object.fromEntries('load push no-cache pull print debug check'.split(' ').map((name) => [name, 'alone' as const])),
  ...Object.fromEntries(
    'file set allow progress metadata-file provenance sbom var builder call list'
      .split(' ')
      .map((name) => [name, 'value' as const]),
  ),
};
const DEFAULT_FILES = /^(?:(?:docker-)?compose(?:\.override)?\.ya?ml|docker-bake(?:\.override)?\.(?:hcl|json))$/;

/** What `docker buildx bake` gets on its command line. */
export interface BakeCommand {
  readonly program: Word;
  readonly file: string;
  readonly files: readonly Asked[];
  readonly targets: readonly string[];
  readonly sets: readonly Asked[];
  readonly allow: readonly Asked[];
  readonly environment: ReadonlyMap<string, Word>;
  readonly open: boolean;
}

export function bakeCommand(command: ShellCommand, rest: readonly Word[], file: string): BakeCommand | null {
  const [program] = command.words;
  if (program === undefined) return null;
  const { flags, operands, open } = pflags(rest, file, BAKE, { f: 'file', D: 'debug' });
  const values = (name: string): readonly Asked[] =>
    flags.flatMap((flag) => (flag.name === name && flag.value !== null ? [flag.value] : []));
  return {
    program,
    file,
    files: values('file'),
    targets: operands.map(({ text }) => text),
    sets: values('set'),
    allow: values('allow'),
    environment: command.environment,
    open,
  };
}

/** The builds that a bake command starts; all targets of all files where there is no command. */
export function bakeBuilds(command: BakeCommand | null, all: readonly TargetFile[]): readonly TargetBuild[] {
  const chosen =
    command === null || command.files.length === 0
      ? all.filter(({ path }) => command === null || DEFAULT_FILES.test(path.replace(/^\.\//, '')))
      : all.filter(({ path }) => command.files.some(({ value }) => joined('.', value) === joined('.', path)));
  const targets = new Map<string, Target>(
    chosen.flatMap((file) => targetsIn(file).map((target) => [target.name, target] as const)),
  );
  const groups = new Map(
    chosen
      .filter(({ form }) => form === 'bake')
      .flatMap(({ root }) =>
        fields(field(root, 'group')).map(
          (group) => [group.key, items(field(group, 'targets')).map((item) => textOf(item) ?? '')] as const,
        ),
      ),
  );
  const wanted =
    command === null
      ? [...targets.keys()]
      : command.targets.length > 0
        ? command.targets
        : groups.has('default') || targets.has('default')
          ? ['default']
          : chosen.some(({ form }) => form === 'compose')
            ? [...targets.keys()]
            : [];
  const names = new Set(wanted.flatMap((name) => ofGroup(name, groups, 0)));
  for (const name of [...names]) for (const linked of linkedTargets(targets.get(name), targets)) names.add(linked);
  const findings = command === null ? [] : commandEntitlements(command);
  return [...names].flatMap((name, index) => {
    const target = targets.get(name);
    if (target === undefined) return [];
    const { request, findings: own } = buildOf(target, targets, command);
    return [{ request, findings: index === 0 ? [...findings, ...own] : own }];
  });
}

const ofGroup = (name: string, groups: ReadonlyMap<string, readonly string[]>, depth: number): readonly string[] => {
  const members = groups.get(name);
  return members === undefined || depth > 20 ? [name] : members.flatMap((member) => ofGroup(member, groups, depth + 1));
};

interface Target {
  readonly name: string;
  readonly file: TargetFile;
  readonly at: Cursor;
}

function targetsIn(file: TargetFile): readonly Target[] {
  if (file.form === 'bake') return fields(field(file.root, 'target')).map((at) => ({ name: at.key, file, at }));
  return fields(field(file.root, 'services')).flatMap((at) =>
    exists(field(at, 'build')) ? [{ name: at.key, file, at }] : [],
  );
}

/** Targets that another one takes files from. */
function linkedTargets(target: Target | undefined, targets: ReadonlyMap<string, Target>, depth = 0): readonly string[] {
  if (target === undefined || depth > 20) return [];
  return fields(field(target.at, 'contexts')).flatMap((context) => {
    const name = /^target:(.+)$/.exec(textOf(context) ?? '')?.[1];
    return name === undefined ? [] : [name, ...linkedTargets(targets.get(name), targets, depth + 1)];
  });
}

const KNOWN = new Set(
  'inherits annotations attest args cache-from cache-to call context contexts description dockerfile-inline dockerfile entitlements extra-hosts labels matrix name network no-cache-filter no-cache output platforms policy pull secret shm-size ssh tags target ulimits'.split(
    ' ',
  ),
);

function buildOf(target: Target, targets: ReadonlyMap<string, Target>, command: BakeCommand | null): TargetBuild {
  return target.file.form === 'bake' ? bakeTarget(target, targets, command) : composeService(target, command);
}

/** A target with those that it inherits from, nearest first. */
function lineage(target: Target, targets: ReadonlyMap<string, Target>, depth = 0): readonly Target[] {
  if (depth > 20) return [target];
  const parents = items(field(target.at, 'inherits')).map((item) => textOf(item) ?? '');
  return [
    target,
    ...parents
      .toReversed()
      .flatMap((name) => (targets.has(name) ? lineage(targets.get(name) as Target, targets, depth + 1) : [])),
  ];
}

function bakeTarget(target: Target, targets: ReadonlyMap<string, Target>, command: BakeCommand | null): TargetBuild {
  const line = lineage(target, targets);
  const file = target.file;
  const sets = setsFor(target.name, command);
  const first = (name: string): Asked | null =>
    sets.get(name) ??
    line
      .map(({ file: of, at }) => [of, field(at, name)] as const)
      .filter(([, at]) => exists(at))
      .map(([of, at]) => asked(of, at))[0] ??
    null;
  const list = (name: string): readonly Asked[] =>
    line
      .map(({ file: of, at }) =>
        items(field(at, name)).map((item) => asked(of, item, isMap(item) ? mapText(item) : undefined)),
      )
      .find((found) => found.length > 0) ?? [];
  const map = (name: string): readonly Asked[] =>
    line
      .toReversed()
      .flatMap(({ file: of, at }) =>
        fields(field(at, name)).map((entry) => asked(of, entry, `${entry.key}=${textOf(entry) ?? ''}`)),
      );
  const values = (name: string): readonly Asked[] => {
    if (name === 'build-arg') return [...map('args'), ...setArgs(sets)];
    if (name === 'build-context') return map('contexts');
    if (name === 'platform') return list('platforms');
    if (name === 'label') return map('labels');
    const found = first(name);
    return found === null ? [] : [found];
  };
  const network = first('network') ?? undefined;
  const entitlements = [
    ...list('entitlements'),
    ...(network?.value === 'host' ? [{ ...network, value: 'network.host' }] : []),
  ];
  const context = first('context')?.value ?? '.';
  const request = requestFrom(target, command, {
    context,
    dockerfile: exists(field(target.at, 'dockerfile-inline')) ? null : (first('dockerfile')?.value ?? 'Dockerfile'),
    values,
    network,
    allow: entitlements,
    secrets: list('secret'),
    ssh: list('ssh'),
    outputs: list('output'),
  });
  const stray = line.flatMap(({ file: of, at }) =>
    fields(at)
      .filter(({ key }) => !KNOWN.has(key))
      .map((entry) => ignoredAttribute(of, entry, entry.key)),
  );
  return {
    request: { ...request, exportCaches: list('cache-to'), importCaches: list('cache-from') },
    findings: [
      ...stray,
      ...privileges(entitlements, command, file),
      ...outside(context, first('context') ?? asked(file, target.at, ''), command),
    ],
  };
}

const mapText = (at: Cursor): string =>
  fields(at)
    .map((entry) => `${entry.key}=${textOf(entry) ?? ''}`)
    .join(',');

/** `--set target.key=value`, also `*.key=value`. */
function setsFor(name: string, command: BakeCommand | null): ReadonlyMap<string, Asked> {
  const found = new Map<string, Asked>();
  for (const set of command?.sets ?? []) {
    const [, pattern = '', key = '', value = ''] = /^([^.=]+)\.([^=+]+)\+?=([\s\S]*)$/.exec(set.value) ?? [];
    if (isCovered(pattern, name)) found.set(key, { ...set, value });
  }
  return found;
}

/** Whether a name is one of a pattern with stars: its parts stand in it in their order. */
function isCovered(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return pattern === name;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}

const setArgs = (sets: ReadonlyMap<string, Asked>): readonly Asked[] =>
  [...sets].flatMap(([key, set]) =>
    /^args?\./.test(key) ? [{ ...set, value: `${key.replace(/^args?\./, '')}=${set.value}` }] : [],
  );

interface Described {
  readonly context: string;
  readonly dockerfile: string | null;
  readonly values: (name: string) => readonly Asked[];
  readonly network: Asked | undefined;
  readonly allow: readonly Asked[];
  readonly secrets: readonly Asked[];
  readonly ssh: readonly Asked[];
  readonly outputs: readonly Asked[];
}

function requestFrom(target: Target, command: BakeCommand | null, about: Described): BuildRequest {
  const local = isRemote(about.context) || about.context.includes('${') ? null : about.context;
  const options = new Map<string, Asked>();
  const target_ = about.values('target').at(-1);
  if (target_ !== undefined) options.set('target', target_);
  const platforms = about.values('platform');
  const [platform] = platforms;
  if (platform !== undefined)
    options.set('platform', {
      ...platform,
      value: platforms.map(({ value }) => value).join(','),
      known: platforms.every(({ known }) => known),
    });
  for (const [flag, prefix] of [
    ['build-arg', 'build-arg:'],
    ['build-context', 'context:'],
    ['label', 'label:'],
  ] as const)
    for (const [name, value] of named(about.values(flag))) options.set(prefix + name, value);
  if (about.network !== undefined) options.set('force-network-mode', about.network);
  return {
    client: target.file.form === 'bake' ? 'bake' : command === null ? 'compose' : 'bake',
    at: placeAt(target.file, target.at),
    frontend: null,
    options,
    locals: new Map(),
    secrets: about.secrets,
    ssh: about.ssh,
    allow: about.allow,
    outputs: about.outputs,
    exportCaches: [],
    importCaches: [],
    context: local,
    dockerfile:
      local === null || about.dockerfile === null || about.dockerfile.includes('${')
        ? null
        : joined(local, about.dockerfile),
    open: command === null || command.open,
    environment: command?.environment ?? new Map(),
  };
}

function ignoredAttribute(file: TargetFile, at: Cursor, key: string): Finding {
  const meant = /^(?:privileged|devices|cap_add|security_opt)$/.test(key)
    ? 'Write RUN --security=insecure in the Dockerfile for the step that needs it, entitlements = ["security.insecure"] here, and --allow security.insecure on the command line.'
    : `Leave out ${key}.`;
  return {
    ...placeAt(file, at),
    condition: 'build.opt-ignored',
    severity: 'warning',
    message: `There is no attribute ${key} of a target: bake silently ignores it.`,
    needs: {},
    remedy: [meant],
  };
}

/** Entitlements that a target asks for and the command line does not allow. */
function privileges(entitlements: readonly Asked[], command: BakeCommand | null, file: TargetFile): readonly Finding[] {
  return entitlements.flatMap((entry): readonly Finding[] => {
    if (!entry.known || !ENTITLEMENTS.some(({ name }) => name === entry.value.replace(/=.*$/s, ''))) return [];
    if (
      command === null ||
      command.open ||
      command.allow.some(
        ({ value, known }) => !known || value.replace(/=.*$/s, '') === entry.value.replace(/=.*$/s, ''),
      )
    )
      return [];
    return [
      {
        file: command.file || file.path,
        line: command.program.line,
        column: command.program.column,
        condition: 'entitlement.not-requested',
        severity: 'error',
        message: `The target asks for the entitlement ${entry.value}, and the command line does not allow it: bake ends with "additional privileges requested".`,
        needs: { entitlement: entry.value, flag: `--allow ${entry.value}` },
        remedy: [`Add --allow ${entry.value} to docker buildx bake.`],
      },
    ];
  });
}

/** Names behind --allow that bake does not know. */
function commandEntitlements({ allow }: BakeCommand): readonly Finding[] {
  return allow.flatMap((entry): readonly Finding[] => {
    const key = entry.value.replace(/=.*$/s, '');
    if (
      !entry.known ||
      ['network.host', 'security.insecure', 'device', 'ssh', 'fs', 'fs.read', 'fs.write'].includes(key)
    )
      return [];
    return [
      {
        file: entry.file,
        line: entry.line,
        column: entry.column,
        condition: 'entitlement.unknown',
        severity: 'error',
        message: `There is no entitlement ${key}: bake ends with 'unknown entitlement key "${key}"'.`,
        needs: {},
        remedy: [
          'Leave it out. The entitlements are network.host, security.insecure and device; bake has fs.read=PATH and fs.write=PATH besides.',
        ],
      },
    ];
  });
}

/** A context outside of the directory in which bake runs. */
function outside(context: string, at: Asked, command: BakeCommand | null): readonly Finding[] {
  if (
    command === null ||
    command.open ||
    isRemote(context) ||
    context.includes('${') ||
    !/^\.\.(?:\/|$)|^\//.test(joined('.', context))
  )
    return [];
  if (
    command.environment.get('BUILDX_BAKE_ENTITLEMENTS_FS')?.text === '0' ||
    command.allow.some(({ value }) => /^fs(?:\.read)?(?:=|$)/.test(value))
  )
    return [];
  return [
    {
      file: at.file,
      line: at.line,
      column: at.column,
      condition: 'entitlement.not-requested',
      severity: 'error',
      message: `The context ${context} lies outside of the working directory, and the command line does not allow to read it: bake ends with "additional privileges requested".`,
      needs: { flag: `--allow fs.read=${context}` },
      remedy: [`Add --allow fs.read=${context} to docker buildx bake.`],
    },
  ];
}

const COMPOSE_BUILD = new Set(
  'context dockerfile dockerfile_inline entitlements args ssh labels cache_from cache_to no_cache additional_contexts network provenance sbom pull target shm_size extra_hosts isolation privileged secrets tags ulimits platforms'.split(
    ' ',
  ),
);

function composeService({ file, at }: Target, command: BakeCommand | null): TargetBuild {
  const build = field(at, 'build');
  const short = textOf(build);
  const list = (name: string): readonly Asked[] =>
    items(field(build, name)).map((item) => asked(file, item, isMap(item) ? mapText(item) : undefined));
  const pairs = (name: string): readonly Asked[] =>
    isMap(field(build, name))
      ? fields(field(build, name)).map((entry) => asked(file, entry, `${entry.key}=${textOf(entry) ?? ''}`))
      : list(name);
  const values = (name: string): readonly Asked[] => {
    if (name === 'build-arg')
      return pairs('args').map((entry) => ({ ...entry, known: entry.known && entry.value.includes('=') }));
    if (name === 'build-context') return pairs('additional_contexts');
    if (name === 'platform') return list('platforms');
    if (name === 'label') return pairs('labels');
    return exists(field(build, name)) ? [asked(file, field(build, name))] : [];
  };
  const network = exists(field(build, 'network')) ? asked(file, field(build, 'network')) : undefined;
  const context = short ?? textOf(field(build, 'context')) ?? '.';
  const { secrets, findings } = composeSecrets(file, build);
  const entitlements = network?.value === 'host' ? [{ ...network, value: 'network.host' }] : [];
  const request = requestFrom({ name: '', file, at }, command, {
    context,
    dockerfile: exists(field(build, 'dockerfile_inline')) ? null : (textOf(field(build, 'dockerfile')) ?? 'Dockerfile'),
    values,
    network,
    allow: entitlements,
    secrets,
    ssh: list('ssh'),
    outputs: [],
  });
  const ignored = ['privileged', 'entitlements'].flatMap((key) =>
    exists(field(build, key)) ? [ignoredAttribute(file, field(build, key), key)] : [],
  );
  const refused = fields(build)
    .filter(({ key }) => !COMPOSE_BUILD.has(key) && !key.startsWith('x-'))
    .map(
      (entry): Finding => ({
        ...placeAt(file, entry),
        condition: 'build.opt-invalid',
        severity: 'error',
        message: `build has no property ${entry.key}: Compose ends with "additional properties '${entry.key}' not allowed".`,
        needs: {},
        remedy: [`Remove ${entry.key} from build; what it says to the running service stands beside build.`],
      }),
    );
  return { request, findings: [...findings, ...ignored, ...refused, ...privileges(entitlements, command, file)] };
}

/** Secrets of a service's build, with where their values come from; those that nothing declares. */
function composeSecrets(
  file: TargetFile,
  build: Cursor,
): { readonly secrets: readonly Asked[]; readonly findings: readonly Finding[] } {
  const secrets: Asked[] = [];
  const findings: Finding[] = [];
  for (const item of items(field(build, 'secrets'))) {
    const name = textOf(item) ?? textOf(field(item, 'source'));
    if (name === null) continue;
    const declared = fieldAt(file.root, 'secrets', name);
    if (!exists(declared)) {
      findings.push({
        ...placeAt(file, item),
        condition: 'build.secret-invalid',
        severity: 'error',
        message: `The build uses the secret ${name}, and nothing under secrets declares it: Compose ends with "refers to undefined build secret ${name}".`,
        needs: {},
        remedy: [`Add ${name} with file: or environment: under secrets at the end of the file.`],
      });
      secrets.push({ ...asked(file, item, `id=${name}`), known: false });
      continue;
    }
    const id = textOf(field(item, 'target')) ?? name;
    const from = textOf(field(declared, 'file'));
    const variable = textOf(field(declared, 'environment'));
    // What Compose does not read itself comes from elsewhere.
    const value = from !== null ? `id=${id},src=${from}` : `id=${id},env=${variable ?? id}`;
    secrets.push(asked(file, item, value));
  }
  return { secrets, findings };
}
