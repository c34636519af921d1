import { buildkitdFlags, type Flags } from '../flags.ts';
import { LEVELS } from '../log-levels.ts';
import { platformComplaint } from '../platform.ts';
import { isSince, type Release, release } from '../version.ts';
import { specOf } from './schema-tree.ts';

/** A flag by whose value buildkitd ends, before it has looked at anything of its host. */
export interface RefusedFlag {
  readonly flag: string;
  readonly value: string;
  readonly why: string;
}

/** Workers that are surely switched off: what their flags mean is not asked then, only how they are written. */
export interface OffWorkers {
  readonly oci: boolean;
  readonly containerd: boolean;
}

type Rule = (value: string, at: Release) => string | null;

/** Since then the flag takes three numbers, and none in another base. */
const THREE_NUMBERS: Release = [0, 17, 0];
/** urfave/cli v3, which takes a boolean without anything behind "=". */
const EMPTY_IS_TRUE: Release = [0, 31, 0];
const DECIMAL = /^[+-]?\d+$/;
/** strconv.ParseInt to the base that the text itself names. */
const INTEGER = /^[+-]?(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO]?[0-7_]*|[1-9][\d_]*)$/;
const BOOLEAN = /^(?:1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/;

const boolean: Rule = (value, at) =>
  BOOLEAN.test(value) || (value === '' && isSince(at, EMPTY_IS_TRUE)) ? null : 'it is true or false';
const integer: Rule = (value) => (INTEGER.test(value) ? null : 'it is no whole number');
const onOffOrAuto: Rule = (value) =>
  value === '' || /^auto$/i.test(value) || BOOLEAN.test(value) ? null : 'it is true, false or auto';
const keepStorage: Rule = (value, at) => {
  if (!isSince(at, THREE_NUMBERS)) return INTEGER.test(value) ? null : 'it is no number of megabytes';
  const [first = '', second = '0', ...rest] = value.split(',');
  const numbers = [first, second, ...(rest.length === 0 ? [] : [rest.join(',')])];
  return value === '' || numbers.every((number) => DECIMAL.test(number)) ? null : 'it is no number of megabytes';
};
const label: Rule = (value) => (value.includes('=') ? null : 'it is NAME=VALUE');
const oneOf =
  (words: readonly string[]): Rule =>
  (value) =>
    value === '' || words.includes(value) ? null : `it is one of ${words.join(', ')}`;
const network: Rule = (value, at) => {
  const modes = (specOf(['worker', 'oci', 'networkMode'])?.values ?? []).flatMap((one) =>
    typeof one === 'string' ? [one] : isSince(at, release(one.since)) ? [one.value] : [],
  );
  return value === '' || modes.includes(value) ? null : `it is one of ${modes.join(', ')}`;
};

const OF_WORKERS: { readonly [rest: string]: Rule } = {
  'worker-labels': label,
  'worker-gc-keepstorage': keepStorage,
  'worker-gc': boolean,
  'worker-rootless': boolean,
  'worker-selinux': boolean,
  'cni-pool-size': integer,
  'max-parallelism': integer,
};
/** What a worker asks only as it is made. */
const AS_MADE: { readonly [rest: string]: Rule } = { 'worker-net': network, 'worker-platform': platformComplaint };

function rulesFor(off: OffWorkers): { readonly [flag: string]: Rule } {
  const rules: { [flag: string]: Rule } = {
    debug: boolean,
    trace: boolean,
    rootless: boolean,
    'proxy-network': boolean,
    'cdi-disabled': boolean,
    'save-cache-debug': boolean,
    'oci-worker-no-process-sandbox': boolean,
    'oci-worker': onOffOrAuto,
    'containerd-worker': onOffOrAuto,
    'log-format': oneOf(['json', 'text']),
    'log-level': (value) => (value === '' || LEVELS.test(value) ? null : 'there is no such level'),
  };
  for (const worker of ['oci', 'containerd'] as const)
    for (const [rest, rule] of Object.entries({ ...OF_WORKERS, ...(off[worker] ? {} : AS_MADE) }))
      rules[`${worker}-${rest}`] = rule;
  return rules;
}

/** Of these flags those by whose value a release ends. What other checks judge by what it leads to is left to them. */
export function refusedFlags(flags: Flags, at: Release, off: OffWorkers): readonly RefusedFlag[] {
  const rules = rulesFor(off);
  return Object.entries(flags).flatMap(([flag, values]) =>
    values.flatMap((value) => {
      const why = rules[flag]?.(value, at) ?? null;
      return why === null ? [] : [{ flag, value, why }];
    }),
  );
}

/** The last word of a command line, where it is a flag without the value that it wants. */
export function flagWithoutValue(args: readonly string[]): string | null {
  const last = buildkitdFlags(args).at(-1);
  const isBare = last !== undefined && !last.unknown && last.value === '' && args[last.first]?.includes('=') === false;
  return isBare && last.first === args.length - 1 ? last.name : null;
}
