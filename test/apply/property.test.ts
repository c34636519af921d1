import * as fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyEdit } from '../../src/apply/disk/text-edit.ts';
import type { Edit, Step } from '../../src/model/plan.ts';
import { oneIn } from '../thoroughly.ts';
import { canChangeThings, Ground, sha } from './ground.ts';

/** File names that people and attackers use; never "." or "..", never a slash or NUL. */
const name = fc
  .string({
    unit: fc.constantFrom('a', 'b', ' ', "'", '"', '$', '\n', '*', '-', '\\', 'é', '.'),
    minLength: 1,
    maxLength: 6,
  })
  .filter((text) => text !== '.' && text !== '..');
const lineText = fc.string({ unit: fc.constantFrom('a', 'b', 'c', ':', '#', ' ', "'", 'é'), maxLength: 5 });
const text = fc
  .array(fc.tuple(lineText, fc.constantFrom('\n', '\n', '\r\n')), { maxLength: 6 })
  .map((lines) => lines.flat().join(''));
const edit: fc.Arbitrary<Edit> = fc.oneof(
  text.map((whole) => ({ edit: 'whole', text: whole }) as const),
  lineText.map((line) => ({ edit: 'append', line }) as const),
  fc.tuple(lineText, fc.option(lineText)).map(([line, by]) => ({ edit: 'replace-line', line, by }) as const),
);
const mode = fc.constantFrom(0o600, 0o640, 0o644, 0o400, 0o755);
const id = fc.constantFrom(0, 1, 1000, 65534);

interface Tree {
  readonly files: readonly { name: string; text: string; mode: number; uid: number }[];
  readonly directories: readonly string[];
}
const tree: fc.Arbitrary<Tree> = fc.record({
  files: fc.uniqueArray(fc.record({ name, text, mode, uid: id }), { selector: (file) => file.name, maxLength: 4 }),
  directories: fc.uniqueArray(
    name.map((made) => `d${made}`),
    { maxLength: 2 },
  ),
});
/** A step that refers to the tree by numbers: which file, which name. */
type Draft = (tree: Tree, at: (...names: string[]) => string) => Step;
const ROOT = { uid: 0, gid: 0 };
const pick = <T>(list: readonly T[], index: number): T | undefined => list[index % Math.max(1, list.length)];
const draft: fc.Arbitrary<Draft> = fc.oneof(
  fc.tuple(fc.nat(9), edit, mode, id, fc.boolean()).map(
    ([index, change, bits, uid, fresh]): Draft =>
      (t, at) => {
        const file = fresh ? undefined : pick(t.files, index);
        return {
          as: 'root',
          do: 'edit',
          path: file === undefined ? at(`new${index % 3}`) : at(file.name),
          expects: file === undefined ? null : sha(file.text),
          edit: change,
          mode: bits,
          owner: { uid, gid: uid },
        };
      },
  ),
  fc.tuple(fc.nat(9), name, mode, id).map(
    ([index, inner, bits, uid]): Draft =>
      (t, at) => ({
        as: 'root',
        do: 'directory',
        path: at(...[pick(t.directories, index) ?? 'fresh', inner]),
        mode: bits,
        owner: { uid, gid: uid },
      }),
  ),
  fc.nat(9).map(
    (index): Draft =>
      (t, at) => {
        const file = pick(t.files, index);
        return { as: 'root', do: 'remove', path: at(file?.name ?? 'none'), expects: sha(file?.text ?? '') };
      },
  ),
  fc.tuple(fc.nat(9), id).map(
    ([index, uid]): Draft =>
      (t, at) => {
        const file = pick(t.files, index);
        const from = { uid: file?.uid ?? 0, gid: file?.uid ?? 0 };
        return { as: 'root', do: 'owner', path: at(file?.name ?? 'none'), from, to: { uid, gid: uid } };
      },
  ),
  fc.tuple(fc.nat(9), mode).map(
    ([index, to]): Draft =>
      (t, at) => {
        const file = pick(t.files, index);
        return { as: 'root', do: 'mode', path: at(file?.name ?? 'none'), from: file?.mode ?? 0o644, to };
      },
  ),
  fc.tuple(id, id).map(
    ([uid, only]): Draft =>
      (_t, at) => ({
        as: 'root',
        do: 'adopt',
        tree: at(),
        allowed: { uids: [{ start: uid, count: 1 }], gids: [{ start: 0, count: 65536 }] },
        only: only === 1 ? null : [only],
        to: ROOT,
      }),
  ),
);

