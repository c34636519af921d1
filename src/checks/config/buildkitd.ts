import { KEYS } from '../../buildkit/config/keys.ts';
import { edited, type Mend, mendOf, trialsOf } from '../../buildkit/config/mend.ts';
import type { ConfigProblem } from '../../buildkit/config/problem.ts';
import type { ConfigReading, ConfigValue } from '../../buildkit/config/read.ts';
import { joinKey, keyText, specOf } from '../../buildkit/config/schema-tree.ts';
import { NEWEST } from '../../buildkit/version.ts';
import { type ConfigFile, type ConfigText, configFile } from '../../facts/config/config-file.ts';
import { containerdWorker } from '../../facts/config/containerd-worker.ts';
import { provenanceEnv } from '../../facts/config/provenance-env.ts';
import { type Settings, settings } from '../../facts/config/settings.ts';
import { type ConfigEdit, configEdit } from '../../facts/rights/config-edit.ts';
import { rights } from '../../facts/rights/rights.ts';
import { environment } from '../../facts/target/environment.ts';
import { identity } from '../../facts/target/identity.ts';
import type { Check, Condition, Problem, Severity } from '../../model/decide.ts';
import type { Identity, UnseenReason } from '../../model/look.ts';
import type { TomlEdit } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { isNamed, mayOwn, type Rights } from '../../rights/rights.ts';
import type { ConfigEvidence } from './evidence.ts';
import { excerpt } from './excerpt.ts';
import type { ValueContext } from './value-problem.ts';
import { judgeValues } from './value-rules.ts';

/** Evidence of config/buildkitd; `access` is for a file that the target may not read. */
export interface BuildkitdEvidence extends ConfigEvidence {
  readonly access: {
    readonly uid: number;
    readonly gid: number;
    readonly mode: number;
    readonly target: { readonly uid: number; readonly gid: number };
    /** Root may change owner or mode of it for this target. */
    readonly rootMay: 'owner' | 'group' | null;
  } | null;
}

const needs = {
  config: configFile,
  settings,
  identity,
  environment,
  edit: configEdit,
  rights,
  containerd: optional(containerdWorker),
  provenance: optional(provenanceEnv),
};

const CONDITION: { readonly [kind in ConfigProblem['kind']]: Condition } = {
  syntax: 'config.toml-syntax',
  'wrong-type': 'config.wrong-type',
  newer: 'config.unknown-key',
  'letter-case': 'config.unknown-key',
  embedded: 'config.deprecated-key',
  misspelt: 'config.unknown-key',
  unquoted: 'config.unknown-key',
  invented: 'config.unknown-key',
  empty: 'config.unknown-key',
  unknown: 'config.unknown-key',
  misplaced: 'config.misplaced-key',
  deprecated: 'config.deprecated-key',
  'no-effect': 'config.deprecated-key',
};
/** More problems of one file than anybody reads. */
const MOST = 100;

export const configBuildkitd: Check<typeof needs, BuildkitdEvidence> = {
  id: 'config/buildkitd',
  title: 'buildkitd understands its configuration file',
  why: 'buildkitd exits at a value of the wrong type, and ignores a key that it does not know without a word: a build then runs with other settings than those written down.',
  decides: true,
  conditions: [
    'config.unreadable',
    'config.toml-syntax',
    'config.wrong-type',
    'config.unknown-key',
    'config.misplaced-key',
    'config.invalid-value',
    'config.bad-address',
    'config.deprecated-key',
    'config.other-file',
    'config.overridden',
    'snapshotter.name-mismatch',
    'runtime.no-worker',
  ],
  needs,
  examine(facts) {
    const { config } = facts;
    const problems: Problem<BuildkitdEvidence>[] = [];
    const unseen: UnseenReason[] = [];
    if (config.unseen !== null) unseen.push(config.unseen);
    problems.push(...fileProblems(config, facts.rights, facts.identity));
    const context = contextOf(facts);
    problems.push(...textProblems(config, facts.edit, context));
    problems.push(...valueProblems(facts, context));
    problems.push(...defaultFileProblems(config));
    problems.push(...elsewhereProblems(config, facts.identity.mode));
    problems.push(...overrides(facts));
    problems.push(...provenanceProblems(facts));
    const sorted = [...problems].sort((a, b) => rank(a.severity) - rank(b.severity));
    const left = sorted.length - MOST;
    return { problems: left > 0 ? [...sorted.slice(0, MOST), rest(config, left)] : inOrder(problems), unseen };
  },
};

