import * as fs from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const SOURCES = join(import.meta.dirname, '../src');
const LENGTH = 30_000;
/** A quadratic pattern takes half a second and more for so much text, a linear one a millisecond. */
const MOST_MS = 200;

interface Pattern {
  readonly place: string;
  readonly source: string;
  readonly regex: RegExp;
}

function patternsIn(file: string): Pattern[] {
  const tree = ts.createSourceFile(file, fs.readFileSync(join(SOURCES, file), 'utf8'), ts.ScriptTarget.Latest, true);
  const found: Pattern[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf('/');
      const source = node.text.slice(1, end);
      const line = tree.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      const flags = `${node.text.slice(end + 1).replace('g', '')}g`;
      found.push({ place: `${file}:${line}`, source, regex: new RegExp(source, flags) });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

/** Words that a pattern itself is made of, and what is often let through by its classes. */
function pumpsOf(source: string): readonly string[] {
  const words = source
    .replace(/\\[bBdDsSwWnrtux]|\(\?[:=!<]+|[\^$]/g, '\n')
    .replace(/\\(.)/g, '$1')
    .split(/[\n()[\]*+?|{}]+/)
    .filter((word) => word !== '');
  const whole = words.join('');
  const single = [' ', '\n', 'a', '1', '.', '/', ':', '=', '-', '"', '\0', '_', '#', '{', '(', '[', '\\'];
  const known = [...new Set([...words, whole, ...words.map((word, at) => word + (words[at + 1] ?? ''))])];
  const all = [...single, ...known, ...known.map((word) => `${word} `), ...known.map((word) => `${word}1`)];
  return [...new Set(all)].filter((word) => word !== '');
}

function slowest({ regex, source }: Pattern): { ms: number; pump: string } {
  let worst = { ms: 0, pump: '' };
  const pumps = pumpsOf(source);
  for (const pump of pumps) {
    const long = pump.repeat(Math.ceil(LENGTH / pump.length));
    for (const text of [`${long}\u0001`, `\n${long}\n\u0001`, `${pumps.at(-1)}${long}\u0001`]) {
      let ms = Number.POSITIVE_INFINITY;
      // On a busy machine one measure tells nothing.
      for (let tries = 0; tries < 3 && ms > MOST_MS; tries++) {
        const started = performance.now();
        text.replace(regex, '');
        ms = performance.now() - started;
      }
      if (ms > worst.ms) worst = { ms, pump };
      if (ms > MOST_MS) return worst;
    }
  }
  return worst;
}

test('no pattern takes more than linear time, whatever text it is given', { timeout: 300_000 }, () => {
  const files = fs.readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const patterns = files.flatMap(patternsIn);
  expect(patterns.length).toBeGreaterThan(400);
  const slow = patterns
    .map((pattern) => ({ ...pattern, ...slowest(pattern) }))
    .filter(({ ms }) => ms > MOST_MS)
    .map(({ place, source, pump }) => `${place} /${source}/ on ${JSON.stringify(pump.slice(0, 40))} again and again`);
  expect(slow).toEqual([]);
});