describe.skipIf(!canChangeThings())('for random plans on random trees', () => {
  test('undo after apply is identity, and apply after apply is apply', { timeout: 180_000 }, async () => {
    let applied = 0;
    await fc.assert(
      fc.asyncProperty(tree, fc.array(draft, { minLength: 1, maxLength: 5 }), async (planted, drafts) => {
        const ground = new Ground();
        for (const file of planted.files) {
          fs.writeFileSync(ground.at(file.name), file.text);
          fs.chownSync(ground.at(file.name), file.uid, file.uid);
          fs.chmodSync(ground.at(file.name), file.mode);
        }
        for (const directory of planted.directories)
          if (!fs.existsSync(ground.at(directory))) fs.mkdirSync(ground.at(directory));
        const steps = drafts.map((one) => one(planted, (...names) => ground.at(...names)));
        const before = ground.fingerprint();
        const done = await ground.apply(steps);
        if (done.result === 'failed') {
          expect(done.message).toBeTruthy();
          expect(ground.fingerprint()).toBe(before);
        } else if (done.result === 'applied') {
          applied++;
          const after = ground.fingerprint();
          const again = await ground.apply(steps);
          // Steps that undo one another have no common goal; each of the others holds already.
          if (again.result === 'already') expect(ground.fingerprint()).toBe(after);
          else if (again.result === 'applied')
            expect((await ground.undo()).transactions).toMatchObject([{ result: 'undone', reason: null }]);
          expect(ground.fingerprint()).toBe(after);
          expect((await ground.undo()).transactions).toMatchObject([{ result: 'undone', reason: null }]);
        }
        expect(ground.fingerprint()).toBe(before);
        ground.remove();
      }),
      { numRuns: 100 / oneIn(4) },
    );
    expect(applied).toBeGreaterThan(20 / oneIn(4));
  });
});

describe('an edit of text', () => {
  const none = (): string => '';
  test('done twice is done once, or refused', () => {
    fc.assert(
      fc.property(fc.option(text), edit, (before, change) => {
        let once: string;
        try {
          once = applyEdit(before, change, none);
        } catch {
          return;
        }
        // A line replaced by another that is replaced in turn is the one edit without a goal of its own.
        expect(applyEdit(once, change, none)).toBe(once);
      }),
      { numRuns: 3000 },
    );
  });

  test('changes no other line', () => {
    fc.assert(
      fc.property(fc.array(lineText, { maxLength: 8 }), lineText, lineText, (lines, line, by) => {
        const before = lines.map((one) => `${one}\n`).join('');
        if (!lines.includes(line)) return;
        const after = applyEdit(before, { edit: 'replace-line', line, by }, none);
        expect(after).toBe(lines.map((one) => `${one === line ? by : one}\n`).join(''));
        const without = applyEdit(before, { edit: 'replace-line', line, by: null }, none);
        expect(without).toBe(
          lines
            .filter((one) => one !== line)
            .map((one) => `${one}\n`)
            .join(''),
        );
      }),
    );
  });

  test('appends a line of its own, whatever the end of the file', () => {
    expect(applyEdit('a', { edit: 'append', line: 'b' }, none)).toBe('a\nb\n');
    expect(applyEdit('a\r\n', { edit: 'append', line: 'b' }, none)).toBe('a\r\nb\r\n');
    expect(applyEdit(null, { edit: 'append', line: 'b' }, none)).toBe('b\n');
    expect(applyEdit('b', { edit: 'append', line: 'b' }, none)).toBe('b');
    expect(() => applyEdit('', { edit: 'append', line: 'a\nroot:x' }, none)).toThrow('is not one line');
    expect(() => applyEdit('a\n', { edit: 'replace-line', line: 'x', by: 'y' }, none)).toThrow('is no longer there');
  });
});
