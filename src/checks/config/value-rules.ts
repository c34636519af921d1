import { KEYS } from '../../buildkit/config/keys.ts';
import type { ConfigReading, ConfigValue } from '../../buildkit/config/read.ts';
import { acrossReleases } from '../../buildkit/config/releases.ts';
import { joinKey, keyText, specOf } from '../../buildkit/config/schema-tree.ts';
import { parseSize } from '../../buildkit/sizes.ts';
import { isSince, type Release, release } from '../../buildkit/version.ts';
import { KEY_RULES, literalPath } from './key-rules.ts';
import type { FoundValue, JudgedValue, ValueContext, ValueMistake, ValueProblem } from './value-problem.ts';

const SMALL = 1_000_000;
/** Ten years; a longer time is one that was counted in smaller units. */
const LONG_SECONDS = 315_360_000;
const OVERFLOW_SECONDS = 2 ** 63 / 1e9;

/** Judges the values of a file by what surrounds it. */
export function judgeValues(reading: ConfigReading, context: ValueContext): readonly ValueProblem[] {
  const { values, releases } = reading;
  const found = acrossReleases(
    releases,
    (at) => [
      ...values.flatMap((value) => judgeValue(value, at, values, context)),
      ...judgeTogether(at, values, context),
    ],
    ({ condition, key, at, effect, written }) => [condition, key, at.line, effect, ...written].join('\0'),
  );
  return found.map(({ item, versions }) => ({ ...item, versions }));
}

function judgeValue(
  entry: ConfigValue,
  at: Release,
  values: readonly ConfigValue[],
  context: ValueContext,
): readonly FoundValue[] {
  const { path, value, items, written } = entry;
  const key = joinKey(path);
  const spec = specOf(path);
  if (spec === null || !isSince(at, release(spec.since)) || context.overridden(key)) return [];
  const judged: JudgedValue = {
    ...entry,
    release: at,
    key,
    values,
    context,
    text: typeof value === 'string' ? value : null,
    known: (spec.values ?? []).flatMap((item) =>
      typeof item === 'string' ? [item] : isSince(at, release(item.since)) ? [item.value] : [],
    ),
    off: path[0] === 'worker' && (path[1] === 'oci' ? context.ociOff : !context.containerd),
    say: (what, effect, message, more) => ({ ...foundAt(entry, what, effect, message), ...more }),
    sayOf: (index, what, effect, message, more) => ({
      ...foundAt(entry, what, effect, message),
      index,
      at: items[index] ?? entry,
      written: [...written, String(index)],
      value: Array.isArray(value) ? (value[index] ?? null) : value,
      ...more,
    }),
  };
  const found = KEY_RULES[key]?.(judged) ?? [];
  if (found.length > 0) return found;
  if (spec.type === 'size') return sizes(judged);
  if (spec.type === 'duration') return durations(judged);
  return literalPath(judged, value, null);
}

/** Something about a whole value. */
function foundAt(
  { path, written, value, line, column }: ConfigValue,
  what: ValueMistake,
  effect: FoundValue['effect'],
  message: string,
): FoundValue {
  return {
    what,
    condition: 'config.invalid-value',
    effect,
    key: keyText(path),
    written,
    at: { line, column },
    message,
    prints: '',
    value,
    index: null,
    choices: [],
  };
}

function sizes({ value: size, raw, path, say }: JudgedValue): readonly FoundValue[] {
  const parsed = typeof size === 'string' ? parseSize(size) : typeof size === 'number' ? { bytes: size } : null;
  if (parsed === null || parsed === 'unset') return [];
  if ('percent' in parsed)
    return parsed.percent >= 0 && parsed.percent <= 100
      ? []
      : [say('percentage', 'odd', `a percentage must be between 0% and 100%: ${parsed.percent}%.`)];
  if (parsed.bytes < 0) return [say('negative-size', 'odd', `a size cannot be negative: ${raw}.`)];
  if (parsed.bytes === 0 || parsed.bytes >= SMALL) return [];
  const flag = path.at(-1) === 'gckeepstorage' ? ' (only the flag counts in megabytes)' : '';
  return [
    say(
      'small-size',
      'odd',
      `${keyText(path)} is ${Math.trunc(parsed.bytes)} bytes${flag}, so that nearly all cache is deleted.`,
    ),
  ];
}

function durations({ value: duration, path, say }: JudgedValue): readonly FoundValue[] {
  const seconds = typeof duration === 'number' ? duration : null;
  if (seconds === null || seconds <= LONG_SECONDS) return [];
  const years = Math.round(seconds / 31_536_000);
  return [
    say(
      'long-time',
      'odd',
      seconds > OVERFLOW_SECONDS
        ? `${keyText(path)} counts in seconds, and ${seconds} of them are more than buildkitd can count: it takes a wrong time.`
        : `${keyText(path)} counts in seconds; this is ${years} years.`,
    ),
  ];
}

/** What only several keys together tell. */
function judgeTogether(at: Release, values: readonly ConfigValue[], context: ValueContext): readonly FoundValue[] {
  const byKey = new Map(values.map((value) => [joinKey(value.path), value]));
  const sandbox = byKey.get('worker.oci.noProcessSandbox');
  const refused =
    sandbox?.value === true && context.noProcessSandboxByFlag !== false && !context.rootless && !context.ociOff;
  return [
    ...(sandbox !== undefined && refused
      ? [
          {
            ...foundAt(
              sandbox,
              'sandbox-rootful',
              'stops',
              'noProcessSandbox works only in rootless mode; without it buildkitd does not start.',
            ),
            prints: "can't enable NoProcessSandbox without Rootless",
          },
        ]
      : []),
    ...['oci', 'containerd'].flatMap((worker) => judgeCollection(worker, at, byKey, values, context)),
  ];
}

/** Limits of garbage collection that something else puts out of force. */
function judgeCollection(
  worker: string,
  at: Release,
  byKey: ReadonlyMap<string, ConfigValue>,
  values: readonly ConfigValue[],
  context: ValueContext,
): readonly FoundValue[] {
  const prefix = `worker.${worker}`;
  const policy = values.find(({ path }) => path[0] === 'worker' && path[1] === worker && path[2] === 'gcpolicy');
  const isFalse = byKey.get(`${prefix}.gc`)?.value === false;
  const off = isFalse && !context.overridden(`${prefix}.gc`);
  const limits = ['reservedSpace', 'maxUsedSpace', 'minFreeSpace', 'gckeepstorage'].flatMap((name) => {
    const entry = byKey.get(`${prefix}.${name}`);
    const spec = KEYS.find(({ key }) => key === `${prefix}.${name}`);
    if (entry === undefined || spec === undefined || !isSince(at, release(spec.since))) return [];
    if (off) return [foundAt(entry, 'gc-off', 'note', `${name} has no effect while gc is false.`)];
    if (policy === undefined || isFalse) return [];
    const why = `the rules in [[${prefix}.gcpolicy]] take the place of the built-in ones`;
    return [foundAt(entry, 'gc-rules', 'odd', `${name} has no effect: ${why}.`)];
  });
  if (!off || policy === undefined) return limits;
  const rules = `The rules in [[${prefix}.gcpolicy]] have no effect while gc is false.`;
  return [...limits, foundAt(policy, 'gc-off', 'note', rules)];
}
