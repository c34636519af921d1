import { expect, test } from 'vitest';
import { examine } from '../../src/examine/examine.ts';
import { createLook } from '../../src/examine/look.ts';
import type { CatalogEntry } from '../../src/model/catalog.ts';
import type { Severity } from '../../src/model/decide.ts';
import type { Fact } from '../../src/model/look.ts';
import type { Status } from '../../src/model/say.ts';
import { explains, optional, Unanswered, Unseen } from '../../src/model/unseen.ts';
import { exitCode } from '../../src/report/exit-code.ts';
import { ASK, VirtualHost } from '../virtual-host.ts';

const entry = (id: string, fails: boolean, more: Partial<CatalogEntry> = {}): CatalogEntry => ({
  check: {
    id,
    title: id,
    why: '',
    decides: true,
    conditions: ['userns.blocked-unspecified'],
    needs: {},
    examine: () => ({
      problems: fails
        ? [{ condition: 'userns.blocked-unspecified', severity: 'error', subject: '', message: 'no', evidence: null }]
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
    needs: {},
    plan: () => [{ for: [0], risk: 'manual', steps: [{ do: 'tell', as: 'target', text: 'Look at the log.' }] }],
  },
});

async function told(...catalog: readonly CatalogEntry[]): Promise<readonly [Status | undefined, readonly string[]]> {
  const [first] = await examine(createLook({ host: new VirtualHost({}), request: ASK }), catalog, {
    isSelected: () => true,
  });
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

/** Each is what a fix or a check may do wrong, made on purpose. */
const plans: { readonly [name: string]: () => unknown } = {
  throws: () => {
    throw new Error('no way');
  },
  'answers nothing': () => undefined,
  'is for a problem that there is not': () => [{ for: [1], risk: 'manual', steps: [] }],
  'has a step that there is not': () => [{ for: [0], risk: 'safe', steps: [{ do: 'burn', as: 'root' }] }],
  'has no steps': () => [{ for: [0], risk: 'safe' }],
  'cannot be written down': () => [{ for: [0], risk: 'manual', steps: [{ do: 'tell', as: 'self', text: 1n }] }],
};

test.each(Object.keys(plans))('a plan that %s costs its own entry and nothing else', async (name) => {
  const fix = { title: 'Break', needs: {}, plan: plans[name] } as unknown as NonNullable<CatalogEntry['fix']>;
  const catalog = [
    entry('a/bad', true, { fix }),
    { ...probe, ...entry('b/good', true), ...(probe.fix ? { fix: probe.fix } : {}) },
  ];
  const [bad, good] = await examine(createLook({ host: new VirtualHost({}), request: ASK }), catalog, {
    isSelected: () => true,
  });
  expect(bad).toMatchObject({ status: 'fail', problems: [{ message: 'no' }], fixes: [] });
  expect(bad?.reason).toMatch(/^how to repair it is not known, by an internal error of bk-doctor in a\/bad: \S/);
  expect(good).toMatchObject({ status: 'fail', reason: null, fixes: [{ for: [0] }] });
  expect(exitCode({ checks: [bad, good].filter((one) => one !== undefined) }, 'error')).toBe(3);
});

test.each([
  () => {
    throw new Error('no way');
  },
  () => undefined,
  () => ({ problems: null, unseen: [] }),
  () => ({ problems: [{ evidence: 1n }], unseen: [] }),
])('an examination that fails is unknown, by a fault of bk-doctor itself: %s', async (examineIt) => {
  const { check } = entry('a/bad', true);
  const catalog = [{ check: { ...check, decides: false, examine: examineIt } }, entry('b/good', false)];
  const reports = await examine(
    createLook({ host: new VirtualHost({}), request: ASK }),
    catalog as unknown as readonly CatalogEntry[],
    {
      isSelected: () => true,
    },
  );
  expect(reports.map(({ status }) => status)).toEqual(['unknown', 'pass']);
  expect(reports[0]?.reason).toContain("bk-doctor's own fault in a/bad");
  expect(exitCode({ checks: reports }, 'error')).toBe(3);
});

const slow: Fact<string> = {
  id: 'slow',
  read: async () => {
    throw new Unanswered('it did not answer within 5 seconds');
  },
};
const closed: Fact<string> = {
  id: 'closed',
  read: async () => {
    throw new Unseen('permission denied');
  },
};

/** A check that has a problem of this severity, and can do without a fact. */
const wanting = (need: unknown, severity: Severity | null, decides = true): CatalogEntry => {
  const { check } = entry('a/wanting', false);
  const problem = { condition: 'userns.blocked-unspecified', subject: '', message: 'no', evidence: null } as const;
  return {
    check: {
      ...check,
      decides,
      needs: { need } as never,
      examine: () => ({ problems: severity === null ? [] : [{ ...problem, severity }], unseen: [] }),
    },
  };
};

test.each([
  ['an error wins over what nobody answered', optional(slow), 'error', true, 'fail'],
  ['a warning does not, where the check decides', optional(slow), 'warning', true, 'unknown'],
  ['it is told where the check does not decide', optional(slow), 'warning', false, 'warn'],
  ['nothing found is not nothing there', optional(slow), null, true, 'unknown'],
  ['a refusal is for the check to judge', optional(closed), 'warning', true, 'warn'],
  ['words may be missing', explains(slow), null, true, 'pass'],
] as const)('%s', async (_name, need, severity, decides, status) => {
  const [report] = await examine(
    createLook({ host: new VirtualHost({}), request: ASK }),
    [wanting(need, severity, decides)],
    { isSelected: () => true },
  );
  expect(report?.status).toBe(status);
  if (status === 'unknown') expect(report?.reason).toBe('it did not answer within 5 seconds');
});

test('a warning counts for --fail-on warning though something was not seen', async () => {
  const reports = await examine(
    createLook({ host: new VirtualHost({}), request: ASK }),
    [wanting(optional(slow), 'warning')],
    { isSelected: () => true },
  );
  expect([exitCode({ checks: reports }, 'error'), exitCode({ checks: reports }, 'warning')]).toEqual([3, 1]);
});
