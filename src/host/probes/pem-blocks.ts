import { tooMuch } from '../../model/unseen.ts';

const BEGIN = '-----BEGIN ';
const END = '-----END ';
const DASHES = '-----';
/** As many as any bundle of authorities has, several times over. */
const MOST = 2000;

/** One block of a PEM text: `block` is the whole of it, `headers` says whether lines of "Name: value" stand before its bytes. */
export interface PemBlock {
  readonly label: string;
  readonly headers: boolean;
  readonly block: string;
}

/**
 * The blocks that Go's encoding/pem finds in a text, in order: each begins at the beginning of a line (a byte order mark or a
 * blank before it hides it) and holds base64; what has no end is passed over. Throws Unseen for more than anybody has.
 */
export function* pemBlocks(text: string): Generator<PemBlock> {
  let count = 0;
  for (let from = lineThatBegins(text, BEGIN, 0); from >= 0; ) {
    if (++count > MOST) throw tooMuch(`a PEM file has more than ${MOST} blocks`);
    const found = blockAt(text, from);
    if (found !== null) yield found;
    from = lineThatBegins(text, BEGIN, from + (found?.block.length ?? BEGIN.length));
  }
}

/** Where the next line begins with these words, at or after a place; -1 where none does. */
function lineThatBegins(text: string, words: string, from: number): number {
  if (from === 0 && text.startsWith(words)) return 0;
  const before = text.indexOf(`\n${words}`, from);
  return before < 0 ? -1 : before + 1;
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

function blockAt(text: string, from: number): PemBlock | null {
  const head = text.slice(from + BEGIN.length, Math.min(lineEnd(text, from), from + 200)).trimEnd();
  const label = head.slice(0, -DASHES.length);
  if (!head.endsWith(DASHES) || !/^[A-Z0-9 ]{0,80}$/.test(label)) return null;
  const body = lineEnd(text, from) + 1;
  const last = lineThatBegins(text, END, body - 1);
  if (last < 0) return null;
  const foot = `${END}${label}${DASHES}`;
  if (!text.startsWith(foot, last) || text.slice(last + foot.length, lineEnd(text, last)).trim() !== '') return null;
  const lines = text.slice(body, last).split('\n');
  const bytes = lines.findIndex((line) => !line.includes(':'));
  const base64 = (bytes < 0 ? [] : lines.slice(bytes)).map((line) => line.replace(/[ \t\r]/g, '')).join('');
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return null;
  return { label, headers: bytes > 0, block: text.slice(from, last + foot.length) };
}
