import { called, type HclMap, type HclValue, isList, isMap, isSame, NotKnown, textOfValue } from './hcl-functions.ts';

/** The value of a name; undefined where it is not known. */
export type Lookup = (name: string) => HclValue | undefined;

const DEEPEST = 60;
/** As many elements as the loops of one expression may make. */
const MOST = 10_000;

/** What is left to be spent on one text: elements of loops, and levels of nesting. */
interface Budget {
  left: number;
  depth: number;
}

const whole = (): Budget => ({ left: MOST, depth: 0 });

/** The value of an expression of HCL; undefined where it is not known, or cannot be read. Never throws. */
export function expressionValue(expression: string, lookup: Lookup, budget: Budget = whole()): HclValue | undefined {
  const { depth } = budget;
  try {
    return new Reader(expression, lookup, budget).whole();
  } catch (error) {
    if (error instanceof NotKnown) return undefined;
    throw error;
  } finally {
    budget.depth = depth;
  }
}

/** A text with its `${…}` put in; one that is nothing else has the value itself. */
export function templateValue(template: string, lookup: Lookup, budget: Budget = whole()): HclValue | undefined {
  const parts = partsOf(template);
  if (parts === null) return undefined;
  const [only] = parts;
  if (parts.length === 1 && only?.expression === true) return expressionValue(only.text, lookup, budget);
  const texts = parts.map(({ text, expression }) =>
    expression ? textOfValue(expressionValue(text, lookup, budget)) : text,
  );
  return texts.every((text) => text !== undefined) ? texts.join('') : undefined;
}

interface Part {
  readonly text: string;
  readonly expression: boolean;
}

/** The pieces of a template; null where a bracket is not closed. */
function partsOf(template: string): readonly Part[] | null {
  const parts: Part[] = [];
  let plain = '';
  for (let at = 0; at < template.length; ) {
    if (template.startsWith('$${', at)) {
      plain += '${';
      at += 3;
    } else if (template.startsWith('${', at)) {
      const end = closingOf(template, at + 1);
      if (end < 0) return null;
      if (plain !== '') parts.push({ text: plain, expression: false });
      plain = '';
      parts.push({ text: template.slice(at + 2, end), expression: true });
      at = end + 1;
    } else plain += template.charAt(at++);
  }
  if (plain !== '' || parts.length === 0) parts.push({ text: plain, expression: false });
  return parts;
}

/** Where the bracket that opens at a place closes; -1 where it does not, or lies too deep. */
function closingOf(text: string, from: number, level = 0): number {
  if (level > DEEPEST) return -1;
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '"') at = endOfQuoted(text, at, level);
    else if ('{(['.includes(char)) depth++;
    else if ('})]'.includes(char) && --depth === 0) return at;
  }
  return -1;
}

/** Where a quoted text ends: the index of its closing mark, or of the end. */
function endOfQuoted(text: string, from: number, level = 0): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text.startsWith('${', at)) {
      const end = closingOf(text, at + 1, level + 1);
      if (end < 0) return text.length;
      at = end;
    } else if (text[at] === '"') return at;
  }
  return text.length;
}

const OPERATORS: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['==', '!='],
  ['<=', '>=', '<', '>'],
  ['+', '-'],
  ['*', '/', '%'],
];

class Reader {
  private at = 0;
  private readonly text: string;
  private lookup: Lookup;
  private readonly budget: Budget;

  constructor(text: string, lookup: Lookup, budget: Budget) {
    this.text = text;
    this.lookup = lookup;
    this.budget = budget;
  }

  whole(): HclValue {
    const value = this.conditional();
    this.skip();
    if (this.at < this.text.length) throw new NotKnown();
    return known(value);
  }

  private skip(): void {
    while (/\s/.test(this.text.charAt(this.at))) this.at++;
  }

  private takes(token: string): boolean {
    this.skip();
    if (!this.text.startsWith(token, this.at)) return false;
    this.at += token.length;
    return true;
  }

  private expect(token: string): void {
    if (!this.takes(token)) throw new NotKnown();
  }

  private word(): string {
    this.skip();
    const found = /^[\p{L}_][\p{L}\p{N}_-]*/u.exec(this.text.slice(this.at, this.at + 300))?.[0];
    if (found === undefined) throw new NotKnown();
    this.at += found.length;
    return found;
  }

