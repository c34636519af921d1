/** A signature made ready to be looked for: fixed parts with gaps between them, and the part by which a line is found. */
export interface Signature {
  readonly parts: readonly Part[];
  /** Stands in every text that the signature fits; without quotes, which surroundings escape. */
  readonly anchor: string;
}
type Gap = 'none' | 'name' | 'word' | 'any';

interface Part {
  readonly text: string;
  /** What may stand before it: nothing, one name without a slash, one word, or anything. */
  readonly gap: Gap;
}

/** What may stand between two parts of one message. */
const MOST_GAP = 2000;
/** Of the places at which a first part stands in one line, these are tried. */
const MOST_TRIES = 40;
/** A shorter anchor would be found in every other line; a longer one is no rarer. */
const LEAST_ANCHOR = 3;
const MOST_ANCHOR = 18;

/** Every text that `{a|b}` stands for. */
export function expanded(signature: string): readonly string[] {
  const open = signature.indexOf('{');
  if (open < 0) return [signature];
  const choices: string[] = [];
  let depth = 0;
  let from = open + 1;
  for (let at = open; at < signature.length; at++) {
    const character = signature[at];
    if (character === '{') depth++;
    else if (character === '|' && depth === 1) {
      choices.push(signature.slice(from, at));
      from = at + 1;
    } else if (character === '}' && --depth === 0) {
      if (choices.length === 0)
        return expanded(signature.slice(at + 1)).map((rest) => signature.slice(0, at + 1) + rest);
      choices.push(signature.slice(from, at));
      const ends = expanded(signature.slice(at + 1));
      const start = signature.slice(0, open);
      return choices.flatMap(expanded).flatMap((choice) => ends.map((end) => start + choice + end));
    }
  }
  return expanded(signature.slice(open + 1)).map((rest) => signature.slice(0, open + 1) + rest);
}

/** Throws where nothing in a signature is long enough to be found by. */
export function compiled(signature: string): Signature {
  const parts: Part[] = [];
  let gap: Gap = 'none';
  for (const piece of signature.split(/([*#~])/)) {
    if (piece === '*') gap = 'any';
    else if (piece === '#') gap = gap === 'any' ? 'any' : 'word';
    else if (piece === '~') gap = gap === 'none' ? 'name' : gap;
    else if (piece !== '') {
      parts.push({ text: piece, gap: parts.length === 0 ? 'none' : gap });
      gap = 'none';
    }
  }
  const anchor = parts
    .flatMap(({ text }) => text.split("'"))
    .map((text) => text.trim())
    .reduce((longest, text) => (text.length > longest.length ? text : longest), '');
  if (anchor.length < LEAST_ANCHOR) throw new Error(`nothing to find "${signature}" by`);
  return { parts, anchor: anchor.slice(-MOST_ANCHOR).trim() };
}

/** Where a signature stands in a canonical text; null where it does not. */
export function placeOf({ parts }: Signature, text: string): { readonly from: number; readonly to: number } | null {
  const first = parts[0]?.text ?? '';
  let from = text.indexOf(first);
  for (let tries = 0; from >= 0 && tries < MOST_TRIES; tries++) {
    const to = endOf(parts, text, from + first.length);
    if (to !== null) return { from, to };
    from = text.indexOf(first, from + 1);
  }
  return null;
}

function endOf(parts: readonly Part[], text: string, start: number): number | null {
  let end = start;
  for (let index = 1; index < parts.length; index++) {
    const part = parts[index];
    if (part === undefined) return null;
    const window = text.slice(end, end + MOST_GAP + part.text.length);
    const at = part.gap === 'any' ? window.indexOf(part.text) : afterWord(window, part);
    if (at < 0) return null;
    end += at + part.text.length;
  }
  return end;
}

/** The place of a text of which only a word, or a name, stands before it. */
function afterWord(window: string, { text, gap }: Part): number {
  const at = window.indexOf(text);
  const isWithin = (end: string): boolean => {
    const place = window.indexOf(end);
    return place >= 0 && place < at;
  };
  return isWithin(' ') || (gap === 'name' && isWithin('/')) ? -1 : at;
}
