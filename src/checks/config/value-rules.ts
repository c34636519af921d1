import { KEYS } from '../../buildkit/config/keys.ts';
import type { ConfigReading, ConfigValue } from '../../buildkit/config/read.ts';
import { acrossReleases } from '../../buildkit/config/releases.ts';
import { joinKey, keyText, specOf } from '../../buildkit/config/schema-tree.ts';
import { parseSize } from '../../buildkit/sizes.ts';
import { isSince, type Release, release } from '../../buildkit/version.ts';
import type { Condition } from '../../model/decide.ts';
import { KEY_RULES, literalPath } from './key-rules.ts';
import type { FoundValue, JudgedValue, ValueContext, ValueProblem } from './value-problem.ts';

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
    ({ condition, key, line, effect, written }) => [condition, key, line, effect, ...written].join('\0'),
  );
  return found.map(({ item, versions }) => ({ ...item, versions }));
}

function judgeValue(
  entry: ConfigValue,
  at: Release,
  values: readonly ConfigValue[],
  context: ValueContext,
): readonly FoundValue[] {
  const { path, value, written, line } = entry;
  const key = joinKey(path);
  const spec = specOf(path);
  if (spec === null || !isSince(at, release(spec.since)) || context.overridden(key)) return [];
  const judged: JudgedValue = {
    ...entry,
    at,
    key,
    values,
    context,
    text: typeof value === 'string' ? value : null,
    known: (spec.values ?? []).flatMap((item) =>
      typeof item === 'string' ? [item] : isSince(at, release(item.since)) ? [item.value] : [],
    ),
    off: path[0] === 'worker' && (path[1] === 'oci' ? context.ociOff : !context.containerd),
    say: (condition, effect, message, more = {}) => ({
      condition,
      effect,
      key: keyText(path),
      written,
      line,
      message,
      prints: '',
      instead: null,
      advice: null,
      ...more,
    }),
  };
  const found = KEY_RULES[key]?.(judged) ?? [];
  if (found.length > 0) return found;
  if (spec.type === 'size') return sizes(judged);
  if (spec.type === 'duration') return durations(judged);
  return literalPath(judged, value, null);
}

function sizes({ value: size, raw, path, at, say }: JudgedValue): readonly FoundValue[] {
  const parsed = typeof size === 'string' ? parseSize(size) : typeof size === 'number' ? { bytes: size } : null;
  if (parsed === null || parsed === 'unset') return [];
  if ('percent' in parsed)
    return parsed.percent >= 0 && parsed.percent <= 100
      ? []
      : [
          say('config.invalid-value', 'odd', `${parsed.percent} percent of a file system is not possible.`, {
            advice: 'Write a percentage from "0%" to "100%".',
          }),
        ];
  if (parsed.bytes < 0)
    return [say('config.invalid-value', 'odd', `${raw} bytes are less than nothing.`, { advice: 'Write a size.' })];
  if (parsed.bytes === 0 || parsed.bytes >= SMALL) return [];
  const flag = path.at(-1) === 'gckeepstorage' ? ' (only the flag counts in megabytes)' : '';
  const wish = isSince(at, [0, 12, 0]) ? `"${Math.trunc(parsed.bytes)}MB"` : `${Math.trunc(parsed.bytes)}000000`;
  return [
    say(
      'config.invalid-value',
      'odd',
      `${keyText(path)} is ${Math.trunc(parsed.bytes)} bytes${flag}, so that nearly all cache is deleted.`,
      {
        advice: `Write ${wish} if megabytes were meant.`,
      },
    ),
  ];
}

function durations({ value: duration, path, at, say }: JudgedValue): readonly FoundValue[] {
  const seconds = typeof duration === 'number' ? duration : null;
  if (seconds === null || seconds <= LONG_SECONDS) return [];
  const years = Math.round(seconds / 31_536_000);
  return [
    say(
      'config.invalid-value',
      'odd',
      seconds > OVERFLOW_SECONDS
        ? `${keyText(path)} counts in seconds, and ${seconds} of them are more than buildkitd can count: it takes a wrong time.`
        : `${keyText(path)} counts in seconds; this is ${years} years.`,
      {
        advice: `Write the time in seconds${isSince(at, [0, 12, 0]) ? ', or as text such as "48h"' : ''}.`,
      },
    ),
  ];
}

/** What only several keys together tell. */
function judgeTogether(at: Release, values: readonly ConfigValue[], context: ValueContext): readonly FoundValue[] {
  const byKey = new Map(values.map((value) => [joinKey(value.path), value]));
  const out: FoundValue[] = [];
  const at0 = (key: string): ConfigValue | undefined => byKey.get(key);
  const odd = (
    entry: ConfigValue,
    effect: FoundValue['effect'],
    message: string,
    advice: string | null,
    prints = '',
    condition: Condition = 'config.invalid-value',
  ): void => {
    out.push({
      condition,
      effect,
      key: keyText(entry.path),
      written: entry.written,
      line: entry.line,
      message,
      prints,
      instead: null,
      advice,
    });
  };
  const sandbox = at0('worker.oci.noProcessSandbox');
  if (sandbox?.value === true && context.noProcessSandboxByFlag !== false && !context.rootless && !context.ociOff)
    odd(
      sandbox,
      'stops',
      'noProcessSandbox works only in rootless mode; without it buildkitd does not start.',
      'Remove noProcessSandbox, or start buildkitd through rootlesskit.',
      "can't enable NoProcessSandbox without Rootless",
    );
  for (const worker of ['oci', 'containerd']) {
    const prefix = `worker.${worker}`;
    const policy = values.find(({ path }) => path[0] === 'worker' && path[1] === worker && path[2] === 'gcpolicy');
    const off = at0(`${prefix}.gc`)?.value === false && !context.overridden(`${prefix}.gc`);
    for (const name of ['reservedSpace', 'maxUsedSpace', 'minFreeSpace', 'gckeepstorage']) {
      const entry = at0(`${prefix}.${name}`);
      const spec = KEYS.find(({ key }) => key === `${prefix}.${name}`);
      if (entry === undefined || spec === undefined || !isSince(at, release(spec.since))) continue;
      if (off) odd(entry, 'note', `${name} has no effect while gc is false.`, null);
      else if (policy !== undefined && at0(`${prefix}.gc`)?.value !== false)
        odd(
          entry,
          'odd',
          `${name} has no effect: the rules in [[${prefix}.gcpolicy]] take the place of the built-in ones.`,
          `Write ${name === 'gckeepstorage' ? 'the size' : name} into those rules, or remove it.`,
        );
    }
    if (off && policy !== undefined)
      odd(policy, 'note', `The rules in [[${prefix}.gcpolicy]] have no effect while gc is false.`, null);
  }
  return out;
}