  /** A value is undefined where it is not known; that it cannot be read is thrown. */
  private conditional(): HclValue | undefined {
    if (++this.budget.depth > DEEPEST) throw new NotKnown();
    const value = this.binary(0);
    const asked = this.takes('?');
    if (!asked) {
      this.budget.depth--;
      return value;
    }
    const yes = this.conditional();
    this.expect(':');
    const no = this.conditional();
    this.budget.depth--;
    const decided = asTruth(value);
    return decided === undefined ? undefined : decided ? yes : no;
  }

  private binary(level: number): HclValue | undefined {
    const operators = OPERATORS[level];
    if (operators === undefined) return this.unary();
    let left = this.binary(level + 1);
    for (;;) {
      this.skip();
      const operator = operators.find((one) => this.text.startsWith(one, this.at));
      if (operator === undefined) return left;
      this.at += operator.length;
      left = applied(operator, left, this.binary(level + 1));
    }
  }

  private unary(): HclValue | undefined {
    this.skip();
    if (this.text[this.at] === '!' && this.text[this.at + 1] !== '=') {
      this.at++;
      const value = asTruth(this.unary());
      return value === undefined ? undefined : !value;
    }
    if (this.takes('-')) {
      const value = asNumber(this.unary());
      return value === undefined ? undefined : -value;
    }
    return this.members(this.primary());
  }

  private members(value: HclValue | undefined): HclValue | undefined {
    let found = value;
    for (;;) {
      const char = this.text[this.at];
      if (char === '.') {
        this.at++;
        const number = /^\d+/.exec(this.text.slice(this.at, this.at + 20))?.[0];
        if (number !== undefined) this.at += number.length;
        if (this.takes('*')) throw new NotKnown();
        found = memberOf(found, number === undefined ? this.word() : Number(number));
      } else if (char === '[') {
        this.at++;
        if (this.takes('*')) throw new NotKnown();
        const key = this.conditional();
        this.expect(']');
        found = typeof key === 'string' || typeof key === 'number' ? memberOf(found, key) : undefined;
      } else return found;
    }
  }

  private primary(): HclValue | undefined {
    this.skip();
    const char = this.text.charAt(this.at);
    if (this.takes('(')) {
      const value = this.conditional();
      this.expect(')');
      return value;
    }
    if (char === '"') return this.quoted();
    if (char === '[') return this.list();
    if (char === '{') return this.map();
    const number = /^\d+(?:\.\d+)?/.exec(this.text.slice(this.at, this.at + 40))?.[0];
    if (number !== undefined) {
      this.at += number.length;
      return Number(number);
    }
    const name = this.word();
    if (this.text[this.at] === '(') return this.call(name);
    if (name === 'true' || name === 'false') return name === 'true';
    return name === 'null' ? null : this.lookup(name);
  }

