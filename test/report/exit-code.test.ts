import { expect, test } from 'vitest';
import type { CheckReport, Status } from '../../src/model/say.ts';
import { exitCode, undoExitCode } from '../../src/report/exit-code.ts';
import { everything } from './everything.ts';

const [sample] = everything.checks;
const report = (...rows: readonly (readonly [Status, boolean])[]): { checks: readonly CheckReport[] } => ({
  checks: rows.map(([status, decides]) => {
    if (sample === undefined) throw new Error('no check');
    return { ...sample, status, decides };
  }),
});

test.each([
  ['nothing examined', [], 0, 0],
  ['all pass', [['pass', true]], 0, 0],
  ['skips do not count', [['skip', true]], 0, 0],
  ['a failure', [['fail', true]], 1, 1],
  ['a failure that does not decide', [['fail', false]], 1, 1],
  ['a warning', [['warn', true]], 0, 1],
  ['an unknown that decides', [['unknown', true]], 3, 3],
  ['an unknown that does not decide', [['unknown', false]], 0, 0],
  [
    'a failure beside an unknown',
    [
      ['unknown', true],
      ['fail', false],
    ],
    1,
    1,
  ],
  [
    'a warning beside an unknown',
    [
      ['unknown', true],
      ['warn', true],
    ],
    3,
    1,
  ],
] as const)('%s', (_name, rows, onError, onWarning) => {
  expect(exitCode(report(...rows), 'error')).toBe(onError);
  expect(exitCode(report(...rows), 'warning')).toBe(onWarning);
});

test('undo', () => {
  expect(undoExitCode([])).toBe(2);
  expect(undoExitCode([{ result: 'undone' }])).toBe(0);
  expect(undoExitCode([{ result: 'undone' }, { result: 'refused' }])).toBe(1);
});