const rank = (severity: Severity): number => (severity === 'error' ? 0 : severity === 'warning' ? 1 : 2);
/** What stops buildkitd first; else as in the file. */
const inOrder = (problems: readonly Problem<BuildkitdEvidence>[]): readonly Problem<BuildkitdEvidence>[] => {
  const place = ({ evidence, severity }: Problem<BuildkitdEvidence>): number =>
    (severity === 'error' ? 0 : 1e9) + (evidence.line ?? 0);
  return [...problems].sort((a, b) => place(a) - place(b));
};

const blank = (path: string): BuildkitdEvidence => ({
  key: null,
  line: null,
  column: null,
  path,
  versions: null,
  prints: null,
  changes: null,
  consequence: null,
  alone: false,
  advice: null,
  edit: null,
  access: null,
});

function rest({ path }: ConfigFile, left: number): Problem<BuildkitdEvidence> {
  return {
    condition: 'config.unknown-key',
    severity: 'info',
    subject: path,
    message: `${path} has ${left} more such problems.`,
    evidence: blank(path),
  };
}

function fileProblems(
  { path, odd, unreadable, stat }: ConfigText,
  rights: Rights,
  { target, mode }: Identity,
): readonly Problem<BuildkitdEvidence>[] {
  if (odd !== null)
    return [
      {
        condition: 'config.unreadable',
        severity: 'error',
        subject: path,
        message: `${path} is ${ODD[odd]}`,
        evidence: {
          ...blank(path),
          advice: `Put a file at ${path}, or nothing: without it buildkitd takes its defaults.`,
        },
      },
    ];
  if (unreadable === null) return [];
  // Only what can be nothing but a configuration of root's: a mistyped --config must not open /etc/shadow.
  const roots = mode === 'rootless' && stat?.uid === 0 && stat.gid === 0 && path.endsWith('.toml');
  const rootMay = !roots || !mayOwn(path, rights) ? null : isNamed(path, rights.named) ? 'group' : 'owner';
  return [
    {
      condition: 'config.unreadable',
      severity: 'error',
      subject: path,
      message: `buildkitd may not read its configuration, and does not start: ${unreadable.why}`,
      evidence: {
        ...blank(path),
        prints: `failed to load config from ${path}`,
        advice: `Let the account that runs buildkitd read ${path}, or remove it: without it buildkitd takes its defaults.`,
        access:
          stat === null
            ? null
            : { uid: stat.uid, gid: stat.gid, mode: stat.mode, target: { uid: target.uid, gid: target.gid }, rootMay },
      },
    },
  ];
}

const ODD: { readonly [kind in NonNullable<ConfigText['odd']>]: string } = {
  directory: 'a directory; buildkitd cannot read it and does not start.',
  fifo: 'a pipe; buildkitd waits for somebody to write into it and does not start.',
  character: 'a device; buildkitd reads it without end and does not start.',
  block: 'a disk; buildkitd would read all of it and does not start.',
  socket: 'a socket; buildkitd cannot open it and does not start.',
};

function textProblems(
  config: ConfigText,
  edit: ConfigEdit | null,
  context: ValueContext,
): readonly Problem<BuildkitdEvidence>[] {
  const text = config.file?.text ?? '';
  const lines = text.split('\n');
  const mends = edit === null ? new Map<ConfigProblem, Mend>() : mendsOf(config, text, context);
  return config.content.problems.map((problem): Problem<BuildkitdEvidence> => {
    const { kind, key, line, column, versions, prints, stops, inner } = problem;
    const mend = mends.get(problem) ?? null;
    const severity = severityOf(problem);
    const words = versions === null ? problem.message : `${problem.message} This concerns ${versions}.`;
    const shown = kind === 'syntax' ? ` ${excerpt(lines[line - 1] ?? '', specOf(problem.path) !== null)}` : '';
    const printed = stops && kind === 'wrong-type' && /^\S.*\S$/.test(prints) ? ` It prints: ${prints}` : '';
    return {
      condition: CONDITION[kind],
      severity,
      subject: inner || key !== '' ? key : `${config.path}:${line}`,
      message: `${config.path}:${line}${kind === 'syntax' ? `:${column}` : ''}: ${words}${shown}${printed}`,
      evidence: {
        ...blank(config.path),
        key,
        line,
        column,
        versions,
        prints: prints || null,
        changes: mend?.changes ?? null,
        consequence: mend?.consequence ?? null,
        alone: problem.below.length > 0,
        advice: adviceFor(problem),
        edit: mend === null ? null : edit,
      },
    };
  });
}

