/** Characters that a backslash takes their meaning inside of double quotes; before others it stays. */
const MEANT = '"\\`$';
const isBlank = (char: string): boolean => char === ' ' || char === '\t' || isEnd(char);
const isEnd = (char: string): boolean => char === '\n' || char === '\r';

/** The assignments of a file of EnvironmentFile=, in their order, as parse_env_file() of systemd reads them. */
export function environmentFile(text: string): readonly (readonly [name: string, value: string])[] {
  const found: (readonly [string, string])[] = [];
  for (let at = 0; at < text.length; ) {
    if (isBlank(text[at] ?? '')) at++;
    else if (/[#;]/.test(text[at] ?? '')) at = endOfLine(text, at);
    else {
      const equals = text.indexOf('=', at);
      const end = endOfLine(text, at);
      if (equals < 0 || equals > end) {
        at = end;
        continue;
      }
      let last = equals;
      while (isBlank(text[last - 1] ?? '')) last--;
      const name = text.slice(at, last);
      const value = valueAt(text, equals + 1);
      if (/^[A-Za-z_]\w*$/.test(name)) found.push([name, value.text]);
      at = value.end;
    }
  }
  return found;
}

function endOfLine(text: string, from: number): number {
  for (let at = from; at < text.length; at++) if (isEnd(text[at] ?? '')) return at;
  return text.length;
}

/** What stands between quotes is joined with what follows, without the blanks between; blanks at the end do not count. */
function valueAt(text: string, from: number): { readonly text: string; readonly end: number } {
  let value = '';
  /** So much of it stays, whatever blanks end it. */
  let kept = 0;
  let quote = '';
  let at = from;
  let begun = false;
  for (; at < text.length; at++) {
    const char = text[at] ?? '';
    if (quote === '' && isEnd(char)) break;
    if (char === '\\' && quote !== "'") {
      const next = text[++at] ?? '';
      if (quote === '"' && next !== '\n' && !MEANT.includes(next)) value += '\\';
      if (!isEnd(next)) value += next;
      kept = value.length;
      begun = true;
    } else if (quote !== '') {
      if (char === quote) {
        quote = '';
        begun = false;
      } else value += char;
      kept = value.length;
    } else if (!begun && isBlank(char)) continue;
    else if (!begun && (char === '"' || char === "'")) quote = char;
    else {
      value += char;
      begun = true;
      if (!isBlank(char)) kept = value.length;
    }
  }
  return { text: value.slice(0, kept), end: at };
}
