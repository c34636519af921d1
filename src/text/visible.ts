/**
 * What a terminal would obey, or a reader could not see: control characters, line and paragraph separators, marks of text
 * direction and of zero width, fillers, tags and variation selectors, lone surrogates.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

const NAMED: { readonly [character: string]: string } = { '\n': '\\n', '\t': '\\t', '\r': '\\r' };

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const named = NAMED[character];
  if (named !== undefined) return named;
  if (code > 0xffff) return `\\u{${code.toString(16)}}`;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** Does a text hold nothing that `visible` would write out? Line ends and tabs count as well. */
export function isVisible(text: string): boolean {
  return text.search(UNSAFE) < 0;
}

/** One line of text from a host, with everything that a terminal would obey written out. */
export function visible(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/** The same for text of several lines: line ends stay line ends, tabs become two spaces. */
export function visibleLines(text: string): readonly string[] {
  return text
    .replace(/(?<!\n)\n+$/, '')
    .split('\n')
    .map((line) => visible(line.replaceAll('\t', '  ')));
}

/** For JSON text, where these characters stand only inside strings: the same value, safe to print. */
export function safeJson(text: string): string {
  return text.replace(UNSAFE, (character) => {
    if (character === '\n') return character;
    const units = Array.from({ length: character.length }, (_none, index) => character.charCodeAt(index));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
  });
}

const PLAIN: { readonly [character: string]: string } = {
  '…': '...',
  '→': '->',
  '←': '<-',
  '–': '-',
  '—': '-',
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
  '×': 'x',
  '≥': '>=',
  '≤': '<=',
  '·': '-',
  '\u00a0': ' ',
};

/** For terminals without UTF-8: known signs in plain letters, anything else as its code point. */
export function ascii(text: string): string {
  return text.replace(
    /[^\u0000-\u007f]/gu,
    (character) => PLAIN[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
