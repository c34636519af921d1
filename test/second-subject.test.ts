import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { examine } from '../src/examine/examine.ts';
import { createLook } from '../src/examine/look.ts';
import { verdictOf } from '../src/examine/verdict.ts';
import { probing } from '../src/facts/target/probing.ts';
import type { Catalog } from '../src/model/catalog.ts';
import type { Check } from '../src/model/decide.ts';
import type { Fact, Json } from '../src/model/look.ts';
import type { Fix } from '../src/model/plan.ts';
import { exitCode } from '../src/report/exit-code.ts';
import type { ExaminedFile, Format } from '../src/report/format.ts';
import { FORMATS } from '../src/report/formats/table.ts';
import { treat } from '../src/treat/treat.ts';
import { canChangeThings, Ground } from './apply/ground.ts';

/*
 * A subject that is no host: a shopping list, of which each line is "NUMBER THING". One fact, one check, one fix; all
 * that src does with hosts it does with it.
 */
interface ShoppingList {
  readonly path: string;
  readonly text: string;
}
interface Item {
  readonly line: number;
  readonly written: string;
  readonly number: string | null;
}

const items: Fact<readonly Item[], ShoppingList> = {
  id: 'list/items',
  read: async ({ text }) =>
    text
      .split('\n')
      .map((written, index) => ({ line: index + 1, written, number: /^(\d+) /.exec(written)?.[1] ?? null }))
      .filter(({ written }) => written !== ''),
};
const path: Fact<string, ShoppingList> = { id: 'list/path', read: async (list) => list.path };

const needs = { items, path };
const numbered: Check<typeof needs, { readonly written: string }, ShoppingList> = {
  id: 'list/numbered',
  title: 'Every item has a number',
  why: 'Nobody knows how much to buy otherwise.',
  decides: true,
  conditions: ['config.invalid-value'],
  needs,
  examine: ({ items, path }) => ({
    problems: items
      .filter(({ number }) => number === null)
      .map(({ line, written }) => ({
        condition: 'config.invalid-value',
        severity: 'error',
        subject: written,
        message: `“${written}” has no number.`,
        at: { path, line, column: 1 },
        evidence: { written },
      })),
    unseen: [],
  }),
};
const owner: Fact<number, ShoppingList> = { id: 'list/owner', read: async () => process.getuid?.() ?? 0 };
const digest: Fact<string, ShoppingList> = {
  id: 'list/digest',
  read: async ({ text }) => createHash('sha256').update(text).digest('hex'),
};
const fixNeeds = { path, owner, digest };
const number: Fix<typeof fixNeeds, { readonly written: string }, ShoppingList> = {
  title: 'Write one of it',
  needs: fixNeeds,
  plan: (problems, { path, owner: uid, digest: expects }) =>
    problems.map(({ evidence: { written } }, index) => ({
      for: [index],
      risk: 'safe',
      steps: [
        {
          do: 'edit',
          as: 'target',
          path,
          expects,
          edit: { edit: 'replace-line', line: written, by: `1 ${written}` },
          mode: 0o600,
          owner: { uid, gid: uid },
        },
      ],
    })),
};
const catalog: Catalog<ShoppingList> = [{ check: numbered, fix: number }];

const examined = (list: ShoppingList) => examine(createLook(list), catalog, { isSelected: () => true });
const AILING: ShoppingList = { path: '/list', text: '2 eggs\nmilk\n1 bread\n' };

test('is judged, with the place of what is wrong', async () => {
  const checks = await examined(AILING);
  expect(checks).toMatchObject([
    { id: 'list/numbered', status: 'fail', problems: [{ subject: 'milk', at: { path: '/list', line: 2, column: 1 } }] },
  ]);
  expect(exitCode({ checks }, 'error')).toBe(1);
  const basis = { proved: true, snapshotter: null, processSandbox: null };
  expect(verdictOf(checks, catalog, basis)).toMatchObject({ level: 'not-ready', reasons: ['list/numbered'] });
  const healthy = await examined({ ...AILING, text: '2 eggs\n' });
  expect(healthy).toMatchObject([{ status: 'pass', problems: [], fixes: [] }]);
  expect(exitCode({ checks: healthy }, 'warning')).toBe(0);
});

