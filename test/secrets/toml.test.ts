import fc from 'fast-check';
import { parse } from 'smol-toml';
import { expect, test } from 'vitest';
import { maskToml } from '../../src/secrets/toml.ts';

const masked = (text: string): string => maskToml(text, () => {});

test.each([
  ['mirrors = ["https://u:hunter2@m.example/x"]', 'registry."docker.io"', 'mirrors = ["https://***:***@m.example/x"]'],
  ["mirrors = ['http://hunter/y@m.example']", 'registry."docker.io"', "mirrors = ['http://***@m.example']"],
  ['address = ["tcp://u:hunter2@127.0.0.1:1"]', 'grpc', 'address = ["tcp://***:***@127.0.0.1:1"]'],
  ['address = ["tcp://u:hunter2\\u0040127.0.0.1:1"]', 'grpc', 'address = ["tcp://***:***@127.0.0.1:1"]'],
  ['nameservers = ["u:hunter2@1.2.3.4"]', 'dns', 'nameservers = ["***:***@1.2.3.4"]'],
  ['auth = "hunter2"', 'registry."docker.io"', 'auth = "***"'],
  ["username = 'hunter2' # a note", 'registry."docker.io"', "username = '***' # a note"],
  ['password = """\nhunter\n2"""', 'x', 'password = """***\n\n"""'],
  ["token = '''hunter2'''", 'x', "token = '''***'''"],
  ['a = { b = [ "hunter2", { c = "hunter2" } ] }', 'strange', 'a = { b = [ "***", { c = "***" } ] }'],
  ['http.token = "hunter2"', 'registry."docker.io"', 'http.token = "***"'],
  ['secret = "hunter2"', 'worker.oci.labels', 'secret = "***"'],
  ['pin = 123456', 'x', 'pin = 1'],
  ['password = hunter2', 'x', 'password = xxxxxxx'],
  ['debug = true # token: hunter2', 'x', 'debug = true # ***'],
  ['hunter2 token value here', 'x', 'xxxxxxx xxxxx xxxxx xxxx'],
  ['x = "hunter2', 'strange', 'x = "xxxxxxx'],
  ['[registry."u:hunter2@r.example"]', 'x', '[registry."***:***@r.example"]'],
  ['[hunter2 and more', 'x', '[xxxxxxx xxx xxxx'],
])('%s', (line, table, after) => {
  expect(masked(`[${table}]\n${line}\n`)).toBe(`[${table}]\n${after}\n`);
});

test.each([
  'root = "/home/alice@corp.example/cache"\n',
  '[worker.oci]\n  snapshoter = "overlayfs" # the usual one\n',
  '[grpc]\n  address = ["unix:///run/user/a@b/buildkitd.sock"]\n',
  '[[worker.oci.gcpolicy]]\r\n  filters = ["type==source.local"]\r\n  keepBytes = 10000\r\n',
  '[worker.oci]\nsnapshotter = overlayfs\n',
  '\ufeffdebug = true\n',
])('%j is kept', (text) => {
  expect(masked(text)).toBe(text);
});

/** The keys of a document, and of each value the kind. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (value instanceof Date || typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shapeOf(each)]));
}

test('what was TOML has the same keys and kinds, and as many lines', () => {
  const word = fc.constantFrom('root', 'token', 'debug', 'registry', 'worker', 'x', '"a b"', "'c'", 'labels');
  const value = fc.constantFrom(
    '"s3cret1"',
    "'x'",
    '"""a\nb3cde"""',
    "'''q\n'''",
    '12345',
    'true',
    '1.5',
    '1979-05-27',
    '[1, "a:b@c"]',
    '{ k = "v" }',
    '[ # n0te5\n ]',
  );
  const line = fc.oneof(
    fc.tuple(word, word, value).map(([a, b, v]) => `${a}.${b}=${v} # c`),
    fc.tuple(word, value).map(([a, v]) => `  ${a} = ${v}`),
    word.map((a) => `[${a}]`),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      const text = lines.join('\n');
      let before: unknown;
      try {
        before = parse(text);
      } catch {
        return;
      }
      const after = masked(text);
      expect(shapeOf(parse(after))).toEqual(shapeOf(before));
      expect(after.split('\n')).toHaveLength(text.split('\n').length);
      expect(masked(after)).toBe(after);
    }),
  );
});

test('any text is masked, in time that grows with its length alone', () => {
  const part = fc.constantFrom(
    '"',
    "'",
    '"""',
    "'''",
    '[',
    ']',
    '{',
    '}',
    '=',
    ',',
    '.',
    '#',
    '\n',
    '\\',
    ' ',
    'a1b2c3',
    'x=',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 60 }), (parts) => {
      const text = parts.join('');
      expect(masked(text).split('\n')).toHaveLength(text.split('\n').length);
    }),
  );
  for (const part of [
    'a = """\n',
    'a = [\n',
    '[',
    '"\\"',
    '\'\'\'\n"""\n',
    'k1 = 1\n',
    'a.',
    '{a=',
    '#x9y8z\n',
    "a = '\n",
  ]) {
    const started = performance.now();
    masked(part.repeat(1_000_000 / part.length));
    expect(performance.now() - started, JSON.stringify(part)).toBeLessThan(20_000);
  }
});
