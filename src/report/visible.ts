/** What a terminal would obey or hide: control characters, line and paragraph separators, text direction and zero-width marks, lone surrogates. */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const NAMED: { readonly [character: string]: string } = { '\n': '\\n', '\t': '\\t', '\r': '\\r' };

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  const named = NAMED[character];
  if (named !== undefined) return named;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** One line of text from a host, with everything that a terminal would obey written out. */
export function visible(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/** The same for text of several lines: line ends stay line ends, tabs become two spaces. */
export function visibleLines(text: string): readonly string[] {
  return text
    .replace(/\n+$/, '')
    .split('\n')
    .map((line) => visible(line.replaceAll('\t', '  ')));
}

/** For JSON text, where these characters stand only inside strings: the same value, safe to print. */
export function safeJson(text: string): string {
  return text.replace(UNSAFE, (character) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
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