/** What can be mended, so that all that costs nothing can be done at once: last first, as the fix does. */
function mendsOf({ content }: ConfigText, text: string, context: ValueContext): ReadonlyMap<ConfigProblem, Mend> {
  const mends = new Map<ConfigProblem, Mend>();
  const tried = trialsOf(text);
  const set = new Set(content.values.map(({ path }) => joinKey(path)));
  const newest = content.releases.at(-1) ?? NEWEST;
  let together = text;
  for (const problem of content.problems.toReversed().slice(0, MOST)) {
    const mend = problem.stops ? null : mendOf(problem, set, newest);
    if (mend === null) continue;
    const costsNothing = mend.consequence === null && problem.below.length === 0;
    const after = tried(costsNothing ? together : text, mend.changes);
    if (after === null || wouldStop(problem, content, context)) continue;
    if (costsNothing) together = after;
    mends.set(problem, mend);
  }
  return mends;
}

/** Would what nothing reads now stop buildkitd, once it is read? */
function wouldStop(
  { to, value, below, line, column }: ConfigProblem,
  content: ConfigReading,
  context: ValueContext,
): boolean {
  if (to === null) return false;
  const added = (value === undefined ? below : [{ path: [], value }]).flatMap((entry): readonly ConfigValue[] => {
    const path = [...to, ...entry.path];
    return entry.value === undefined
      ? []
      : [{ path, written: path, value: entry.value, raw: '', line, column, itemLines: [] }];
  });
  const keys = new Set(added.map(({ path }) => keyText(path)));
  const judged = judgeValues({ ...content, values: [...content.values, ...added] }, context);
  return judged.some(({ effect, key }) => effect === 'stops' && keys.has(key));
}

function severityOf({ kind, stops, versions, inner }: ConfigProblem): Severity {
  if (stops) return versions === null ? 'error' : 'warning';
  const unsure = versions !== null && (kind === 'newer' || kind === 'letter-case');
  return inner || unsure || kind === 'deprecated' ? 'info' : 'warning';
}

function adviceFor({ kind, to, key, written }: ConfigProblem): string | null {
  const real = to === null ? null : keyText(to);
  switch (kind) {
    case 'syntax':
      return 'Correct that line; nothing in the file counts until then.';
    case 'wrong-type':
      return `Write ${key} with a value of the right type, or remove it.`;
    case 'newer':
      return `Remove ${key}, or install a newer BuildKit.`;
    case 'empty':
    case 'unknown':
      return `Remove ${keyText(written)}: it does nothing.`;
    case 'invented':
      return real === null ? `Remove ${keyText(written)}: it does nothing.` : `Write it as ${real}, or remove it.`;
    case 'misplaced':
    case 'misspelt':
    case 'letter-case':
    case 'embedded':
    case 'unquoted':
    case 'deprecated':
      return real === null ? `Remove ${keyText(written)}: it does nothing.` : `Write it as ${real}.`;
    case 'no-effect':
      return `Remove ${key}.`;
  }
}

type Facts = Parameters<typeof configBuildkitd.examine>[0];

/** Flags and variables that win over a key, besides the flag of the key itself. */
const ALSO: { readonly [key: string]: readonly string[] } = {
  'log.level': ['debug', 'trace'],
  'worker.oci.rootless': ['rootless'],
  'worker.containerd.rootless': ['rootless'],
};
const VARIABLES: { readonly [key: string]: string } = {
  'log.level': 'BUILDKITD_LOG_LEVEL',
  'grpc.debugAddress': 'BUILDKITD_DEBUGADDR',
};

