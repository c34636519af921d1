/** What a name is the name of. */
export type NameKind =
  | 'user'
  | 'group'
  | 'person'
  | 'folder'
  | 'host'
  | 'registry'
  | 'domain'
  | 'address'
  | 'mac'
  | 'id'
  | 'word';

/** A name, and what stands for it wherever a report goes. */
export interface Entry {
  readonly kind: NameKind;
  readonly name: string;
  readonly standIn: string;
}

/** Gives every name one stand-in, which is a name of the same form: whatever reads the one can read the other. */
export interface Book {
  standInFor(kind: NameKind, name: string): string;
  /** Is it the stand-in of another name? */
  isStandIn(word: string): boolean;
  /** Those that were given now and before. */
  entries(): readonly Entry[];
  /** How many names of each kind were asked for. */
  counts(): { readonly [kind: string]: number };
}

const NUMBERED: { readonly [K in NameKind]?: string } = {
  user: 'user',
  group: 'group',
  person: 'Person',
  folder: 'folder',
  word: 'word',
};

/** Case does not tell machines apart. */
export const keyOf = (kind: NameKind, name: string): string =>
  kind === 'user' || kind === 'group' || kind === 'folder' ? name : name.toLowerCase();

/** `isReal`: a name of this host, which can stand for no other. */
export function bookOf(saved: readonly Entry[], isReal: (word: string) => boolean): Book {
  const byName = new Map(saved.map((entry) => [keyOf(entry.kind, entry.name), entry]));
  const taken = new Set(saved.map(({ standIn }) => standIn));
  const used = new Map<string, NameKind>();
  const next = new Map<string, number>();
  const free = (form: string, make: (number: number) => string): string => {
    for (let number = next.get(form) ?? 1; ; number++) {
      const candidate = make(number);
      if (taken.has(candidate) || isReal(candidate)) continue;
      next.set(form, number + 1);
      taken.add(candidate);
      return candidate;
    }
  };
  const made = (kind: NameKind, name: string): string => {
    const numbered = NUMBERED[kind];
    if (numbered !== undefined) return free(numbered, (number) => userLike(numbered, number, name));
    switch (kind) {
      case 'address':
        return name.includes(':') ? free('v6', v6) : free('v4', v4);
      case 'mac':
        return free('mac', (number) => macOf(number, name));
      case 'id':
        return free('id', (number) => idOf(number, name));
      default:
        // What has a domain has one still.
        return free(kind, (number) => (name.includes('.') ? `${kind}${number}.example` : `${kind}${number}`));
    }
  };
  return {
    standInFor(kind, name) {
      const key = keyOf(kind, name);
      const known = byName.get(key);
      const standIn = known?.standIn ?? made(kind, name);
      if (known === undefined) byName.set(key, { kind, name, standIn });
      used.set(key, known?.kind ?? kind);
      return standIn;
    },
    isStandIn: (word) => taken.has(word),
    entries: () => [...byName.values()],
    counts() {
      const counts: { [kind: string]: number } = {};
      for (const kind of used.values()) counts[kind] = (counts[kind] ?? 0) + 1;
      return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
    },
  };
}

/** An account of a domain stays one, and a long name stays long, since paths of sockets have a limit. */
function userLike(word: string, number: number, name: string): string {
  const long =
    name.length > 20 ? `${word}${String(number).padStart(name.length - word.length, '0')}` : `${word}${number}`;
  if (word !== 'user' && word !== 'group') return long;
  return name.includes('\\') ? `DOMAIN\\${long}` : name.endsWith('$') ? `${long}$` : long;
}

/** Addresses that are kept for documentation (RFC 5737), then those for measurements (RFC 2544). */
function v4(number: number): string {
  const blocks = ['192.0.2', '198.51.100', '203.0.113'];
  const block = blocks[Math.floor((number - 1) / 254)];
  if (block !== undefined) return `${block}.${((number - 1) % 254) + 1}`;
  const rest = number - 1 - 3 * 254;
  return `198.${18 + ((rest >> 16) & 1)}.${(rest >> 8) & 255}.${rest & 255}`;
}

/** RFC 3849. */
const v6 = (number: number): string =>
  number <= 0xffff
    ? `2001:db8::${number.toString(16)}`
    : `2001:db8::${(number >> 16).toString(16)}:${(number & 0xffff).toString(16)}`;

function macOf(number: number, name: string): string {
  const digits = `02${number.toString(16).padStart(10, '0')}`;
  const mark = name.includes('-') ? '-' : ':';
  return (digits.match(/../g) ?? []).join(mark);
}

/** Of the same length, with its dashes. */
function idOf(number: number, name: string): string {
  const length = name.replace(/[-_]/g, '').length;
  const digits = number.toString(16).padStart(length, '0');
  let at = 0;
  return name.replace(/[^-_]/g, () => digits[at++] ?? '0');
}
