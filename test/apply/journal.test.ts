import * as fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seal, unseal } from '../../src/apply/disk/sealed-line.ts';
import { history, Refused } from '../../src/apply/index.ts';
import { readRuns } from '../../src/apply/journal/store.ts';
import type { Step } from '../../src/model/plan.ts';
import { canChangeThings, editStep, Ground, ROOT, root, sh, sha } from './ground.ts';

const target = { uid: 77, gid: 77, groups: [77], name: null, home: null, shell: null };
const more = { identity: { self: ROOT, target, mode: 'rootless', sudoUser: null } } as const;
type Lines = { [field: string]: unknown }[];

/** A run with every kind of step whose journal says more than its kind. */
async function applied(): Promise<{ ground: Ground; journal: string; log: string; before: string; after: string }> {
  const ground = new Ground();
  const [file, old] = [ground.write('file', 'a\n'), ground.write('old', 'x\n')];
  fs.mkdirSync(ground.at('owned'));
  ground.write('tree/a', 'a');
  const allowed = { uids: [{ start: 77, count: 1 }], gids: [{ start: 77, count: 1 }] };
  const steps: Step[] = [
    editStep(file, 'a\n', 'b\n'),
    { as: 'root', do: 'remove', path: old, expects: sha('x\n') },
    { as: 'root', do: 'directory', path: ground.at('made/below'), mode: 0o700, owner: root },
    { as: 'root', do: 'owner', path: ground.at('owned'), from: root, to: { uid: 5, gid: 6 } },
    { as: 'root', do: 'mode', path: ground.at('owned'), from: 0o755, to: 0o700 },
    { as: 'root', do: 'run', argv: ['true'], undo: ['true'], why: '' },
    { as: 'root', do: 'adopt', tree: ground.at('tree'), allowed, only: [0], to: { uid: 77, gid: 77 } },
  ];
  const before = ground.fingerprint();
  expect(await ground.apply(steps, more)).toMatchObject({ result: 'applied' });
  const run = `${ground.state}/runs/1`;
  return { ground, journal: `${run}/journal`, log: `${run}/backup-1.1-6`, before, after: ground.fingerprint() };
}

const linesIn = (file: string): Lines =>
  fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { sum: _, ...entry } = JSON.parse(line) as { [field: string]: unknown };
      return entry;
    });

/** As somebody would write it who knows how. */
function forge(file: string, entries: Lines): void {
  let sum = '';
  const lines = entries.map((entry) => {
    const sealed = seal(entry, sum);
    sum = sealed.sum;
    return sealed.line;
  });
  fs.writeFileSync(file, lines.join(''));
}

test('a sealed line shows damage, also what is missing before it; an old one has no seal', () => {
  const { line, sum } = seal({ a: 1 });
  expect(unseal(line.trim())).toEqual({ value: { a: 1, sum }, sum });
  const next = seal({ b: 2 }, sum).line.trim();
  expect(unseal(next, sum)?.value).toMatchObject({ b: 2 });
  expect(unseal(next)).toBeNull();
  expect(unseal(line.trim().replace('1', '2'))).toBeNull();
  expect(unseal('{"a":1}')).toEqual({ value: { a: 1 }, sum: '' });
});

