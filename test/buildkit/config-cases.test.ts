import { describe, expect, test } from 'vitest';
import { editToml } from '../../src/buildkit/toml/edit.ts';
import { configBuildkitd } from '../../src/checks/config/buildkitd.ts';
import { configEntitlements } from '../../src/checks/config/entitlements.ts';
import { configRegistries } from '../../src/checks/config/registries.ts';
import { configTls } from '../../src/checks/config/tls.ts';
import { examine } from '../../src/examine/examine.ts';
import { createLook } from '../../src/examine/look.ts';
import type { Problem } from '../../src/model/decide.ts';
import type { TomlEdit } from '../../src/model/plan.ts';
import { ASK } from '../virtual-host.ts';
import { CASES, type ConfigCase } from './cases.ts';
import { rootfulHost, stamped } from './rootful-host.ts';

const CHECKS = [configBuildkitd, configEntitlements, configTls, configRegistries].map((check) => ({ check }));
const MARK = { error: 'E', warning: 'W', info: 'I' };

async function problemsOf({ text }: ConfigCase, version: string): Promise<readonly Problem[]> {
  const look = createLook({ host: rootfulHost(text, stamped(version)), request: ASK });
  const reports = await examine(look, CHECKS, { isSelected: () => true });
  return reports.flatMap(({ problems }) => problems);
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
        const told = problems.map(({ severity, condition, evidence }) => {
          const { key, line } = evidence as { key: string | null; line: number | null };
          return `${MARK[severity]} ${condition} ${key} ${line}`;
        });
        const listed = new Set(wanted);
        expect(told.filter((row) => !row.startsWith('I') || listed.has(row)).sort()).toEqual([...wanted].sort());
        const starts = typeof file.starts === 'boolean' ? file.starts : file.starts[which === 'old' ? 0 : 1];
        if (!starts) expect(problems.some(({ severity }) => severity === 'error')).toBe(true);
      });
    }
  });
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
        const before = await problemsOf(file, version);
        for (const problem of before) {
          const { changes } = problem.evidence as { changes?: readonly TomlEdit[] | null };
          if (changes == null) continue;
          const after = await problemsOf({ ...file, text: editToml(file.text, changes) }, version);
          expect(after.map(nameOf), `${file.name}: ${nameOf(problem)}`).not.toContain(nameOf(problem));
          expect(errors(after), file.name).toBeLessThanOrEqual(errors(before));
          mended++;
        }
      }
      expect(mended).toBeGreaterThan(10);
    });
  }
});
