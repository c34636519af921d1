const UNITS: { readonly [unit: string]: number } = {
  us: 1e-6,
  usec: 1e-6,
  ms: 1e-3,
  msec: 1e-3,
  '': 1,
  s: 1,
  sec: 1,
  second: 1,
  seconds: 1,
  m: 60,
  min: 60,
  minute: 60,
  minutes: 60,
  h: 3600,
  hr: 3600,
  hour: 3600,
  hours: 3600,
  d: 86_400,
  day: 86_400,
  days: 86_400,
};

/** A time span of systemd.time(7) in seconds; null: it is none. */
export function timeSpan(text: string): number | null {
  if (text.trim() === 'infinity') return Number.POSITIVE_INFINITY;
  let rest = text.trim();
  if (rest === '') return null;
  let total = 0;
  while (rest !== '') {
    const [whole = '', number = '', unit = ''] = /^(\d+(?:\.\d+)?) ?([a-z]*) */.exec(rest) ?? [];
    const factor = UNITS[unit];
    if (whole === '' || factor === undefined) return null;
    total += Number(number) * factor;
    rest = rest.slice(whole.length);
  }
  return total;
}
