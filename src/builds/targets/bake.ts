import { field, fields, isMap, items, textOf } from '../../documents/tree.ts';
import { isRemote } from '../commands/docker.ts';
import type { Finding } from '../model/finding.ts';
import type { Asked } from '../model/request.ts';
import type { BakeCommand } from './bake-command.ts';
import { outside, privileges, unknownAllowed } from './bake-entitlements.ts';
import { isCovered, setFindings, setsFor, type TargetSets } from './bake-sets.ts';
import { type BakeTargets, bakeTargets, type Setting } from './bake-values.ts';
import { composeTargets, serviceBuild } from './compose.ts';
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

/** What bake reads without being told, in its order. */
const DEFAULT_FILES = [
  'compose.yaml',
  'compose.yml',
  'docker-compose.yml',
  'docker-compose.yaml',
  'docker-bake.json',
  'docker-bake.hcl',
  'docker-bake.override.json',
  'docker-bake.override.hcl',
];

/** The builds that a bake command starts; all targets of bake's own files where there is no command. */
export function bakeBuilds(
  command: BakeCommand | null,
  all: readonly TargetFile[],
  setting: Setting,
  find: FindFile,
): TargetBuilds {
  const chosen = filesOf(command, all, find);
  const remote = command?.targets.find(({ text }) => isRemote(text));
  if (chosen.length === 0 || remote !== undefined)
    return { builds: [], findings: command === null ? [] : unknownAllowed(command), files: chosen };
  const withSets: Setting = (name) => valueGiven(name, command) ?? setting(name);
  const read = readTargets(chosen, withSets);
  const whole = command === null || command.files.length === 0 || command.files.length === chosen.length;
  // What a file that is not at hand adds is not known.
  const partly = command === null || whole ? command : { ...command, open: true };
  const complete = isComplete(command, chosen, read);
  const { names, missing } = wantedNames(command, chosen, read);
  const lost = command === null || !complete ? [] : missing;
  return {
    builds: names.flatMap((name) => {
      const target = read.targets.get(name);
      return target === undefined ? [] : [buildOf(target, read.targets, partly)];
    }),
    findings: [
      ...(command === null ? [] : unknownAllowed(command)),
      ...(command === null ? [] : setFindings(command, read.targets.keys(), complete)),
      ...lost.map(({ at, name }) => targetMissing(at, name, read.targets.keys())),
      ...(complete ? names.flatMap((name) => brokenLinks(name, read.targets)) : []),
    ],
    files: chosen,
  };
}

function filesOf(command: BakeCommand | null, all: readonly TargetFile[], find: FindFile): readonly TargetFile[] {
  if (command === null) return all.filter(({ form }) => form === 'bake');
  if (command.files.length > 0) return command.files.flatMap(({ value }) => find(value) ?? []);
  return DEFAULT_FILES.flatMap((name) => find(name) ?? []);
}

/** What the command itself sets a variable to; null where it does not. */
function valueGiven(name: string, command: BakeCommand | null): ReturnType<Setting> | null {
  const given = command?.variables.findLast(({ value }) => value.startsWith(`${name}=`));
  if (given !== undefined) return given.known ? { value: given.value.slice(name.length + 1) } : 'unknown';
  const before = command?.environment.get(name);
  return before === undefined ? null : before.known ? { value: before.text } : 'unknown';
}

function readTargets(chosen: readonly TargetFile[], setting: Setting): BakeTargets {
  const ofBake = bakeTargets(
    chosen.filter(({ form }) => form === 'bake'),
    setting,
  );
  const services = composeTargets(
    chosen.filter(({ form }) => form === 'compose'),
    setting,
  );
  const groups = new Map(ofBake.groups);
  if (services.size > 0) groups.set('default', [...services.keys(), ...(groups.get('default') ?? [])]);
  return { targets: new Map([...services, ...ofBake.targets]), groups, complete: ofBake.complete };
}

/** Whether all files that the command reads were seen, so that what they lack is not there. */
function isComplete(command: BakeCommand | null, chosen: readonly TargetFile[], { complete }: BakeTargets): boolean {
  return (
    complete &&
    command !== null &&
    !command.open &&
    chosen.every(({ root }) => fields(root).length > 0) &&
    (command.files.length === 0 || command.files.length === chosen.length)
  );
}

interface Missing {
  readonly name: string;
  readonly at: { readonly file: string; readonly line: number; readonly column: number };
}

