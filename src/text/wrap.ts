const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u;
const NARROWLESS = /\p{Mark}/u;

/** Columns that a line of visible text takes in a terminal. */
export function widthOf(text: string): number {
  if (/^[\u0020-\u007e]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += NARROWLESS.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

/** Breaks at spaces only: a path or a command longer than the line stays whole, so that it can be copied. */
export function wrap(text: string, columns: number, first = '', rest = first): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').filter((part) => part !== '')) {
    const start = lines.length === 0 ? first : rest;
    if (line === '') line = start + word;
    else if (widthOf(line) + 1 + widthOf(word) <= columns) line = `${line} ${word}`;
    else {
      lines.push(line);
      line = rest + word;
    }
  }
  if (line !== '') lines.push(line);
  return lines;
}
