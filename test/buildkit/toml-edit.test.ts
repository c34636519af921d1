import fc from 'fast-check';
import { parse } from 'smol-toml';
import { describe, expect, test } from 'vitest';
import { editToml, TomlEditRefused } from '../../src/buildkit/toml/edit.ts';
import { samePath, sitesOf } from '../../src/buildkit/toml/sites.ts';
import type { Json } from '../../src/model/look.ts';
import type { TomlEdit } from '../../src/model/plan.ts';
import { json, toml } from './toml-text.ts';

const lf = (...lines: string[]): string => lines.map((line) => `${line}\n`).join('');

const TABLE: { [name: string]: { before: string; change: TomlEdit; after: string } } = {
  'a value between comments': {
    before: lf('# ours', 'root = "/a" # where', '[grpc]', 'uid=1'),
    change: { change: 'set', path: ['root'], value: '/b' },
    after: lf('# ours', 'root = "/b" # where', '[grpc]', 'uid=1'),
  },
  'CRLF, single quotes and no final newline': {
    before: "root = '/a'\r\n[worker.oci]\r\n  snapshotter = 'overlay2'",
    change: { change: 'set', path: ['worker', 'oci', 'snapshotter'], value: 'overlayfs' },
    after: "root = '/a'\r\n[worker.oci]\r\n  snapshotter = 'overlayfs'",
  },
  'a new key at the end of a CRLF text without final newline': {
    before: '[grpc]\r\nuid=1',
    change: { change: 'set', path: ['grpc', 'gid'], value: 2 },
    after: '[grpc]\r\nuid=1\r\ngid=2',
  },
  'one element of an array over several lines': {
    before: lf('[grpc]', 'address = [', '  "unix:///a", # local', '  "tcp://127.0.0.1:1", # far', ']'),
    change: { change: 'set', path: ['grpc', 'address', '1'], value: 'tcp://127.0.0.1:2' },
    after: lf('[grpc]', 'address = [', '  "unix:///a", # local', '  "tcp://127.0.0.1:2", # far', ']'),
  },
  'an array of which one element differs': {
    before: lf('a = [ "x", # one', '  "y" ]'),
    change: { change: 'set', path: ['a'], value: ['x', 'z'] },
    after: lf('a = [ "x", # one', '  "z" ]'),
  },
  'an element more, with a comma at the end': {
    before: lf('a = [', '  "x", # one', ']'),
    change: { change: 'set', path: ['a', '1'], value: 'y' },
    after: lf('a = [', '  "x", # one', '  "y",', ']'),
  },
  'an element more, without one': {
    before: lf('a = [', '  "x" # one', ']'),
    change: { change: 'set', path: ['a'], value: ['x', 'y'] },
    after: lf('a = [', '  "x", # one', '  "y"', ']'),
  },
  'a key in an inline table': {
    before: 'tls = { cert = "a" } # both\n',
    change: { change: 'set', path: ['tls', 'key'], value: 'b' },
    after: 'tls = { cert = "a", key = "b" } # both\n',
  },
  'a key beside dotted ones': {
    before: lf('grpc.tls.cert = "a"', 'root = "/x"'),
    change: { change: 'set', path: ['grpc', 'tls', 'key'], value: 'b' },
    after: lf('grpc.tls.cert = "a"', 'grpc.tls.key = "b"', 'root = "/x"'),
  },
  'a table that is not there': {
    before: lf('debug = true'),
    change: { change: 'set', path: ['log', 'level'], value: 'debug' },
    after: lf('debug = true', '', '[log]', 'level = "debug"'),
  },
  'a top-level key before the first table and its comment': {
    before: lf('# head', '', '# of grpc', '[grpc]', 'uid = 1'),
    change: { change: 'set', path: ['root'], value: '/x' },
    after: lf('# head', '', 'root = "/x"', '', '# of grpc', '[grpc]', 'uid = 1'),
  },
  'an element of an array of tables': {
    before: lf('[[worker.oci.gcpolicy]]', 'all = true', '', '[worker.oci.labels]', 'a = "b"'),
    change: { change: 'set', path: ['worker', 'oci', 'gcpolicy', '1'], value: { keepBytes: 5 } },
    after: lf(
      '[[worker.oci.gcpolicy]]',
      'all = true',
      '',
      '[[worker.oci.gcpolicy]]',
      'keepBytes = 5',
      '',
      '[worker.oci.labels]',
      'a = "b"',
    ),
  },
  'a key of the second of three tables': {
    before: lf('[[p]]', 'a = 1', '[[p]]', 'a = 2', '[p.q]', 'r = 1', '[[p]]', 'a = 3'),
    change: { change: 'set', path: ['p', '1', 'b'], value: 0 },
    after: lf('[[p]]', 'a = 1', '[[p]]', 'a = 2', 'b = 0', '[p.q]', 'r = 1', '[[p]]', 'a = 3'),
  },
  'a misspelt key': {
    before: lf('[worker.oci]', '\t"max-paralellism"  =  4 # four'),
    change: { change: 'rename', path: ['worker', 'oci', 'max-paralellism'], to: ['worker', 'oci', 'max-parallelism'] },
    after: lf('[worker.oci]', '\tmax-parallelism  =  4 # four'),
  },
  'a key that belongs elsewhere goes with its comment': {
    before: lf('[worker.oci]', "root = '/cache' # big disk", 'gc = true'),
    change: { change: 'rename', path: ['worker', 'oci', 'root'], to: ['root'] },
    after: lf("root = '/cache' # big disk", '', '[worker.oci]', 'gc = true'),
  },
  'an unquoted frontend name': {
    before: lf('[frontend.gateway.v0]', 'enabled = false', '[frontend.dockerfile.v0]', 'enabled = true'),
    change: { change: 'rename', path: ['frontend', 'gateway', 'v0'], to: ['frontend', 'gateway.v0'] },
    after: lf('[frontend."gateway.v0"]', 'enabled = false', '[frontend.dockerfile.v0]', 'enabled = true'),
  },
  'an unquoted name in a dotted key': {
    before: lf('[frontend]', 'gateway.v0.enabled = false # off'),
    change: { change: 'rename', path: ['frontend', 'gateway', 'v0'], to: ['frontend', 'gateway.v0'] },
    after: lf('[frontend]', '"gateway.v0".enabled = false # off'),
  },
  'every header of a renamed table': {
    before: lf(
      '[worker.runc]',
      'gc = true',
      '[worker.runc.labels]',
      'a = "b"',
      '[[worker.runc.gcpolicy]]',
      'all = true',
    ),
    change: { change: 'rename', path: ['worker', 'runc'], to: ['worker', 'oci'] },
    after: lf('[worker.oci]', 'gc = true', '[worker.oci.labels]', 'a = "b"', '[[worker.oci.gcpolicy]]', 'all = true'),
  },
  'removing a key with its comment': {
    before: lf('# a', 'debug = true # loud', 'root = "/x"'),
    change: { change: 'remove', path: ['debug'] },
    after: lf('# a', 'root = "/x"'),
  },
  'removing a table leaves the comment of the next': {
    before: lf('[a]', 'b = 1', '', '# of c', '[c]', 'd = 1'),
    change: { change: 'remove', path: ['a'] },
    after: lf('', '# of c', '[c]', 'd = 1'),
  },
  'removing the last key of an inline table': {
    before: 'x = { a = 1, b = 2 }\n',
    change: { change: 'remove', path: ['x', 'b'] },
    after: 'x = { a = 1 }\n',
  },
  'a byte order mark stays': {
    before: '\ufeffroot = "/a"\n',
    change: { change: 'set', path: ['root'], value: '/b' },
    after: '\ufeffroot = "/b"\n',
  },
};
for (const [name, { before, change, after }] of Object.entries(TABLE))
  test(`edits ${name}`, () => expect(editToml(before, [change])).toBe(after));