test('a check of lists that asks for a fact of hosts does not compile, nor does one in the catalog of hosts', () => {
  const mixed = { items, probing };
  // @ts-expect-error a fact of hosts
  const check: Pick<Check<typeof mixed, Json, ShoppingList>, 'needs'> = { needs: mixed };
  // @ts-expect-error a check of lists
  const hosts: Catalog = [{ check: numbered }];
  expect([check.needs.items, hosts[0]?.check.id]).toEqual([items, 'list/numbered']);
});

describe('is shown in every format that has findings', () => {
  const layout = { columns: 80, colour: false, unicode: true, quiet: false, verbose: false };
  const shows: readonly Format[] = FORMATS.filter((format: Format) => format.shows.findings !== undefined);
  test.each(shows.map((format) => [format.name, format] as const))('%s', async (name, format) => {
    const files: readonly ExaminedFile[] = [
      { file: 'list', kind: 'shopping-list', skipped: null, checks: await examined(AILING) },
      { file: 'photo.jpg', kind: 'unknown', skipped: 'it is no text', checks: [] },
    ];
    const text = await format.shows.findings?.(files, layout);
    if (name === 'json')
      expect(JSON.parse(text ?? '')).toEqual({
        schema: 1,
        files: [
          {
            file: 'list',
            kind: 'shopping-list',
            skipped: null,
            problems: [
              {
                condition: 'config.invalid-value',
                severity: 'error',
                path: 'milk',
                line: 2,
                column: 1,
                message: '“milk” has no number.',
                needs: {},
                remedy: ['Replace a line of /list:', '- milk', '+ 1 milk'],
                mend: { risk: 'safe', diff: null },
              },
            ],
          },
          { file: 'photo.jpg', kind: 'unknown', skipped: 'it is no text', problems: [] },
        ],
      });
    else if (name === 'sarif')
      expect(JSON.parse(text ?? '').runs[0]).toMatchObject({
        tool: { driver: { rules: [{ id: 'config.invalid-value' }] } },
        results: [
          {
            ruleId: 'config.invalid-value',
            ruleIndex: 0,
            level: 'error',
            locations: [
              { physicalLocation: { artifactLocation: { uri: 'list' }, region: { startLine: 2, startColumn: 1 } } },
            ],
          },
        ],
      });
    else if (name === 'gitlab')
      expect(JSON.parse(text ?? '')).toEqual([
        {
          description: '“milk” has no number.',
          check_name: 'config.invalid-value',
          fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
          severity: 'critical',
          location: { path: 'list', lines: { begin: 2 } },
        },
      ]);
    else if (name === 'junit') {
      expect(text).toContain('<failure type="config.invalid-value" message="“milk” has no number.">');
      expect(text).toContain('<skipped message="it is no text"/>');
    } else if (name === 'github')
      expect(text).toBe(
        '::error file=list,line=2,col=1,title=config.invalid-value::“milk” has no number.%0AReplace a line of /list:%0A- milk%0A+ 1 milk\n',
      );
    else {
      expect(text).toContain(
        name === 'markdown' ? 'line 2: “milk” has no number.' : 'list:2:1: error: “milk” has no number.',
      );
      expect(text).toContain('photo.jpg');
      expect(text).toContain('it is no text');
      expect(text).toContain('1 file: 1 error, 0 warnings.');
    }
  });
});

test.skipIf(!canChangeThings())('is mended through the same journal, and taken back', async () => {
  const ground = new Ground();
  const file = ground.write('list', AILING.text);
  const context = ground.context();
  const outcome = await treat({
    examine: async () => ({ checks: await examined({ path: file, text: readFileSync(file, 'utf8') }) }),
    catalog,
    isSelected: () => true,
    automatic: { risky: false },
    consent: async () => [],
    preview: async () => ({ diff: null }),
    context,
  });
  expect(outcome.treatments).toMatchObject([{ check: 'list/numbered', result: 'cured' }]);
  expect(readFileSync(file, 'utf8')).toBe('2 eggs\n1 milk\n1 bread\n');
  expect(exitCode(outcome.report, 'error')).toBe(0);
  expect((await ground.undo()).transactions).toMatchObject([{ result: 'undone' }]);
  expect(readFileSync(file, 'utf8')).toBe(AILING.text);
});
