import { expect, test } from 'vitest';
import type { FindingsDocument } from '../../src/report/file-findings.ts';
import type { VerificationAnswer } from '../../src/report/verification.ts';
import { validatorOf } from '../schemas.ts';

const finding: FindingsDocument['files'][number]['problems'][number] = {
  condition: 'config.unknown-key',
  severity: 'warning',
  path: 'worker.oci.enabeld',
  line: 2,
  column: 1,
  message: 'It does not exist.',
  needs: { mode: 'rootless' },
  remedy: ['Rename it.'],
  mend: { risk: 'safe', diff: null },
};
const lint: FindingsDocument = {
  schema: 1,
  files: [
    {
      file: 'a.toml',
      kind: 'buildkitd',
      skipped: null,
      problems: [finding],
      mended: { diff: '-a\n+b\n', written: true },
    },
    {
      file: 'b',
      kind: 'other',
      skipped: 'not known',
      problems: [{ ...finding, line: null, column: null, mend: null }],
    },
  ],
};
const verify: VerificationAnswer = {
  schema: 1,
  ok: false,
  stages: [{ name: 'start', ok: false, durationMs: 1.5, message: 'It ended.' }],
  snapshotter: null,
  log: ['x'],
  diagnoses: [
    { check: 'idmap/ranges', condition: 'idmap.subid-missing', message: 'm', docs: 'd', why: 'w', remedy: ['$ true'] },
  ],
  told: [],
};

test.each([
  ['lint', lint],
  ['verify', verify],
] as const)('the schema of %s knows every field, and wants them', (name, answer) => {
  const valid = validatorOf(name);
  valid(answer);
  expect(valid.errors ?? []).toEqual([]);
  expect(valid({ ...answer, colour: 'red' })).toBe(false);
  expect(valid({ schema: 1 })).toBe(false);
});