/** The targets that are built, with those that they take files from; and names that stand for none. */
function wantedNames(
  command: BakeCommand | null,
  chosen: readonly TargetFile[],
  { targets, groups }: BakeTargets,
): { readonly names: readonly string[]; readonly missing: readonly Missing[] } {
  const names = new Set<string>();
  const missing: Missing[] = [];
  const take = (name: string, at: Missing['at'], seen: ReadonlySet<string>): void => {
    const members = groups.get(name);
    // A target may have the name of its group.
    if (members !== undefined && !seen.has(name))
      for (const member of members) take(member, at, new Set([...seen, name]));
    else if (targets.has(name)) names.add(name);
    else if (members === undefined) missing.push({ name, at });
  };
  const [first] = chosen;
  const at =
    command === null
      ? { file: first?.path ?? '', line: 1, column: 1 }
      : { file: command.file, line: command.program.line, column: command.program.column };
  if (command === null) for (const name of targets.keys()) names.add(name);
  else if (command.targets.length === 0) take('default', at, new Set());
  else
    for (const word of command.targets.filter(({ known }) => known)) {
      const place = { file: command.file, line: word.line, column: word.column };
      if (!word.text.includes('*')) take(word.text, place, new Set());
      else
        for (const name of new Set([...groups.keys(), ...targets.keys()]))
          if (isCovered(word.text, name)) take(name, place, new Set());
    }
  for (const name of names) for (const linked of linksOf(targets.get(name))) if (targets.has(linked)) names.add(linked);
  return { names: [...names], missing };
}

function targetMissing(at: Missing['at'], name: string, known: Iterable<string>): Finding {
  const names = [...known];
  return {
    ...at,
    condition: 'build.target-missing',
    severity: 'error',
    message: `The files describe no target ${name}: bake ends with "failed to find target ${name}".`,
    needs: {},
    remedy: [
      name === 'default' && names.length > 0
        ? `Name a target (${names.slice(0, 5).join(', ')}), or add a group "default".`
        : 'Name a target or a group of the file.',
    ],
  };
}

/** Targets that others are said to inherit or to take files from, and that are not there or lead back. */
function brokenLinks(name: string, targets: ReadonlyMap<string, Target>): readonly Finding[] {
  const target = targets.get(name);
  const lost = (target?.definitions ?? []).flatMap((definition) =>
    [...items(field(definition.at, 'inherits'))].flatMap((at) => {
      const parent = textOf(at) ?? '';
      return parent.includes('${') || targets.has(parent)
        ? []
        : [targetMissing(placeAt({ file: definition.file, at }), parent, [])];
    }),
  );
  const [own] = target?.definitions ?? [];
  const seen = new Set<string>();
  const queue = [...linksOf(target)];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (next === name && own !== undefined)
      return [
        ...lost,
        {
          ...placeAt(own),
          condition: 'build.target-missing',
          severity: 'error',
          message: `The target ${name} takes files from itself: bake ends with "target ${name} cannot link to itself" or "infinite loop".`,
          needs: {},
          remedy: ['Take the files from a target that does not need this one.'],
        },
      ];
    if (seen.has(next)) continue;
    seen.add(next);
    queue.push(...linksOf(targets.get(next)));
  }
  return lost;
}

/** Targets that another one takes files from. */
function linksOf(target: Target | undefined): readonly string[] {
  return (target?.definitions ?? []).flatMap(({ at }) =>
    fields(field(at, 'contexts')).flatMap((context) => /^target:(.+)$/.exec(textOf(context) ?? '')?.[1] ?? []),
  );
}

const KNOWN = new Set(
  'inherits annotations attest args cache-from cache-to call context contexts description dockerfile-inline dockerfile entitlements extra-hosts labels matrix name network no-cache-filter no-cache output platforms policy pull resources secret shm-size ssh tags target ulimits'.split(
    ' ',
  ),
);

function buildOf(target: Target, targets: ReadonlyMap<string, Target>, command: BakeCommand | null): TargetBuild {
  const [definition] = target.definitions;
  if (definition?.file.form === 'compose')
    return withPrivileges(serviceBuild(target, 'bake', command), setsFor(target.name, command), command, []);
  return bakeTarget(target, targets, command);
}

/** The definitions of a target and of those that it inherits from, what counts most first. */
function lineage(
  target: Target,
  targets: ReadonlyMap<string, Target>,
  seen = new Set<string>(),
): readonly Definition[] {
  if (seen.has(target.name)) return [];
  seen.add(target.name);
  const parents = target.definitions
    .toReversed()
    .flatMap(({ at }) => items(field(at, 'inherits')).map((item) => textOf(item) ?? ''));
  return [
    ...target.definitions,
    ...parents.toReversed().flatMap((name) => {
      const parent = targets.get(name);
      return parent === undefined ? [] : lineage(parent, targets, seen);
    }),
  ];
}

