import { tooMuch } from '../../model/unseen.ts';

const BEGIN = '-----BEGIN ';
const DASHES = '-----';
/** As many as any bundle of authorities has, several times over. */
const MOST = 2000;

/** The blocks of a PEM text in order; what has no end is passed over. Throws Unseen for more than anybody has. */
export function* pemBlocks(text: string): Generator<{ readonly label: string; readonly block: string }> {
  let count = 0;
  for (let from = text.indexOf(BEGIN); from >= 0; ) {
    if (++count > MOST) throw tooMuch(`a PEM file has more than ${MOST} blocks`);
    const named = text.indexOf(DASHES, from + BEGIN.length);
    if (named < 0) return;
    const label = text.slice(from + BEGIN.length, named);
    const last = `-----END ${label}-----`;
    const end = /^[A-Z0-9 ]{1,80}$/.test(label) ? text.indexOf(last, named) : -1;
    if (end >= 0) yield { label, block: text.slice(from, end + last.length) };
    from = text.indexOf(BEGIN, end >= 0 ? end + last.length : named);
  }
}