const REFUSED: { [name: string]: { text: string; change: TomlEdit } } = {
  'text that does not parse': { text: 'a = [', change: { change: 'set', path: ['a'], value: 1 } },
  'a key that is not there': { text: 'a = 1', change: { change: 'remove', path: ['b'] } },
  'renaming onto an existing key': { text: 'a = 1\nb = 2', change: { change: 'rename', path: ['a'], to: ['b'] } },
  'a key below a value': { text: 'a = 1', change: { change: 'set', path: ['a', 'b'], value: 1 } },
  'an index beyond the end': { text: 'a = [1]', change: { change: 'set', path: ['a', '5'], value: 1 } },
  null: { text: 'a = 1', change: { change: 'set', path: ['a'], value: null } },
  'an empty path': { text: 'a = 1', change: { change: 'set', path: [], value: 1 } },
  'a table moved into itself': { text: '[a]\nb = 1', change: { change: 'rename', path: ['a'], to: ['a', 'c'] } },
  'nesting beyond reason': {
    text: `a = ${'['.repeat(100_000)}${']'.repeat(100_000)}`,
    change: { change: 'set', path: ['b'], value: 1 },
  },
};
for (const [name, { text, change }] of Object.entries(REFUSED))
  test(`refuses ${name}`, () => expect(() => editToml(text, [change])).toThrow(TomlEditRefused));

