/**
 * One line of a configuration for a message. Values of keys that BuildKit does not know are left out: they may be secrets.
 */
export function excerpt(text: string, line: number, known: boolean): string {
  const whole = (text.split('\n', line)[line - 1] ?? '').replace(/\r$/, '').trim();
  const at = whole.indexOf('=');
  const shown = known || at < 0 || whole.startsWith('[') ? whole : `${whole.slice(0, at).trim()} = …`;
  const safe = shown.replace(/(:\/\/)[^/@\s]*@/g, '$1…@');
  if (safe === '') return '';
  return `The line is: ${safe.length > 120 ? `${safe.slice(0, 119)}…` : safe}`;
}
