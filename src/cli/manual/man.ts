import type { Outline, OutlinedFlag } from './outline.ts';

/** What the outline does not hold. */
export interface ManualWords {
  readonly examples: { readonly [command: string]: readonly string[] };
  readonly exitCodes: readonly { readonly code: string; readonly meaning: string }[];
}

/** The manual of the whole command line, in the language of man(7). */
export function manualPage(outline: Outline, { examples, exitCodes }: ManualWords): string {
  const { name, version, description, commands, globals } = outline;
  const upper = name.toUpperCase();
  const lines = [
    `.TH ${escaped(upper)} 1 "" "${escaped(`${name} ${version}`)}" "User Commands"`,
    '.SH NAME',
    `${escaped(name)} \\- ${escaped(plain(description))}`,
    '.SH SYNOPSIS',
    `.B ${escaped(name)}`,
    '[\\fICOMMAND\\fR] [\\fIOPTION\\fR]...',
    '.SH DESCRIPTION',
    text(description),
    text(`Without a command it is ${name} check.`),
    ...commands.flatMap((command) => [
      `.SH ${escaped(`${name} ${command.name} ${command.usage}`.trim().toUpperCase())}`,
      text(command.description),
      ...command.flags.flatMap(flagLines),
      ...exampleLines(examples[command.name] ?? []),
    ]),
    '.SH OPTIONS OF EVERY COMMAND',
    ...globals.flatMap(flagLines),
    '.SH EXIT STATUS',
    ...exitCodes.flatMap(({ code, meaning }) => ['.TP', `.B ${escaped(code)}`, text(meaning)]),
    '.SH SEE ALSO',
    text(`${name} list names all checks; ${name} show has the page of one.`),
  ];
  return `${lines.join('\n')}\n`;
}

function flagLines({ spellings, takes, description }: OutlinedFlag): readonly string[] {
  const bold = spellings.map((word) => `\\fB${escaped(word)}\\fR`).join(', ');
  return ['.TP', takes === null ? bold : `${bold} \\fI${escaped(takes)}\\fR`, text(description)];
}

function exampleLines(examples: readonly string[]): readonly string[] {
  if (examples.length === 0) return [];
  return ['.PP', 'Examples:', '.PP', '.nf', ...examples.map((line) => text(line)), '.fi'];
}

const plain = (sentence: string): string => sentence.replace(/\.$/, '');

/** A line that begins with a period or an apostrophe would be a request. */
const text = (line: string): string => escaped(line).replace(/^(?=[.'])/, '\\&');

/** Hyphens that are typed, backslashes, and what is not ASCII. */
function escaped(words: string): string {
  return words
    .replaceAll('\\', '\\(rs')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('"', '\\(dq')
    .replaceAll('`', '\\(ga')
    .replace(/[^\0-\x7f]/gu, (character) => {
      const code = character.codePointAt(0) ?? 0;
      return `\\[u${code.toString(16).toUpperCase().padStart(4, '0')}]`;
    });
}
