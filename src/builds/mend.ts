import type { Finding } from './model/finding.ts';

/** A change of a text: what stands between two offsets gives way to other words. */
export interface Change {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** How a finding is mended in the text where it stands. */
export interface Mend {
  readonly risk: 'safe' | 'risky';
  readonly changes: readonly Change[];
}

/** The mend of a finding that can be made without asking what is meant; null where a person has to. */
export function mendOf(finding: Finding, text: string): Mend | null {
  switch (finding.condition) {
    case 'dockerfile.syntax-ignored':
      return safe(moveSyntax(finding, text));
    case 'dockerfile.frontend-too-old':
      // Docker's builder before BuildKit, and a foreign frontend, read no such line.
      return finding.needs.frontend === undefined
        ? null
        : safe(raiseSyntax(text, /-labs$/.test(finding.needs.frontend)));
    case 'dockerfile.labs-required':
      return safe(raiseSyntax(text, true));
    case 'dockerfile.silently-ignored':
      return octalMode(finding, text);
    case 'dockerfile.parse-error':
    case 'build.flag-unknown':
      return safe(meantFlag(finding, text));
    case 'dockerfile.invalid-option':
      return safe(cacheTarget(finding, text));
    case 'build.opt-ignored':
      return safe(meantOption(finding, text));
    case 'entitlement.not-requested':
      return safe(allow(finding, text));
    default:
      return null;
  }
}

const safe = (changes: readonly Change[] | null): Mend | null => (changes === null ? null : { risk: 'safe', changes });

/** The offsets of a line without its end. */
function lineAt(text: string, number: number): { readonly start: number; readonly end: number } {
  let start = 0;
  for (let line = 1; line < number; line++) {
    const next = text.indexOf('\n', start);
    if (next < 0) break;
    start = next + 1;
  }
  const end = text.indexOf('\n', start);
  return { start, end: end < 0 ? text.length : end };
}

/** All lines of an instruction or command that begins in a line. */
function wholeAt(text: string, number: number): { readonly start: number; readonly end: number } {
  const { start, end } = lineAt(text, number);
  let last = end;
  while (/[\\`][ \t]*\r?$/.test(text.slice(Math.max(start, last - 80), last)) && last < text.length) {
    const next = text.indexOf('\n', last + 1);
    last = next < 0 ? text.length : next;
  }
  return { start, end: last };
}

const lineEnd = (text: string): string => (/\r\n/.test(text) ? '\r\n' : '\n');

/** Where a syntax line is read: the start, behind an interpreter line. */
const topOf = (text: string): number =>
  text.startsWith('#!') ? lineAt(text, 2).start : text.startsWith('\ufeff') ? 1 : 0;

function moveSyntax(finding: Finding, text: string): readonly Change[] | null {
  const { start, end } = lineAt(text, finding.line);
  const image = /syntax[ \t]*[=:][ \t]*(\S+)/i.exec(text.slice(start, end))?.[1];
  if (image === undefined) return null;
  // A byte order mark goes with it: older daemons do not see past one.
  const top = text.startsWith('\ufeff') ? 0 : topOf(text);
  const line = `# syntax=${image}${lineEnd(text)}`;
  if (start <= topOf(text)) return [{ start: top, end: Math.min(end + 1, text.length), text: line }];
  return [
    { start: top, end: top, text: line },
    { start, end: Math.min(end + 1, text.length), text: '' },
  ];
}

function raiseSyntax(text: string, labs: boolean): readonly Change[] | null {
  const top = topOf(text);
  const first = /^[^\n]*/.exec(text.slice(top))?.[0] ?? '';
  const wanted = `docker/dockerfile:1${labs ? '-labs' : ''}`;
  const [, before, image] = /^(#[ \t]*syntax[ \t]*=[ \t]*)(\S+)/i.exec(first) ?? [];
  if (before === undefined || image === undefined)
    return [{ start: top, end: top, text: `# syntax=${wanted}${lineEnd(text)}` }];
  // Whoever names a frontend of their own, or one by its digest, decides about it.
  if (!/^(?:docker\.io\/)?docker\/dockerfile(?::[\w.-]+)?$/.test(image) || image === wanted) return null;
  const start = top + before.length;
  return [{ start, end: start + image.length, text: wanted }];
}

/** A mode that says by itself what it comes to; one that adds to the mode of the file is only likely. */
function octalMode(finding: Finding, text: string): Mend | null {
  const { start, end } = wholeAt(text, finding.line);
  const [whole, mode = ''] = /--chmod=([ugoarwxX,=+-]+)/.exec(text.slice(start, end)) ?? [];
  if (whole === undefined) return null;
  const octal = octalOf(mode);
  if (octal === null) return null;
  const at = start + text.slice(start, end).indexOf(whole);
  return {
    risk: octal.sure ? 'safe' : 'risky',
    changes: [{ start: at, end: at + whole.length, text: `--chmod=${octal.mode}` }],
  };
}

function octalOf(mode: string): { readonly mode: string; readonly sure: boolean } | null {
  if (/^(?:a?\+x|ugo\+x)$/.test(mode)) return { mode: '755', sure: false };
  const bits = { u: 0, g: 0, o: 0 };
  const seen = new Set<string>();
  for (const part of mode.split(',')) {
    const [, who = '', rights = ''] = /^([ugoa]+)=([rwx]*)$/.exec(part) ?? [];
    if (who === '') return null;
    const value = (rights.includes('r') ? 4 : 0) + (rights.includes('w') ? 2 : 0) + (rights.includes('x') ? 1 : 0);
    for (const one of who.includes('a') ? ['u', 'g', 'o'] : who) {
      bits[one as 'u' | 'g' | 'o'] = value;
      seen.add(one);
    }
  }
  return seen.size === 3 ? { mode: `${bits.u}${bits.g}${bits.o}`, sure: true } : null;
}

/** A flag that is told with the one that is meant. */
function meantFlag({ message, line }: Finding, text: string): readonly Change[] | null {
  const [, flag = '', meant = ''] = /unknown flag: --(\S+) \(did you mean (\S+)\?\)/.exec(message) ?? [];
  if (flag === '' || meant === '') return null;
  const { start, end } = wholeAt(text, line);
  const at = text.slice(start, end).search(new RegExp(`--${flag.replace(/[^\w-]/g, '\\$&')}(?=[=\\s])`));
  return at < 0 ? null : [{ start: start + at + 2, end: start + at + 2 + flag.length, text: meant }];
}

/** `--mount=type=cache,/path`, which lacks the name of its only path. */
function cacheTarget({ message, line }: Finding, text: string): readonly Change[] | null {
  const field = /invalid field '(\/[^']*)' must be a key=value pair/.exec(message)?.[1];
  if (field === undefined) return null;
  const { start, end } = wholeAt(text, line);
  const at = text.slice(start, end).indexOf(`,${field}`);
  if (at < 0 || /[,=](?:target|dst|destination)=/.test(text.slice(start, end))) return null;
  return [{ start: start + at + 1, end: start + at + 1, text: 'target=' }];
}

function meantOption({ needs, message, line, column }: Finding, text: string): readonly Change[] | null {
  const [, meant = ''] = /^--opt ([\w-]+)=$/.exec(needs.flag ?? '') ?? [];
  const [, option = ''] = /has no option (\S+?),/.exec(message) ?? [];
  if (meant === '' || option === '') return null;
  const at = lineAt(text, line).start + column - 1;
  const found = text.slice(at, at + option.length + 12).indexOf(`${option}=`);
  return found < 0 ? null : [{ start: at + found, end: at + found + option.length, text: meant }];
}

/** Adds `--allow` behind the words `build` or `bake` of the command. */
function allow({ needs, line, column }: Finding, text: string): readonly Change[] | null {
  const [, name] = /^--allow ([\w./:=-]+)$/.exec(needs.flag ?? '') ?? [];
  if (name === undefined) return null;
  const at = lineAt(text, line).start + column - 1;
  const found =
    /^(?:buildctl|docker|nerdctl|docker-buildx|buildx|[^\s]*\/(?:buildctl|docker|nerdctl))(?:-daemonless\.sh)?(?:[ \t]+(?:\\\r?\n[ \t]*)?[^\s|;&]+)*?[ \t]+(?:build|bake)(?=[\s"']|$)/.exec(
      text.slice(at, at + 2000),
    );
  if (found === null) return allowInList(name, text, at);
  const end = at + found[0].length;
  return [{ start: end, end, text: ` --allow ${name}` }];
}

/** The same where each word is an element of a list of YAML or JSON, written as the others are. */
function allowInList(name: string, text: string, at: number): readonly Change[] | null {
  const item = /(["']?)([\w./:=@-]+)\1/y;
  const separator = /[ \t]*,\s*|[ \t]*\r?\n[ \t]*-[ \t]+/y;
  let between = '';
  item.lastIndex = at;
  for (let word = item.exec(text); word !== null; word = item.exec(text)) {
    const [, quote = '', written = ''] = word;
    const end = item.lastIndex;
    if (between === '' && !/^(?:.*\/)?(?:buildctl|buildctl-daemonless\.sh|docker|nerdctl|docker-buildx)$/.test(written))
      return null;
    if (between !== '' && /^(?:build|bake)$/.test(written))
      return [
        {
          start: end,
          end,
          text: ['--allow', name].map((added) => `${between}${quote}${added}${quote}`).join(''),
        },
      ];
    separator.lastIndex = end;
    between = separator.exec(text)?.[0] ?? '';
    if (between === '') return null;
    item.lastIndex = separator.lastIndex;
  }
  return null;
}

/** A text with changes made that do not overlap. */
export function changed(text: string, changes: readonly Change[]): string {
  let result = text;
  for (const { start, end, text: words } of [...changes].toSorted((a, b) => b.start - a.start || b.end - a.end))
    result = result.slice(0, start) + words + result.slice(end);
  return result;
}
