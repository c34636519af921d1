/** Secrets and names, made anew for each seed number, so that no rule can know them. */
export interface Seeds {
  /** A secret that lies there, of the form that is usual in such a place. */
  secret(where: string, odd?: string): string;
  /** A name of somebody or something. */
  name(what: string, value: string): string;
  word(length: number): string;
  pick<T>(list: readonly T[]): T;
  readonly secrets: Map<string, string>;
  readonly names: Map<string, string>;
}

export function seedsOf(number: number): Seeds {
  let state = number * 2_654_435_761 + 12_345;
  const below = (limit: number): number => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5;
    return (((state ^ (state >>> 13)) >>> 0) / 2 ** 32) * limit;
  };
  const pick = <T>(list: readonly T[]): T => list[Math.floor(below(list.length))] as T;
  const letters = 'abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ';
  const word = (length: number): string => Array.from({ length }, () => pick([...letters])).join('');
  const [secrets, names] = [new Map<string, string>(), new Map<string, string>()];
  return {
    word,
    pick,
    secrets,
    names,
    secret(where, odd = '') {
      const value = `${word(4)}${Math.floor(below(90) + 10)}${word(3)}${odd}${word(3)}`;
      secrets.set(where, value);
      return value;
    },
    name(what, value) {
      names.set(what, value);
      return value;
    },
  };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** A text as it is, and as it is in JSON, in a URL, in hexadecimal and in base64, whatever stands before it. */
function formsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  const inBase64 = ['', 'a', 'ab'].flatMap((before) => {
    const whole = base64(before + value);
    const inside = whole.slice(before === '' ? 0 : 4, Math.floor((before.length + bytes.length) / 3) * 4);
    return inside.length < 6 ? [] : [inside, inside.replaceAll('+', '-').replaceAll('/', '_')];
  });
  return [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value), bytes.toString('hex'), ...inBase64];
}

/** Which of them are in a text, in any form. Names count in any case, and as words. */
export function secretsIn(text: string, { secrets }: Seeds): readonly string[] {
  const joined = text.replace(/\s*\n\s*/g, '');
  return [...secrets].flatMap(([where, value]) =>
    formsOf(value).some((form) => text.includes(form) || joined.includes(form)) ? [`${where}: ${value}`] : [],
  );
}

export function namesIn(text: string, { names }: Seeds): readonly string[] {
  return [...names].flatMap(([what, value]) => {
    const short = value.length < 5;
    const plain = new RegExp(
      `(?<![\\p{L}\\p{N}])${value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\p{L}\\p{N}])`,
      'iu',
    ).exec(text);
    const other = short
      ? []
      : formsOf(value)
          .slice(1)
          .filter((form) => form !== value && text.includes(form));
    const found = plain?.[0] ?? other[0];
    if (found === undefined) return [];
    const at = text.indexOf(found);
    return [`${what}: ${value} in ${JSON.stringify(text.slice(Math.max(0, at - 60), at + 60))}`];
  });
}
