import { expect, test } from 'vitest';
import type { CatalogEntry } from '../src/catalog.ts';
import { createLook, examine } from '../src/diagnose.ts';
import type { Status } from '../src/model.ts';
import { ASK, VirtualHost } from './virtual-host.ts';

const entry = (id: string, fails: boolean, more: Partial<CatalogEntry> = {}): CatalogEntry => ({
  check: {
    id,
    title: id,
    why: '',
    decides: true,
    conditions: ['userns.unknown-denial'],
    needs: {},
    examine: () => ({
      problems: fails
        ? [{ condition: 'userns.unknown-denial', severity: 'error', subject: '', message: 'no', evidence: null }]
        : [],
      unseen: [],
    }),
  },
  ...more,
});
const probe = entry('a/probe', true, {
  explainedBy: ['b/cause', 'b/other'],
  fix: {
    title: 'Look',
    unexplained: true,
    plan: () => [{ for: [0], risk: 'manual', steps: [{ do: 'tell', as: 'target', text: 'Look at the log.' }] }],
  },
});

async function told(...catalog: readonly CatalogEntry[]): Promise<readonly [Status | undefined, readonly string[]]> {
  const [first] = await examine(createLook(new VirtualHost({}), ASK), catalog, { isSelected: () => true });
  const steps = first?.fixes.flatMap((fix) => fix.steps) ?? [];
  return [first?.status, steps.map((step) => (step.do === 'tell' ? step.text : step.do))];
}

test('what a failing check can explain is repaired there; what none explains keeps its own advice', async () => {
  expect(await told(probe, entry('b/cause', true), entry('b/other', false))).toEqual([
    'fail',
    ['Repair b/cause first: it can explain this.'],
  ]);
  expect(await told(probe, entry('b/cause', true), entry('b/other', true))).toEqual([
    'fail',
    ['Repair b/cause and b/other first: they can explain this.'],
  ]);
  expect(await told(probe, entry('b/cause', false), entry('c/stranger', true))).toEqual(['fail', ['Look at the log.']]);
});
