import { maskText } from '../../secrets/text.ts';

/**
 * One line of a configuration for a message. What is no key or no table, and values of keys that BuildKit does not know,
 * are left out: they may be secrets.
 */
export function excerpt(line: string, known: boolean): string {
  const whole = line.replace(/\r$/, '').trim();
  const at = whole.indexOf('=');
  if (whole === '' || (at < 0 && !whole.startsWith('['))) return '';
  const shown = known || whole.startsWith('[') ? whole : `${whole.slice(0, at).trim()} = …`;
  const safe = maskText(shown);
  return `The line is: “${safe.length > 120 ? `${safe.slice(0, 119)}…` : safe}”`;
}
