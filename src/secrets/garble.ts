import { isSecretName, looksSecret, MASK, type OnSecret, tellWords } from '../text/secret-words.ts';

/** A text that cannot be read as what it should be, with its marks and its length but none of its words. */
export function garbled(text: string, found: OnSecret): string {
  tellWords(text, found);
  return text.replace(/[^\s[\]{}="'#,.:]/gu, 'x');
}

/** The words of a comment are kept where none of them can be a secret. */
export function maskComment(comment: string, found: OnSecret): string {
  const words = comment.match(/[^\s"'`()<>,;:=]+/g) ?? [];
  if (!/@/.test(comment) && !words.some((word) => looksSecret(word) || isSecretName(word))) return comment;
  tellWords(comment, found);
  return ` ${MASK}`;
}
