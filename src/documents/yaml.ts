import { type Alias, isAlias, isMap, isScalar, isSeq, type ParsedNode, parseAllDocuments } from 'yaml';
import { readPlainYaml } from './plain-yaml.ts';
import type { Entry, Span, Value } from './tree.ts';

/** What a YAML text holds, and the first thing in it that no decoder takes. */
export interface YamlText {
  readonly documents: readonly Value[];
  readonly error: { readonly message: string; readonly at: number } | null;
}

/** More than anybody writes: what goes beyond is a text that was made to harm whoever reads it. */
const DEEPEST = 100;
const MOST_BRACKETS = 500;
const MOST_VALUES = 200_000;

class TooMuch extends Error {}

/** Reads all documents of a text that begins `base` characters into its file. Never throws. */
export function readYaml(text: string, base: number): YamlText {
  const plain = readPlainYaml(text, base);
  return plain === null ? readWholeYaml(text, base) : { documents: plain, error: null };
}

/** Reads any YAML. */
export function readWholeYaml(text: string, base: number): YamlText {
  const deep = tooDeep(text);
  if (deep !== null)
    return {
      documents: [],
      error: { message: `It is nested more than ${MOST_BRACKETS} levels deep.`, at: base + deep },
    };
  try {
    const read = parseAllDocuments(text, { uniqueKeys: false, prettyErrors: false, logLevel: 'silent' });
    const documents = Array.isArray(read) ? read : [];
    const first = documents.flatMap(({ errors }) => errors)[0];
    const reader = new Reader(text, base);
    const values = documents.flatMap(({ contents }) => {
      reader.anchors.clear();
      return contents === null ? [] : [reader.valueOf(contents, 0).value];
    });
    return {
      documents: values,
      error: first === undefined ? null : { message: sentence(first.message), at: base + first.pos[0] },
    };
  } catch (error) {
    const message = error instanceof TooMuch ? error.message : 'It is nested deeper than can be read.';
    return { documents: [], error: { message, at: base } };
  }
}

const sentence = (words: string): string => `${words.replace(/\s+/g, ' ').replace(/[.:]$/, '')}.`;

/** Where brackets go deeper than a reader that calls itself can follow; those in quoted text mostly come in pairs. */
function tooDeep(text: string): number | null {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === 91 || char === 123) {
      if (++depth > MOST_BRACKETS) return at;
    } else if ((char === 93 || char === 125) && depth > 0) depth--;
  }
  return null;
}

/** A value, and how many values it is when each alias is written out. */
interface Sized {
  readonly value: Value;
  readonly size: number;
}

class Reader {
  readonly anchors = new Map<string, Sized>();
  private readonly text: string;
  private readonly base: number;

  constructor(text: string, base: number) {
    this.text = text;
    this.base = base;
  }

  valueOf(node: ParsedNode | null, depth: number): Sized {
    if (depth > DEEPEST) throw new TooMuch(`It is nested more than ${DEEPEST} levels deep.`);
    if (node === null) return { value: this.nothing(0), size: 1 };
    if (isAlias(node)) {
      const known = this.anchors.get(node.source);
      if (known === undefined) return { value: this.nothing(node.range?.[0] ?? 0), size: 1 };
      return { value: { ...known.value, span: this.span(node) }, size: known.size };
    }
    const made = this.made(node, depth);
    if (made.size > MOST_VALUES)
      throw new TooMuch(`It holds more than ${MOST_VALUES} values when its aliases are written out.`);
    if (node.anchor !== undefined) this.anchors.set(node.anchor, made);
    return made;
  }

  private made(node: Exclude<ParsedNode, Alias.Parsed>, depth: number): Sized {
    const span = this.span(node);
    if (isScalar(node)) {
      const { value } = node;
      const simple = value === null || ['string', 'number', 'boolean'].includes(typeof value);
      const text = node.source ?? String(value ?? '');
      const plain = node.type === 'PLAIN';
      return { value: { kind: 'scalar', value: simple ? (value as string) : text, text, plain, span }, size: 1 };
    }
    if (isSeq(node)) {
      const all = node.items.map((item) => this.valueOf(item as ParsedNode, depth + 1));
      const items = all.map(({ value }) => value);
      return {
        value: { kind: 'list', items, span: node.flow === true ? span : upTo(span, items.at(-1)) },
        size: 1 + sum(all),
      };
    }
    if (!isMap(node)) return { value: this.nothing(span.start), size: 1 };
    return this.fieldsOf(node, span, depth);
  }

  private fieldsOf(node: Extract<ParsedNode, { items: readonly unknown[] }>, span: Span, depth: number): Sized {
    const entries: Entry[] = [];
    const merged: Entry[] = [];
    let size = 1;
    for (const pair of node.items as readonly { key: ParsedNode | null; value: ParsedNode | null }[]) {
      const key = isScalar(pair.key) ? (pair.key.source ?? String(pair.key.value)) : '';
      const keySpan = pair.key === null ? span : this.span(pair.key);
      const read =
        pair.value === null
          ? { value: this.nothing(keySpan.end - this.base), size: 1 }
          : this.valueOf(pair.value, depth + 1);
      size += read.size;
      const { value } = read;
      if (key === '<<') {
        for (const source of value.kind === 'list' ? value.items : [value])
          if (source.kind === 'fields')
            merged.push(...source.entries.map((entry) => ({ ...entry, foreign: true }) as const));
        continue;
      }
      entries.push({ key, keySpan, value, span: { start: keySpan.start, end: Math.max(keySpan.end, value.span.end) } });
    }
    const own = new Set(entries.map(({ key }) => key));
    const all = merged.length === 0 ? entries : [...merged.filter(({ key }) => !own.has(key)), ...entries];
    return {
      value: { kind: 'fields', entries: all, span: node.flow === true ? span : upTo(span, entries.at(-1)) },
      size,
    };
  }

  private nothing(at: number): Value {
    const start = this.base + at;
    return { kind: 'scalar', value: null, text: '', plain: true, span: { start, end: start } };
  }

  /** Without the blanks and comments behind it. */
  private span({ range }: { range?: readonly [number, number, number] | null }): Span {
    const [start = 0, end = 0] = range ?? [];
    let last = end;
    while (last > start && /\s/.test(this.text[last - 1] ?? '')) last--;
    return { start: this.base + start, end: this.base + last };
  }
}

/** A block ends where its last element does: comments behind it are none of its. */
const upTo = ({ start, end }: Span, last: { readonly span: Span } | undefined): Span => ({
  start,
  end: last?.span.end ?? end,
});

const sum = (all: readonly Sized[]): number => all.reduce((total, { size }) => total + size, 0);
