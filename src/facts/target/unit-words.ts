import { isMasked, MASK } from '../../text/secret-words.ts';
import { unitWords } from '../../text/unit-words.ts';

/** Values of variables, as far as they are known. */
export interface Values {
  readonly [name: string]: string;
}

/**
 * Replaces variables in a start line as replace_env_argv() does: "${NAME}" anywhere, "$NAME" only as a whole word, which
 * becomes as many words as its value has; "$$" is a dollar. `unread`: names of those whose value is not known here.
 */
export function withVariables(
  argv: readonly string[],
  values: Values,
): { readonly argv: readonly string[]; readonly unread: readonly string[] } {
  const unread: string[] = [];
  const known = (name: string): string => {
    const value = values[name] ?? '';
    if (isMasked(value)) unread.push(name);
    return value;
  };
  const replaced = argv.flatMap((word) => {
    const whole = /^\$([A-Za-z_][A-Za-z0-9_]*)$/.exec(word)?.[1];
    if (whole !== undefined) return unitWords(known(whole)).words;
    return [word.replace(/\$(?:\{([^}]*)\}|(\$))/g, (_, name?: string) => (name === undefined ? '$' : known(name)))];
  });
  return { argv: replaced, unread };
}

/** Is a part of this word hidden from here? */
export const isHidden = (word: string): boolean => word.includes(MASK);
