import { describe, expect, test } from 'vitest';
import { editToml } from '../../src/buildkit/toml/edit.ts';
import { configBuildkitd } from '../../src/checks/config/buildkitd.ts';
import { configEntitlements } from '../../src/checks/config/entitlements.ts';
import { configRegistries } from '../../src/checks/config/registries.ts';
import { configTls } from '../../src/checks/config/tls.ts';
import { examine } from '../../src/examine/examine.ts';
import { createLook } from '../../src/examine/look.ts';
import { correctConfiguration } from '../../src/fixes/config/buildkitd.ts';
import { correctEntitlements } from '../../src/fixes/config/entitlements.ts';
import { correctRegistries } from '../../src/fixes/config/registries.ts';
import { protectKeys } from '../../src/fixes/config/tls.ts';
import type { Catalog } from '../../src/model/catalog.ts';
import type { Problem } from '../../src/model/decide.ts';
import type { TomlEdit } from '../../src/model/plan.ts';
import type { CheckReport } from '../../src/model/say.ts';
import { ASK } from '../virtual-host.ts';
import { CASES, type ConfigCase } from './cases.ts';
import { rootfulHost, stamped } from './rootful-host.ts';

const ENTRIES: Catalog = [
  { check: configBuildkitd, fix: correctConfiguration },
  { check: configEntitlements, fix: correctEntitlements },
  { check: configTls, fix: protectKeys },
  { check: configRegistries, fix: correctRegistries },
];
const MARK = { error: 'E', warning: 'W', info: 'I' };

function reportsOn({ text }: ConfigCase, version: string): Promise<readonly CheckReport[]> {
  const look = createLook({ host: rootfulHost(text, stamped(version)), request: ASK });
  return examine(look, ENTRIES, { isSelected: () => true });
}

async function problemsOf(file: ConfigCase, version: string): Promise<readonly Problem[]> {
  return (await reportsOn(file, version)).flatMap(({ problems }) => problems);
}

test('there are at least eighty files, each with its own name', () => {
  expect(CASES.length).toBeGreaterThanOrEqual(80);
  expect(new Set(CASES.map(({ name }) => name)).size).toBe(CASES.length);
});

for (const [version, which] of [
  ['v0.11.6', 'old'],
  ['v0.32.2', 'recent'],
] as const) {
  describe(`buildkitd ${version}`, () => {
    for (const file of CASES) {
      test(JSON.stringify(file.name), async () => {
        const wanted = 'old' in file.found ? file.found[which] : file.found;
        const problems = await problemsOf(file, version);
        const told = problems.map(({ severity, condition, evidence, at }) => {
          const { key } = evidence as { key: string | null };
          return `${MARK[severity]} ${condition} ${key} ${at?.line ?? null}`;
        });
        const listed = new Set(wanted);
        expect(told.filter((row) => !row.startsWith('I') || listed.has(row)).sort()).toEqual([...wanted].sort());
        const starts = typeof file.starts === 'boolean' ? file.starts : file.starts[which === 'old' ? 0 : 1];
        if (!starts) expect(problems.some(({ severity }) => severity === 'error')).toBe(true);
      });
    }
  });
}

/** Every change of the text that is planned, with the problems that it is for. */
function changesIn({ problems, fixes }: CheckReport): readonly (readonly [readonly Problem[], readonly TomlEdit[]])[] {
  return fixes.flatMap((fix) =>
    fix.steps.flatMap((step) =>
      step.do === 'edit' && step.edit.edit === 'toml'
        ? [[fix.for.flatMap((index) => problems[index] ?? []), step.edit.changes] as const]
        : [],
    ),
  );
}

describe('what can be mended', () => {
  const errors = (problems: readonly Problem[]): number =>
    problems.filter(({ severity }) => severity === 'error').length;
  const nameOf = ({ condition, subject }: Problem): string => `${condition} ${subject}`;
  for (const version of ['v0.11.6', 'v0.27.1', 'v0.32.2']) {
    test(`is gone after its change, and nothing is worse (${version})`, async () => {
      let mended = 0;
      for (const file of CASES) {
        if (typeof file.text !== 'string') continue;
        const reports = await reportsOn(file, version);
        const before = reports.flatMap(({ problems }) => problems);
        for (const [treated, changes] of reports.flatMap(changesIn)) {
          const after = await problemsOf({ ...file, text: editToml(file.text, changes) }, version);
          const left = after.map(nameOf);
          for (const problem of treated)
            expect(left, `${file.name}: ${nameOf(problem)}`).not.toContain(nameOf(problem));
          expect(errors(after), file.name).toBeLessThanOrEqual(errors(before));
          mended += treated.length;
        }
      }
      expect(mended).toBeGreaterThan(10);
    });
  }
});
