import type { Container } from '../../documents/container.ts';
import { type Cursor, exists, field } from '../../documents/tree.ts';
import { type Change, withoutField, withoutItems } from './change.ts';

/** A list without some elements; without its key where they are all of it. */
function withoutSome(text: string, map: Cursor, key: string, indexes: readonly number[]): readonly Change[] | null {
  const list = field(map, key);
  return list.node?.kind === 'list' && list.node.items.length === indexes.length
    ? withoutField(map, key)
    : withoutItems(text, list, indexes);
}

/** A container without one of its variables. */
export function withoutVariable(text: string, container: Container, name: string): readonly Change[] | null {
  const { yaml, engine, env } = container;
  const variable = env.find((one) => one.name === name);
  if (variable === undefined) return null;
  if (yaml === null) {
    const written = text.slice(variable.span.start, variable.span.end);
    // Only where the option is written for this variable alone.
    if (!/^(?:-e|--env)\b/.test(written)) return null;
    const blank = text[variable.span.end] === ' ' ? 1 : 0;
    return [{ start: variable.span.start, end: variable.span.end + blank, text: '' }];
  }
  const key = engine === 'kubernetes' ? 'env' : 'environment';
  const given = field(yaml, key);
  if (given.node?.kind === 'fields')
    return given.node.entries.length === 1 && exists(field(given, name))
      ? withoutField(yaml, key)
      : withoutField(given, name);
  if (given.node?.kind !== 'list') return null;
  const isIt = (text_: string): boolean => text_ === name || text_.startsWith(`${name}=`);
  const index = given.node.items.findIndex((item) =>
    item.kind === 'fields'
      ? item.entries.some(({ key: one, value }) => one === 'name' && value.kind === 'scalar' && value.text === name)
      : item.kind === 'scalar' && isIt(item.text),
  );
  return index < 0 ? null : withoutSome(text, yaml, key, [index]);
}

/** The one place where a shell text or a makefile gives a variable its value; null where there are several. */
export function assignmentOf(text: string, name: string): { readonly start: number; readonly text: string } | null {
  const pattern = new RegExp(`^([ \\t]*(?:export[ \\t]+)?${name}[ \\t]*(?::|\\?|::)?=[ \\t]*)(.*)$`, 'gm');
  const [first, second] = [...text.matchAll(pattern)];
  return first === undefined || second !== undefined
    ? null
    : { start: first.index + (first[1] ?? '').length, text: first[2] ?? '' };
}

const NAME = /\$(?:\{([A-Za-z_]\w*)|\(([A-Za-z_]\w*)\)|([A-Za-z_]\w*))/g;

/** Where a word is written in the values of the variables that a text names. */
export function inVariables(text: string, written: string, word: string, depth = 0): number | null {
  if (depth > 4) return null;
  const found = [...written.matchAll(NAME)].flatMap(([, braced, made, bare]) => {
    const assigned = assignmentOf(text, braced ?? made ?? bare ?? '');
    if (assigned === null) return [];
    const at = assigned.text.lastIndexOf(word);
    return at >= 0 ? [assigned.start + at] : (inVariables(text, assigned.text, word, depth + 1) ?? []);
  });
  return found.length === 1 ? (found[0] ?? null) : null;
}
