/** Words that are never the name of a thing: a sentence that begins with one of them begins with a capital. */
const ORDINARY = new Set(
  'the this that these those another other no not nothing nobody neither none of with without it its both all every each some'.split(
    ' ',
  ),
);

/** The end of a sentence, also inside quotation marks or brackets; a colon stands before a block. */
const ENDED = /[.:!?…]["”’)]?$/;

/** Words that were put together, as a sentence: an ordinary first word has a capital, and it ends with a full stop. */
export function sentence(text: string): string {
  const words = text.trim();
  if (words === '') return words;
  const [first = ''] = words.split(/[\s,:]/, 1);
  const begun = ORDINARY.has(first) ? `${first.charAt(0).toUpperCase()}${words.slice(1)}` : words;
  return ENDED.test(begun) ? begun : `${begun}.`;
}

/** The first of several sentences. */
export function firstSentence(text: string): string {
  return text.split(/(?<=[.!?]["”]?) (?=[A-Z])/, 1)[0] ?? text;
}
