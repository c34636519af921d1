import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { catalog } from '../../src/catalog.ts';
import type { Edit, Step } from '../../src/model/plan.ts';
import type { Report } from '../../src/model/say.ts';
import { namesOf } from '../../src/names/names.ts';
import { json } from '../../src/report/formats/json-text.ts';
import { redact } from '../../src/report/redact.ts';
import { validatorOf } from '../schemas.ts';
import { everything } from './everything.ts';

const valid = validatorOf('report');
const verdict = (validate: ValidateFunction, value: unknown): unknown => (validate(value) ? null : validate.errors);

const EDITS: readonly Edit[] = [
  { edit: 'whole', text: 'x\n' },
  { edit: 'append', line: 'x' },
  { edit: 'replace-line', line: 'x', by: null },
  {
    edit: 'toml',
    changes: [
      { change: 'set', path: ['worker', 'oci', 'snapshotter'], value: 'auto' },
      { change: 'remove', path: ['root'] },
      { change: 'rename', path: ['a'], to: ['b'] },
    ],
  },
];
const owner = { uid: 0, gid: 0 };
const STEPS: readonly Step[] = [
  ...EDITS.map((edit): Step => ({ as: 'target', do: 'edit', path: '/p', expects: null, edit, mode: 0o644, owner })),
  { as: 'root', do: 'directory', path: '/p', mode: 0o700, owner },
  { as: 'root', do: 'remove', path: '/p', expects: 'a'.repeat(64) },
  { as: 'root', do: 'owner', path: '/p', from: owner, to: owner },
  { as: 'root', do: 'mode', path: '/p', from: 0o755, to: 0o4755 },
  {
    as: 'root',
    do: 'adopt',
    tree: '/p',
    allowed: { uids: [{ start: 1, count: 2 }], gids: [] },
    only: [0],
    to: owner,
  },
  { as: 'root', do: 'sysctl', key: 'k', from: '0', to: '1' },
  { as: 'root', do: 'run', argv: ['/bin/true'], undo: null, why: 'w' },
  { as: 'self', do: 'tell', text: 't' },
];
const withEverySort = (): Report => {
  const [first, ...others] = everything.checks;
  if (first === undefined) throw new Error('no check');
  const fixes = [{ for: [0], risk: 'safe', needs: 'root', steps: STEPS, diff: null } as const];
  return { ...everything, checks: [{ ...first, fixes }, ...others] };
};

test('the published schemas are what the types say', () => {
  const { stderr, status } = spawnSync(process.execPath, ['scripts/schemas.mjs', '--check'], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});

describe('docs/report.schema.json', () => {
  test('takes a report with everything in it, and knows every field', () => {
    expect(verdict(valid, JSON.parse(json(withEverySort())))).toBeNull();
  });
  test('takes a redacted report', () => {
    const shown = redact(withEverySort(), namesOf());
    expect(verdict(valid, JSON.parse(json(shown)))).toBeNull();
  });
  test('what a fix does not say is null, as promised', () => {
    const report = JSON.parse(json(everything)) as { checks: { fixes: { until: unknown; consequence: unknown }[] }[] };
    for (const { fixes } of report.checks)
      for (const fix of fixes) {
        expect(fix).toHaveProperty('until');
        expect(fix).toHaveProperty('consequence');
      }
  });
  test.each([
    ['another schema', { schema: 2 }],
    ['a status that is none', { checks: [{ ...everything.checks[0], status: 'ok' }] }],
    ['no verdict', { verdict: undefined }],
    ['a step that is none', { treatments: [{ ...everything.treatments[0], steps: [{ as: 'root', do: 'chmod' }] }] }],
    ['a field that is not described', { verdict: { ...everything.verdict, colour: 'red' } }],
  ])('refuses %s', (_name, change) => {
    expect(valid(JSON.parse(JSON.stringify({ ...everything, ...change })))).toBe(false);
  });
  test('ids and conditions of the catalog fit its patterns', () => {
    const ajv = new Ajv2020({ strict: false });
    const { $defs, properties } = JSON.parse(readFileSync('docs/report.schema.json', 'utf8'));
    const { id } = properties.checks.items.properties;
    for (const { check } of catalog) {
      expect(ajv.validate(id, check.id), check.id).toBe(true);
      for (const condition of check.conditions) expect(ajv.validate($defs.Condition, condition), condition).toBe(true);
    }
  });
});