  private quoted(): HclValue | undefined {
    const end = endOfQuoted(this.text, this.at);
    const inside = this.text.slice(this.at + 1, end);
    this.at = end + 1;
    if (inside.includes('%{')) return undefined;
    const value = templateValue(
      inside
        .replace(/\\(["\\])/g, '$1')
        .replace(/\\n/g, '\n')
        .replace(/\\t/g, '\t'),
      this.lookup,
      this.budget,
    );
    return value;
  }

  private call(name: string): HclValue | undefined {
    this.expect('(');
    const given: (HclValue | undefined)[] = [];
    while (!this.takes(')')) {
      const value = this.conditional();
      if (this.takes('...')) given.push(...(isList(value) ? value : [undefined]));
      else given.push(value);
      if (!this.takes(',')) {
        this.expect(')');
        break;
      }
    }
    if (!given.every((value) => value !== undefined)) return undefined;
    try {
      return called(name, given);
    } catch (error) {
      if (error instanceof NotKnown) return undefined;
      throw error;
    }
  }

  private list(): HclValue | undefined {
    this.expect('[');
    if (/^\s*for\s/.test(this.text.slice(this.at, this.at + 20))) return this.loop(']');
    const values: (HclValue | undefined)[] = [];
    while (!this.takes(']')) {
      values.push(this.conditional());
      if (!this.takes(',')) {
        this.expect(']');
        break;
      }
    }
    return values.every((value) => value !== undefined) ? values : undefined;
  }

  private map(): HclValue | undefined {
    this.expect('{');
    if (/^\s*for\s/.test(this.text.slice(this.at, this.at + 20))) return this.loop('}');
    const entries: [string, HclValue | undefined][] = [];
    while (!this.takes('}')) {
      this.skip();
      const key = /^["(]/.test(this.text.charAt(this.at)) ? textOfValue(this.primary()) : this.word();
      if (!this.takes('=') && !this.takes(':')) throw new NotKnown();
      const value = this.conditional();
      if (key === undefined) return undefined;
      entries.push([key, value]);
      this.takes(',');
    }
    return entries.every((entry): entry is [string, HclValue] => entry[1] !== undefined)
      ? Object.fromEntries(entries)
      : undefined;
  }

  /** Whether a loop takes an element; undefined where that is not known. */
  private condition(): boolean | undefined {
    if (!/^\s*if\s/.test(this.text.slice(this.at, this.at + 20))) return true;
    this.word();
    return asTruth(this.conditional());
  }

  /** `[for name in list : value if condition]`, also of maps. */
  private loop(end: ']' | '}'): HclValue | undefined {
    this.word();
    const names = [this.word()];
    if (this.takes(',')) names.push(this.word());
    if (this.word() !== 'in') throw new NotKnown();
    const over = this.conditional();
    this.expect(':');
    const body = this.at;
    const outer = this.lookup;
    const pairs: readonly (readonly [HclValue, HclValue])[] = isList(over)
      ? over.map((value, index) => [index, value] as const)
      : isMap(over)
        ? Object.entries(over)
        : [];
    const made: (readonly [HclValue | undefined, HclValue | undefined])[] = [];
    let known = over !== undefined;
    // One pass with nothing known reads to the end where there is nothing to go through.
    for (const pair of pairs.length === 0 ? [null] : pairs) {
      if (--this.budget.left < 0) throw new NotKnown();
      this.at = body;
      const values = pair === null ? [] : names.length === 1 ? [pair[1]] : pair;
      this.lookup = (name) => (names.includes(name) ? values[names.indexOf(name)] : outer(name));
      const first = this.conditional();
      const second = end === '}' && this.takes('=>') ? this.conditional() : undefined;
      const wanted = this.condition();
      this.expect(end);
      if (pair === null) continue;
      if (wanted === undefined) known = false;
      else if (wanted) made.push([first, second]);
    }
    this.lookup = outer;
    if (!known) return undefined;
    if (end === ']')
      return made.every(([value]) => value !== undefined) ? made.map(([value]) => value as HclValue) : undefined;
    const entries = made.map(([key, value]) => [textOfValue(key), value] as const);
    return entries.every(([key, value]) => key !== undefined && value !== undefined)
      ? (Object.fromEntries(entries) as HclMap)
      : undefined;
  }
}

function known(value: HclValue | undefined): HclValue {
  if (value === undefined) throw new NotKnown();
  return value;
}

function asTruth(value: HclValue | undefined): boolean | undefined {
  return value === true || value === 'true' ? true : value === false || value === 'false' ? false : undefined;
}

function asNumber(value: HclValue | undefined): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : undefined;
}

function memberOf(value: HclValue | undefined, key: string | number): HclValue | undefined {
  if (isList(value)) return typeof key === 'number' ? value[key] : undefined;
  return isMap(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function applied(operator: string, left: HclValue | undefined, right: HclValue | undefined): HclValue | undefined {
  if (operator === '&&' || operator === '||') {
    const values = [asTruth(left), asTruth(right)];
    const decides = operator === '||';
    if (values.includes(decides)) return decides;
    return values.includes(undefined) ? undefined : !decides;
  }
  if (left === undefined || right === undefined) return undefined;
  if (operator === '==' || operator === '!=') return isSame(left, right) === (operator === '==');
  const [one, other] = [asNumber(left), asNumber(right)];
  return one === undefined || other === undefined ? undefined : ARITHMETIC[operator]?.(one, other);
}

const ARITHMETIC: { readonly [operator: string]: (left: number, right: number) => HclValue } = {
  '<=': (left, right) => left <= right,
  '>=': (left, right) => left >= right,
  '<': (left, right) => left < right,
  '>': (left, right) => left > right,
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
};