describe.skipIf(!canChangeThings())('journals that are not as they were written', () => {
  test('whatever happens to its bytes, no more is believed than was written', { timeout: 120_000 }, async () => {
    const { ground, journal } = await applied();
    const written = fs.readFileSync(journal);
    const length = written.indexOf('\n\n') + 1;
    const believed = (): unknown => readRuns(ground.state, 0).map(({ transactions }) => transactions);
    const lines = written.subarray(0, length).toString('utf8').split('\n').slice(0, -1);
    const prefixes = lines.map((_, count) => {
      fs.writeFileSync(journal, `${lines.slice(0, count + 1).join('\n')}\n`);
      return JSON.stringify(believed());
    });
    const nothing = [JSON.stringify([[]]), JSON.stringify([])];
    const at = fc.nat(length - 1);
    const mutation = fc.oneof(
      fc.tuple(at, fc.nat(7)).map(([byte, bit]) => (text: Buffer) => {
        text.writeUInt8(text.readUInt8(byte) ^ (1 << bit), byte);
        return text;
      }),
      at.map((end) => (text: Buffer) => text.subarray(0, end)),
      fc.tuple(at, fc.nat(600)).map(
        ([from, count]) =>
          (text: Buffer) =>
            Buffer.concat([text.subarray(0, from), text.subarray(from + count)]),
      ),
      fc.tuple(at, fc.uint8Array({ minLength: 1, maxLength: 600 })).map(
        ([from, bytes]) =>
          (text: Buffer) =>
            Buffer.concat([text.subarray(0, from), bytes, text.subarray(from)]),
      ),
      fc.tuple(at, fc.nat(600)).map(
        ([from, count]) =>
          (text: Buffer) =>
            text.fill(0, from, Math.min(from + count, text.length)),
      ),
      fc.tuple(fc.nat(lines.length - 1), fc.nat(lines.length - 1)).map(([from, to]) => () => {
        const order = [...lines];
        order.splice(to, 0, ...order.splice(from, 1));
        return Buffer.from(`${order.join('\n')}\n`);
      }),
    );
    fc.assert(
      fc.property(mutation, (mutate) => {
        fs.writeFileSync(journal, mutate(Buffer.from(written.subarray(0, length))));
        const [run] = readRuns(ground.state, 0);
        if (run === undefined || run.damaged !== null) return;
        expect([...prefixes, ...nothing]).toContain(JSON.stringify(believed()));
      }),
      { seed: 8, numRuns: 1000 },
    );
    fs.writeFileSync(journal, written);
    expect((await ground.undo(null, more)).transactions).toMatchObject([{ result: 'undone' }]);
  });

  test('whatever stands in its fields, undo restores or refuses in one sentence', { timeout: 120_000 }, async () => {
    const { ground, journal, before, after } = await applied();
    const entries = linesIn(journal);
    const paths: (readonly string[])[] = [];
    const visit = (value: unknown, path: readonly string[]): void => {
      if (path.length > 0) paths.push(path);
      if (typeof value === 'object' && value !== null)
        for (const [name, inner] of Object.entries(value)) visit(inner, [...path, name]);
    };
    visit(entries, []);
    let deep: unknown = 0;
    for (let level = 0; level < 3000; level++) deep = [deep];
    const wrong = fc.constantFrom<unknown>(
      null,
      true,
      -1,
      1.5,
      2 ** 60,
      '',
      '..',
      '/',
      '../../../../etc/passwd',
      '\0',
      'x'.repeat(100_000),
      [],
      [[]],
      {},
      { entry: 'run' },
      deep,
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), wrong, async (path, value) => {
        const copy = structuredClone(entries) as unknown as { [name: string]: unknown };
        let inside = copy as { [name: string]: unknown };
        for (const name of path.slice(0, -1)) inside = inside[name] as { [name: string]: unknown };
        inside[path.at(-1) ?? ''] = value;
        forge(journal, copy as unknown as Lines);
        await history(ground.state, 0);
        const [run] = readRuns(ground.state, 0);
        // What does not show is what a run could have written: another text to show, say.
        if (run?.damaged === null) return;
        const { transactions } = await ground.undo(null, more);
        for (const { result, reason } of transactions) {
          expect(result).toBe('refused');
          expect(reason).toMatch(/^the journal of run 1 cannot be relied on.*: .+/);
        }
      }),
      { seed: 8, numRuns: 300 },
    );
    expect(ground.fingerprint()).toBe(after);
    forge(journal, entries);
    expect((await ground.undo(null, more)).transactions).toMatchObject([{ result: 'undone' }]);
    expect(ground.fingerprint()).toBe(before);
  });

  const forgeries: [string, (entry: { [field: string]: unknown }, ground: Ground) => void][] = [
    [
      'a temporary name elsewhere',
      (entry) => entry.entry === 'intent' && Object.assign(entry, { temp: '../victim/file' }),
    ],
    ['another temporary name', (entry) => entry.entry === 'intent' && Object.assign(entry, { temp: 'file' })],
    [
      'a transaction that leads out of the journal',
      (entry) => 'transaction' in entry && Object.assign(entry, { transaction: '1.1/../../../victim' }),
    ],
    ['a token that does', (entry) => entry.entry === 'run' && Object.assign(entry, { token: '../../victim' })],
    [
      'directories that lead out',
      (entry) =>
        entry.step === 2 &&
        entry.entry === 'intent' &&
        Object.assign(entry, { prepared: { made: ['..', '..', 'victim'] } }),
    ],
    ['a step that is not there', (entry) => entry.entry === 'intent' && Object.assign(entry, { step: 99 })],
  ];
  test.each(forgeries)('a forged journal is refused: %s', async (_, change) => {
    const { ground, journal, after } = await applied();
    const entries = linesIn(journal);
    for (const entry of entries) change(entry, ground);
    forge(journal, entries);
    expect((await ground.undo(null, more)).transactions).toMatchObject([{ result: 'refused' }]);
    expect(ground.fingerprint()).toBe(after);
  });

  test('what was adopted is given back below the tree alone', async () => {
    const { ground, log, after } = await applied();
    fs.writeFileSync(`${ground.path}/victim`, '');
    fs.chownSync(`${ground.path}/victim`, 77, 77);
    const stat = fs.statSync(`${ground.path}/victim`, { bigint: true });
    for (const path of ['../../victim', 'a/../../../victim', '/', 'a//b', 'a\0']) {
      const [entry] = linesIn(log);
      const forged = { ...entry, path, ino: String(stat.ino), dev: String(stat.dev), mtimeNs: String(stat.mtimeNs) };
      fs.writeFileSync(log, seal(forged).line);
      expect((await ground.undo(null, more)).transactions).toMatchObject([
        { result: 'refused', reason: expect.stringMatching(/list of what was adopted.* is damaged/) },
      ]);
      expect(fs.statSync(`${ground.path}/victim`).uid).toBe(77);
    }
    for (const text of ['x'.repeat(200_000), '{"path":1}\n', '[]\n']) {
      fs.writeFileSync(log, text);
      expect((await ground.undo(null, more)).transactions).toMatchObject([{ result: 'refused' }]);
    }
    expect(ground.fingerprint()).toBe(after);
  });

  test('a journal of an older bk-doctor, without seals, is undone', async () => {
    const { ground, journal, log, before } = await applied();
    for (const file of [journal, log])
      fs.writeFileSync(
        file,
        linesIn(file)
          .map((entry) => {
            const { born: _, ...rest } = entry;
            if (entry.entry === 'intent') {
              const { born, boot, ...prepared } = entry.prepared as { [name: string]: unknown };
              return `${JSON.stringify({ ...rest, prepared })}\n`;
            }
            return `${JSON.stringify(rest)}\n`;
          })
          .join(''),
      );
    expect((await ground.undo(null, more)).transactions).toMatchObject([{ result: 'undone' }]);
    expect(ground.fingerprint()).toBe(before);
  });

  const kinds: [string, string][] = [
    ['a FIFO', 'mkfifo'],
    ['a directory', 'mkdir'],
    ['a link', 'ln -s /etc/passwd'],
    ['a device', 'mknod -m 600 @ c 1 5;:'],
    ['a gigabyte', 'truncate -s 1G'],
    ['a file that others can write', 'install -m 666 /dev/null'],
  ];
  test.each(kinds)(
    '%s where the journal, the run, a backup or the lock should be',
    { timeout: 60_000 },
    async (_, make) => {
      const at = (path: string): string => (make.includes('@') ? make.replace('@', path) : `${make} ${path}`);
      for (const name of ['runs/1/journal', 'runs/1', 'runs/1/backup-1.1-0', 'lock']) {
        const { ground, after } = await applied();
        sh(`rm -rf ${ground.state}/${name}; ${at(`${ground.state}/${name}`)}`);
        const answer = await ground.undo(null, more).catch((error: unknown) => error);
        if (answer instanceof Refused) expect(answer.message).toMatch(/lock/);
        else if (name !== 'lock' && !(name === 'runs/1' && make === 'mkdir'))
          expect(answer).toMatchObject({ transactions: [{ result: 'refused', reason: expect.stringMatching(/\w/) }] });
        if (name !== 'lock') expect(ground.fingerprint()).toBe(after);
        ground.remove();
      }
    },
  );

  test("a damaged run is listed, and is in nobody else's way", async () => {
    const { ground, journal } = await applied();
    const other = ground.write('other', '1');
    await ground.apply([editStep(other, '1', '2')], more);
    fs.writeFileSync(journal, 'not a journal\n{}\n');
    expect((await history(ground.state, 0)).runs).toMatchObject([
      { id: '1', damaged: expect.stringMatching(/^the journal of run 1 cannot be relied on/), transactions: [] },
      { id: '2', transactions: [{ state: 'applied' }] },
    ]);
    expect((await ground.undo(null, more)).transactions).toMatchObject([{ id: '2.1', result: 'undone' }]);
    expect((await ground.undo(null, more)).transactions).toMatchObject([{ id: '1', result: 'refused' }]);
    expect(await ground.apply([editStep(other, '1', '2')], more)).toMatchObject({ result: 'applied' });
  });
});