function overriddenBy(
  key: string,
  { flags, root, addresses }: Settings,
  values: { readonly [name: string]: string },
): string | null {
  const spec = KEYS.find((candidate) => candidate.key === key);
  if (spec === undefined || spec.type === 'text-table') return null;
  for (const flag of [...(spec.flag === undefined ? [] : [spec.flag]), ...(ALSO[key] ?? [])])
    if (flags[flag] !== undefined) return `the flag --${flag}`;
  const variable = VARIABLES[key];
  if (variable !== undefined && values[variable]) return `the variable ${variable}`;
  if (key === 'root' && root.source === 'option') return 'the option --root';
  if (key === 'grpc.address' && addresses.source === 'option') return 'the option --address';
  return null;
}

function contextOf({
  settings: options,
  environment: { values },
  identity: { mode },
  containerd,
}: Facts): ValueContext {
  const worker = containerd.value;
  return {
    overridden: (key) => overriddenBy(key, options, values) !== null,
    ociOff: options.oci.enabled.value === false,
    containerd: worker === undefined ? options.containerd.enabled.value === true : worker.usable || worker.required,
    rootless: mode === 'rootless' ? !isFalse(options.flags.rootless) : options.oci.rootless.value,
    noProcessSandboxByFlag:
      options.flags['oci-worker-no-process-sandbox'] === undefined ? null : options.oci.noProcessSandbox.value,
  };
}

function valueProblems(facts: Facts, context: ValueContext): readonly Problem<BuildkitdEvidence>[] {
  const { config, settings: options, edit } = facts;
  const { content } = config;
  const { ociOff } = context;
  const worker = facts.containerd.value;
  const out: Problem<BuildkitdEvidence>[] = [];
  const judged = judgeValues(content, context);
  const text = config.file?.text ?? '';
  for (const problem of judged) {
    const { condition, effect, key, written, line, message, versions, instead } = problem;
    const changes: TomlEdit[] | null = instead === null ? null : [{ change: 'set', path: written, value: instead }];
    const possible = changes !== null && edit !== null && edited(text, changes) !== null;
    out.push({
      condition,
      severity: effect === 'stops' && versions === null ? 'error' : effect === 'note' ? 'info' : 'warning',
      subject: keyText(written),
      message: `${config.path}:${line}: ${message}${versions === null ? '' : ` This concerns ${versions}.`}`,
      evidence: {
        ...blank(config.path),
        key,
        line,
        versions,
        prints: problem.prints || null,
        changes: possible ? changes : null,
        advice: problem.advice,
        edit: possible ? edit : null,
      },
    });
  }
  const off = content.values.find(({ path }) => joinKey(path) === 'worker.oci.enabled');
  if (ociOff && off !== undefined && options.oci.enabled.source === 'file' && worker !== undefined && !worker.usable)
    out.push({
      condition: 'runtime.no-worker',
      severity: 'error',
      subject: 'worker.oci.enabled',
      message: `${config.path}:${off.line}: The OCI worker is switched off, and ${worker.why}: buildkitd finds no worker and does not start.`,
      evidence: {
        ...blank(config.path),
        key: 'worker.oci.enabled',
        line: off.line,
        prints: 'no worker found, rebuild the buildkit daemon?',
        advice: 'Remove worker.oci.enabled, or switch on a containerd that answers.',
      },
    });
  return out;
}

const isFalse = (given: readonly string[] | undefined): boolean =>
  given !== undefined && /^(0|f|false)$/i.test(given.at(-1) ?? '');

