/**
 * One line of a configuration for a message. Values of keys that BuildKit does not know are left out: they may be secrets.
 */
export function excerpt(line: string, known: boolean): string {
  const whole = line.replace(/\r$/, '').trim();
  const at = whole.indexOf('=');
  const shown = known || at < 0 || whole.startsWith('[') ? whole : `${whole.slice(0, at).trim()} = …`;
  const safe = shown.replace(/(:\/\/)[^/@\s]*@/g, '$1…@');
  if (safe === '') return '';
  return `The line is: ${safe.length > 120 ? `${safe.slice(0, 119)}…` : safe}`;
}
