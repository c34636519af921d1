/** A line without its surroundings, as signatures are written: lower case, one blank between words, plain quotes. */
export interface Canonical {
  readonly text: string;
  /** Printed by a build step: true; by a program around it: false; not told: null. */
  readonly step: boolean | null;
  /** What a program tells of its own thoughts: what failed there, it went on without. */
  readonly debug: boolean;
}

const ENTITIES: { readonly [name: string]: string } = {
  quot: "'",
  apos: "'",
  '#39': "'",
  '#x27': "'",
  '#34': "'",
  '#x22': "'",
  lt: '<',
  gt: '>',
  amp: '&',
  nbsp: ' ',
  '#x2f': '/',
  '#47': '/',
};

const TAG = /<\/?(?:a|b|br|code|div|em|font|i|li|p|pre|span|strong|td|tr|tt|u)\b[^<>]{0,200}>/g;

/** Everything that surrounds words in a log is taken off or made plain. */
export function canonicalText(line: string): string {
  let text = line.toLowerCase();
  if (text.includes('</') || text.includes('<br')) text = text.replace(TAG, '');
  if (text.includes('&'))
    text = text.replace(/&(?:amp;)+/g, '&').replace(/&(#?\w{2,5});/g, (whole, name: string) => ENTITIES[name] ?? whole);
  // Workflow commands of Actions escape the ends of lines.
  if (text.includes('%0')) text = text.replace(/%0[ad]/g, ' ');
  if (text.includes('\\'))
    text = text
      .replace(/\\{1,16}u00([0-9a-f]{2})/g, (_whole, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
      .replace(/\\{1,16}[nrt]/g, ' ')
      .replace(/\\{1,16}(?=["'`/])/g, '');
  return text
    .replace(/["`\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb\u00b4]/g, "'")
    .replace(/[\u2013\u2014]/g, '-')
    .replace(/\u2026/g, '...')
    .replace(/''+/g, "''")
    .replace(/[\s\u0000-\u001f\u00a0\u200b\ufeff]+/g, ' ')
    .trim();
}

const DEBUG = /(?:^|[ ,{])'?level'?[=:] ?'?(?:debug|trace)\b|(?:^| )(?:debu|trac)\[/;

export function canonical(line: string): Canonical {
  const text = canonicalText(line);
  return { text, step: speakerOf(text), debug: DEBUG.test(text.slice(0, 200)) };
}

/** A builder's own words while it is started, and those of runc for a step, come as output of a step. */
const DAEMONS = /^;?(?:\[rootlesskit:|buildkitd: |time='?[^ ]{1,40} level=)/;

/** Progress output tells the words of a step ("#5 0.31 …") from those of BuildKit ("#5 ERROR: …", "[rootlesskit:parent]"). */
function speakerOf(text: string): boolean | null {
  const start = text.slice(0, 120);
  const progress = /(?:^| )(?:#\d{1,6} \d{1,7}\.\d{1,3} |=> => # )/.exec(start);
  if (progress !== null) return !DAEMONS.test(start.slice(progress.index + progress[0].length));
  if (
    /(?:^| )#\d{1,6} (?:error|\[|done|cached|sha256:|resolve|transferring|extracting|exporting|pushing|warn)/.test(
      start,
    )
  )
    return false;
  if (
    /\[rootlesskit:|level=|(?:^| )(?:info|warn|erro|fata|debu)\[|^(?:error|fatal): failed to solve|^buildkitd: /.test(
      start,
    )
  )
    return false;
  return null;
}

/** What surroundings put before every line: it stands in the middle where a message goes on. */
const PREFIXES: readonly RegExp[] = [
  /^\d{4}-\d\d-\d\dt\d\d:\d\d:\d\d[.,\d]{0,12}(?:z|[+-]\d\d:?\d\d)? (?:std(?:out|err) [fp] |\d\d[oe][+ ]?)?/,
  /^\[\d{4}-\d\d-\d\dt[\d:.]{8,20}z?\] /,
  /^\[?\d\d:\d\d:\d\d(?:[.,]\d{1,6})?\]? /,
  /^(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec) +\d{1,2} \d\d:\d\d:\d\d [\w.-]{1,64} [\w.@/-]{1,64}(?:\[\d{1,7}\])?: /,
  /^\[?pod\/[\w./-]{1,200}\]? /,
  /^=> => # /,
  /^#\d{1,6} (?:\d{1,7}\.\d{1,3} )?/,
  /^[\w.-]{1,60} +\| /,
  /^(?:> ?){1,3}/,
];

/** The words of a line that goes on with the message of the line before. */
export function continued(text: string): string {
  let rest = text;
  for (const prefix of PREFIXES) rest = rest.replace(prefix, '');
  return rest;
}