function defaultFileProblems(config: ConfigFile): readonly Problem<BuildkitdEvidence>[] {
  const other = config.defaultFile;
  if (other === null) return [];
  const out: Problem<BuildkitdEvidence>[] = [];
  const { path } = other;
  const remark = `buildkitd reads ${path} as well, before it looks at --config`;
  if (other.odd !== null && other.odd !== 'directory' && other.odd !== 'socket')
    out.push({
      condition: 'config.unreadable',
      severity: 'error',
      subject: path,
      message: `${remark}, and it is ${ODD[other.odd]}`,
      evidence: blank(path),
    });
  else if (other.odd !== null || other.unreadable !== null)
    out.push({
      condition: 'config.other-file',
      severity: 'info',
      subject: path,
      message: `${remark}; it cannot be read, and buildkitd only warns of that.`,
      evidence: blank(path),
    });
  for (const problem of other.content.problems) {
    if (!problem.stops) continue;
    out.push({
      condition: CONDITION[problem.kind],
      severity: problem.fatal ? 'error' : 'warning',
      subject: `${path}:${problem.key}`,
      message: `${path}:${problem.line}: ${problem.message} ${remark[0]?.toUpperCase()}${remark.slice(1)}.${problem.versions === null ? '' : ` This concerns ${problem.versions}.`}`,
      evidence: {
        ...blank(path),
        key: problem.key,
        line: problem.line,
        column: problem.column,
        versions: problem.versions,
        prints: problem.prints || null,
        advice: `Correct or remove ${path}.`,
      },
    });
  }
  for (const key of ['grpc.tls.cert', 'grpc.tls.key', 'grpc.tls.ca', 'grpc.gid']) {
    const entry = other.content.values.find((value) => joinKey(value.path) === key);
    if (entry === undefined || entry.value === '') continue;
    const own = config.content.values.find((value) => joinKey(value.path) === key);
    if (own?.value === entry.value) continue;
    out.push({
      condition: 'config.other-file',
      severity: 'warning',
      subject: key,
      message: `${path}:${entry.line}: ${key} of the default file counts although --config names ${config.path}${own === undefined ? '' : ', and wins over the one there'}: buildkitd takes it for the flag's default.`,
      evidence: {
        ...blank(path),
        key,
        line: entry.line,
        advice: `Remove ${key} from ${path}, or give the flag --${specOf(entry.path)?.flag ?? ''} as well.`,
      },
    });
  }
  return out;
}

function elsewhereProblems(config: ConfigFile, mode: 'rootless' | 'rootful'): readonly Problem<BuildkitdEvidence>[] {
  const missing = config.file === null && config.unreadable === null && config.odd === null && config.unseen === null;
  return config.elsewhere.map((path): Problem<BuildkitdEvidence> => {
    const other = path === '/etc/buildkit/buildkitd.toml' ? 'rootful' : 'rootless';
    const names = /\/buildkit\/buildkitd\.toml$/.test(path);
    const what = names ? `it is the place of a ${other} buildkitd` : 'no buildkitd looks there by itself';
    return {
      condition: 'config.other-file',
      // A second buildkitd in the other mode may well own that file.
      severity: missing && (mode === 'rootful' || !names) ? 'warning' : 'info',
      subject: path,
      message: `${path} is not read: ${what}. This one reads ${config.path}${missing ? ', which does not exist' : ''}.`,
      evidence: {
        ...blank(path),
        advice: missing ? `Copy it to ${config.path} if it is meant for this buildkitd.` : null,
      },
    };
  });
}

function overrides(facts: Facts): readonly Problem<BuildkitdEvidence>[] {
  const { config, settings: options } = facts;
  return config.content.values.flatMap(({ path, line }): readonly Problem<BuildkitdEvidence>[] => {
    const key = joinKey(path);
    const by = overriddenBy(key, options, facts.environment.values);
    if (by === null) return [];
    return [
      {
        condition: 'config.overridden',
        severity: 'info',
        subject: key,
        message: `${config.path}:${line}: ${key} does not count: ${by} takes its place.`,
        evidence: { ...blank(config.path), key, line },
      },
    ];
  });
}

function provenanceProblems({ config, provenance }: Facts): readonly Problem<BuildkitdEvidence>[] {
  const found = provenance.value;
  if (found == null || (found.refused === null && found.bad.length === 0)) return [];
  const entry = config.content.values.find(({ path }) => joinKey(path) === 'provenanceEnvDir');
  const what =
    found.refused !== null
      ? `the directory ${found.path} cannot be listed (${found.refused})`
      : `${found.bad.map(({ name, why }) => `${found.path}/${name}: ${why}`).join('; ')}`;
  return [
    {
      condition: 'config.invalid-value',
      severity: found.surely ? 'error' : 'warning',
      subject: 'provenanceEnvDir',
      message: `buildkitd reads the *.json files in provenanceEnvDir at its start, from v0.25.0 on, and stops: ${what}.`,
      evidence: {
        ...blank(config.path),
        key: 'provenanceEnvDir',
        line: entry?.line ?? null,
        advice: `Correct or remove what is in ${found.path}, and let the account that runs buildkitd read it.`,
      },
    },
  ];
}
