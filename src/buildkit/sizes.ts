/** Sizes and durations as BuildKit reads them from text. */

/** Go’s strconv.ParseFloat, as far as configuration and Dockerfiles need it. */
export function goFloat(text: string): number | null {
  const hex = /^([+-]?)0x([0-9a-f]*)(?:\.([0-9a-f]*))?p([+-]?\d{1,5})$/i.exec(text);
  if (hex !== null) {
    const [, sign, whole = '', fraction = '', power] = hex;
    const digits = Number.parseInt(whole + fraction, 16);
    const size = digits * 2 ** (Number(power) - 4 * fraction.length);
    return Number.isFinite(size) ? (sign === '-' ? -size : size) : null;
  }
  const plain = /^[+-]?[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]+)?$/.test(text) && /\d/.test(text) ? text : null;
  if (plain === null || /^[+-]?_|__|_$|_[.eE]|[.eE+-]_/.test(plain)) return null;
  const value = Number(plain.replaceAll('_', ''));
  return Number.isFinite(value) ? value : null;
}

/** Go's strconv.ParseInt in base ten, 64 bits. */
function goInteger(text: string): bigint | null {
  if (!/^[+-]?\d{1,30}$/.test(text)) return null;
  const value = BigInt(text.replace(/^\+/, ''));
  return value >= -(2n ** 63n) && value < 2n ** 63n ? value : null;
}

const UNIT: { readonly [letter: string]: number } = { b: 0, k: 1, m: 2, g: 3, t: 4, p: 5 };
const unquoted = (text: string): string =>
  text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;

/** A size: bytes, a percentage of the file system, or unset (empty). Null: BuildKit refuses it ("invalid disk space"). */
export type Size = { readonly bytes: number } | { readonly percent: number } | 'unset';
export function parseSize(written: string): Size | null {
  const text = unquoted(written);
  if (text === '') return 'unset';
  if (text.endsWith('%')) {
    const percent = goInteger(text.slice(0, -1));
    return percent === null ? null : { percent: Number(percent) };
  }
  const split = Math.max(...[...'0123456789. '].map((char) => text.lastIndexOf(char)));
  if (split < 0) return null;
  const number = goFloat(text.slice(0, text[split] === ' ' ? split : split + 1));
  const suffix = text.slice(split + 1).toLowerCase();
  if (number === null || number < 0) return null;
  if (suffix === '') return { bytes: Math.trunc(number) };
  const power = UNIT[suffix[0] ?? ''];
  if (power === undefined || !/^(?:b|[kmgtp](?:i?b)?)$/.test(suffix)) return null;
  return { bytes: Math.trunc(number * 1024 ** power) };
}

const NANOSECONDS: { readonly [unit: string]: number } = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** A duration in seconds, 0 for an empty text. Null: BuildKit refuses it ("invalid duration"). */
export function parseDuration(written: string): number | null {
  const text = unquoted(written);
  if (text === '') return 0;
  if (/^[+-]?0$/.test(text)) return 0;
  const found = /^([+-]?)((?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/.exec(text);
  if (found !== null) {
    let total = 0;
    for (const [, number, unit] of (found[2] ?? '').matchAll(/(?<![\d.])(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g))
      total += Number(number) * (NANOSECONDS[unit ?? ''] ?? 0);
    if (total < 2 ** 63) return ((found[1] === '-' ? -1 : 1) * total) / 1e9;
  }
  const seconds = goInteger(text);
  return seconds === null ? null : Number(seconds);
}

/** How Go prints a float, and so how the older library hands it to a size. */
export function goFloatText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return '0';
  const [mantissa = '0', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}
