import { editDistance } from '../../text/nearest.ts';
import type { Frontend, Since } from './frontend.ts';
import { knows } from './frontend.ts';
import { Mistake } from './refused.ts';

export type FlagKind = 'boolean' | 'text' | 'texts';
export interface FlagRow extends Since {
  readonly instruction: string;
  readonly flag: string;
  readonly kind: FlagKind;
  /** From where the stable channel reads the flag, and refuses it only where its stage is built. */
  readonly read?: number;
}

const row = (
  instruction: string,
  flag: string,
  kind: FlagKind,
  stable: number,
  labs?: number,
  read?: number,
): FlagRow => ({
  instruction,
  flag,
  kind,
  stable,
  ...(labs === undefined ? {} : { labs }),
  ...(read === undefined ? {} : { read }),
});

/** Whether this frontend reads a flag, whatever becomes of it where its stage is built. */
export const reads = (frontend: Frontend, entry: FlagRow): boolean =>
  knows(frontend, entry) || (entry.read !== undefined && frontend.minor >= entry.read);

/** Every flag of every instruction, with the frontend that first reads it. */
export const FLAGS: readonly FlagRow[] = [
  row('ADD', 'chown', 'text', 0),
  row('ADD', 'chmod', 'text', 2),
  row('ADD', 'link', 'boolean', 4),
  row('ADD', 'keep-git-dir', 'boolean', 6, 5, 5),
  row('ADD', 'checksum', 'text', 6, 5, 5),
  row('ADD', 'unpack', 'boolean', 17),
  row('ADD', 'exclude', 'texts', 19, 7),
  row('COPY', 'chown', 'text', 0),
  row('COPY', 'from', 'text', 0),
  row('COPY', 'chmod', 'text', 2),
  row('COPY', 'link', 'boolean', 4),
  row('COPY', 'exclude', 'texts', 19, 7),
  row('COPY', 'parents', 'boolean', 20, 7),
  row('FROM', 'platform', 'text', 0),
  row('HEALTHCHECK', 'interval', 'text', 0),
  row('HEALTHCHECK', 'timeout', 'text', 0),
  row('HEALTHCHECK', 'start-period', 'text', 0),
  row('HEALTHCHECK', 'start-interval', 'text', 6),
  row('HEALTHCHECK', 'retries', 'text', 0),
  row('RUN', 'mount', 'texts', 2, 0),
  row('RUN', 'network', 'text', 3, 1),
  row('RUN', 'security', 'text', 20, 1),
  // The stable channel reads it too, and refuses it only where its stage is built.
  row('RUN', 'device', 'texts', 14),
];

/** The flags of one instruction by name: all their values in order. */
export type Given = ReadonlyMap<string, readonly string[]>;

/** Reads flags as a frontend does. Throws `UnknownFlag` or `Mistake`, in the words of frontend 1.11 and later. */
export function givenFlags(instruction: string, flags: readonly string[], frontend: Frontend): Given {
  const known = FLAGS.filter((entry) => entry.instruction === instruction && reads(frontend, entry));
  const given = new Map<string, string[]>();
  for (const written of flags) {
    if (!written.startsWith('--')) throw new Mistake(`arg should start with -- : ${written}`);
    const sign = written.indexOf('=');
    const name = sign < 0 ? written : written.slice(0, sign);
    const value = sign < 0 ? null : written.slice(sign + 1);
    const entry = known.find(({ flag }) => `--${flag}` === name);
    if (entry === undefined)
      throw new UnknownFlag(
        instruction,
        name.slice(2),
        known.map(({ flag }) => flag),
      );
    const values = given.get(entry.flag);
    if (values !== undefined && entry.kind !== 'texts') throw new Mistake(`duplicate flag specified: ${name}`);
    given.set(entry.flag, [...(values ?? []), flagValue(name, value, entry.kind)]);
  }
  return given;
}

function flagValue(name: string, value: string | null, kind: FlagKind): string {
  if (kind !== 'boolean') {
    if (value === null) throw new Mistake(`missing a value on flag: ${name}`);
    return value;
  }
  if (value === '') throw new Mistake(`missing a value on flag: ${name}`);
  const word = (value ?? 'true').toLowerCase();
  if (word !== 'true' && word !== 'false') throw new Mistake(`expecting boolean value for flag ${name}, not: ${value}`);
  return word;
}

/** A flag that this instruction does not have in this frontend. */
export class UnknownFlag extends Mistake {
  readonly instruction: string;
  readonly flag: string;

  constructor(instruction: string, flag: string, known: readonly string[]) {
    super(withMeant(`unknown flag: --${flag}`, flag, known));
    this.instruction = instruction;
    this.flag = flag;
  }
}

/** The message with the known word that was most likely meant, by BuildKit's measure. */
export function withMeant(message: string, word: string, known: readonly string[]): string {
  let best: { readonly word: string; readonly distance: number } | null = null;
  for (const candidate of known) {
    const distance = editDistance(word, candidate);
    if (distance === 0) return message;
    if (distance < (best?.distance ?? 3)) best = { word: candidate, distance };
  }
  return best === null ? message : `${message} (did you mean ${best.word}?)`;
}