/** The values of a target's keys, with what the command line sets in their place. */
function valuesOf(line: readonly Definition[], sets: TargetSets) {
  const at = (key: string): readonly Definition[] =>
    having(line.map(({ file, at: block }) => ({ file, at: field(block, key) })));
  const one = (key: string): Asked | null => {
    const set = sets.all(key)?.values.at(-1);
    if (set !== undefined) return set;
    const [first] = at(key);
    return first === undefined ? null : askedAt(first);
  };
  /** Lists of which the nearest counts, and those that grow from one definition to the next. */
  const list = (key: string, grows: boolean, set = key): readonly Asked[] => {
    const written = grows ? at(key).toReversed().flatMap(listAt) : at(key).slice(0, 1).flatMap(listAt);
    const given = sets.all(set);
    return given === null
      ? written
      : given.appends || set === 'entitlements'
        ? [...written, ...given.values]
        : given.values;
  };
  const pairs = (key: string): readonly Asked[] => [
    ...at(key)
      .toReversed()
      .flatMap((found) => pairsAt(found)),
    ...sets.named(key),
  ];
  const isOpen = (key: string): boolean =>
    at(key).some(({ at: found }) => !isMap(found) && found.node?.kind === 'scalar');
  return { at, one, list, pairs, isOpen };
}

function bakeTarget(target: Target, targets: ReadonlyMap<string, Target>, command: BakeCommand | null): TargetBuild {
  const sets = setsFor(target.name, command);
  const line = lineage(target, targets);
  const values = valuesOf(line, sets);
  const network = values.one('network');
  const written = values.list('entitlements', true);
  const linked = linksOf(target).flatMap((name) => {
    const other = targets.get(name);
    return other === undefined
      ? []
      : valuesOf(lineage(other, targets), setsFor(name, command)).list('entitlements', true);
  });
  const entitlements = [
    ...written,
    ...linked,
    ...(network?.value === 'host' ? [{ ...network, value: 'network.host' }] : []),
  ];
  const context = values.one('context');
  const [own] = target.definitions;
  const outputs = values.list('output', false);
  const request = requestFrom({
    client: 'bake',
    at: own === undefined ? { file: '', line: 1, column: 1 } : placeAt(own),
    context: context?.value ?? '.',
    dockerfile: values.at('dockerfile-inline').length > 0 ? null : values.one('dockerfile')?.value || 'Dockerfile',
    target: values.one('target'),
    platforms: values.list('platforms', false, 'platform'),
    args: values.pairs('args'),
    contexts: values.pairs('contexts'),
    labels: values.pairs('labels'),
    network,
    allow: entitlements,
    secrets: values.list('secret', true, 'secrets'),
    ssh: values.list('ssh', true),
    outputs,
    pushes: command?.pushes ?? null,
    tags: values.list('tags', false),
    exportCaches: values.list('cache-to', false),
    importCaches: values.list('cache-from', true),
    open:
      command === null ||
      command.open ||
      ['args', 'contexts', 'entitlements', 'secret', 'ssh'].some(values.isOpen) ||
      entitlements.some(({ known }) => !known),
    environment: command?.environment ?? new Map(),
    builder: command?.builder ?? null,
    directory: command === null ? directoryOf(own?.file.path ?? '') : '.',
  });
  const stray = target.definitions.flatMap(({ file, at }) =>
    fields(at)
      .filter(({ key }) => !KNOWN.has(key))
      .map((entry) => ignoredAttribute({ file, at: entry }, entry.key)),
  );
  const paths = [
    ...(context === null ? [] : [context]),
    ...values.pairs('contexts').map((pair) => ({ ...pair, value: pair.value.replace(/^[^=]*=/s, '') })),
  ];
  return withPrivileges({ request, findings: stray }, sets, command, paths);
}

/** A build with what its command line has to allow. */
function withPrivileges(
  { request, findings }: TargetBuild,
  sets: TargetSets,
  command: BakeCommand | null,
  paths: readonly Asked[],
): TargetBuild {
  const given = ['entitlements', 'cache-from', 'cache-to', 'secrets', 'ssh', 'output'].flatMap(
    (key) => sets.all(key)?.values ?? [],
  );
  return {
    request,
    findings: [
      ...findings,
      ...privileges(request.allow, command, sets.all('entitlements')?.values ?? []),
      ...outside(request, paths, command, given),
    ],
  };
}

export const directoryOf = (path: string): string =>
  path.replace(/\/?[^/]*$/, '') || (path.startsWith('/') ? '/' : '.');

function ignoredAttribute(definition: Definition, key: string): Finding {
  return {
    ...placeAt(definition),
    condition: 'build.opt-ignored',
    severity: 'warning',
    message: `There is no attribute ${key} of a target: bake silently ignores it.`,
    needs: {},
    remedy: [
      /^(?:privileged|devices|cap_add|security_opt)$/.test(key)
        ? 'Write RUN --security=insecure in the Dockerfile for the step that needs it, entitlements = ["security.insecure"] here, and --allow security.insecure on the command line.'
        : `Leave out ${key}.`,
    ],
  };
}