const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? Number(item) : item)));
const meaning = (text: string): unknown => plain(parse(text.replace(/^\ufeff/, ''), { integersAsBigInt: true }));
function putInto(root: unknown, path: readonly string[], value: unknown): void {
  const parent = path.slice(0, -1).reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], root);
  Object.defineProperty(parent, path.at(-1) ?? '', { value, enumerable: true, configurable: true, writable: true });
}
const shared = (a: string, b: string): number => {
  let from = 0;
  while (from < a.length && from < b.length && a[from] === b[from]) from++;
  let back = 0;
  while (back < a.length - from && back < b.length - from && a.at(-1 - back) === b.at(-1 - back)) back++;
  return from + back;
};
const RUNS = { numRuns: 400 };

describe('generated texts of every style', () => {
  test('are what they say (the generator is sound)', () => {
    fc.assert(
      fc.property(toml, ({ text, value }) => {
        expect(meaning(text)).toEqual(plain(value));
      }),
      RUNS,
    );
  });

  test('setting a value changes that value and no other byte', () => {
    fc.assert(
      fc.property(toml, fc.nat(), json, ({ text, value, leaves }, pick, next) => {
        const leaf = leaves[pick % Math.max(leaves.length, 1)];
        if (leaf === undefined) return;
        const after = editToml(text, [{ change: 'set', path: leaf.path, value: next }]);
        const wanted = plain(value);
        putInto(wanted, leaf.path, plain(next));
        expect(meaning(after)).toEqual(wanted);
        expect(after.startsWith(text.slice(0, leaf.from))).toBe(true);
        expect(after.endsWith(text.slice(leaf.to))).toBe(true);
        expect(editToml(after, [{ change: 'set', path: leaf.path, value: next }])).toBe(after);
      }),
      RUNS,
    );
  });

  test('a new key is one insertion, and removing it gives the text back or its meaning', () => {
    fc.assert(
      fc.property(toml, fc.nat(), json, fc.boolean(), ({ text, value, tables }, pick, next, nested) => {
        const table = pick % 4 === 0 ? [] : (tables[pick % Math.max(tables.length, 1)] ?? []);
        const path = nested ? [...table, 'neu', 'key'] : [...table, 'neu'];
        const after = editToml(text, [{ change: 'set', path, value: next }]);
        const wanted = plain(value);
        putInto(wanted, [...table, 'neu'], nested ? { key: plain(next) } : plain(next));
        expect(meaning(after)).toEqual(wanted);
        expect(shared(text, after)).toBeGreaterThanOrEqual(text.length);
        const back = editToml(after, [{ change: 'remove', path: [...table, 'neu'] }]);
        expect(meaning(back)).toEqual(plain(value));
      }),
      RUNS,
    );
  });

  test('removing takes one stretch of a value, or whole lines of a table', () => {
    fc.assert(
      fc.property(toml, fc.nat(), ({ text, value, leaves }, pick) => {
        const candidates = leaves.filter(({ path }) => Number.isNaN(Number(path.at(-1))) || path.at(-1) === '');
        const leaf = candidates[pick % Math.max(candidates.length, 1)];
        if (leaf === undefined) return;
        const after = editToml(text, [{ change: 'remove', path: leaf.path }]);
        const wanted = plain(value);
        const parent = leaf.path
          .slice(0, -1)
          .reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], wanted);
        delete (parent as Record<string, unknown>)[leaf.path.at(-1) ?? ''];
        const emptied = JSON.stringify(parent) === '{}';
        if (!emptied) expect(meaning(after)).toEqual(wanted);
        expect(shared(text, after)).toBeGreaterThanOrEqual(after.length);
      }),
      RUNS,
    );
  });

  test('a renamed key keeps its place, its value and every other byte', () => {
    fc.assert(
      fc.property(toml, fc.nat(), ({ text, leaves }, pick) => {
        const candidates = leaves.filter(({ path }) => !/^\d*$/.test(path.at(-1) ?? ''));
        const leaf = candidates[pick % Math.max(candidates.length, 1)];
        if (leaf === undefined) return;
        const to = [...leaf.path.slice(0, -1), 'renamed key'];
        const after = editToml(text, [{ change: 'rename', path: leaf.path, to }]);
        expect(after.endsWith(text.slice(leaf.from))).toBe(true);
        expect(to.reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], meaning(after))).toBeDefined();
        const back = editToml(after, [{ change: 'rename', path: to, to: leaf.path }]);
        expect(meaning(back)).toEqual(meaning(text));
      }),
      RUNS,
    );
  });

  test('a moved key or table means the same elsewhere', () => {
    fc.assert(
      fc.property(toml, fc.nat(), fc.boolean(), ({ text, value, leaves, tables }, pick, whole) => {
        const candidates = (whole ? tables : leaves.map(({ path }) => path)).filter(
          (path) => path.length > 0 && !path.some((part) => /^\d+$/.test(part)),
        );
        const path = candidates[pick % Math.max(candidates.length, 1)];
        if (path === undefined) return;
        const found = path.reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], plain(value));
        if (JSON.stringify(found) === '{}') return;
        let after: string;
        try {
          after = editToml(text, [{ change: 'rename', path, to: ['moved', 'here'] }]);
        } catch (error) {
          expect(error).toBeInstanceOf(TomlEditRefused);
          return;
        }
        const got = meaning(after) as { moved: { here: unknown } };
        expect(got.moved.here).toEqual(found);
      }),
      RUNS,
    );
  });

  test('the reader places each value, to the character', () => {
    fc.assert(
      fc.property(toml, ({ text, leaves }) => {
        const mark = text.startsWith('\ufeff') ? 1 : 0;
        const { pairs, elements } = sitesOf(text.slice(mark));
        const values = [
          ...pairs.map(({ path, node }) => ({ path, node: node.value })),
          ...elements.map(({ path, node }) => ({ path, node })),
        ];
        for (const { path, from, to } of leaves) {
          const node = values.find((value) => samePath(value.path, path))?.node;
          expect([node?.at, node?.end]).toEqual([from - mark, to - mark]);
        }
      }),
      RUNS,
    );
  });
});

test('never throws anything but a refusal, whatever the text', () => {
  const change = fc.oneof(
    fc.record({ change: fc.constant('set' as const), path: fc.array(fc.string(), { maxLength: 3 }), value: json }),
    fc.record({ change: fc.constant('remove' as const), path: fc.array(fc.string(), { maxLength: 3 }) }),
    fc.record({
      change: fc.constant('rename' as const),
      path: fc.array(fc.string(), { maxLength: 3 }),
      to: fc.array(fc.string(), { maxLength: 3 }),
    }),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        toml.map(({ text }) => text),
      ),
      change,
      (text, edit) => {
        try {
          editToml(text, [edit as TomlEdit & { value: Json }]);
        } catch (error) {
          expect(error).toBeInstanceOf(TomlEditRefused);
        }
      },
    ),
    { numRuns: 600 },
  );
});
