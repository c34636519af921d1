import { describe, expect, test } from 'vitest';
import { formatNamed } from '../../src/report/formats/table.ts';
import { type ShownVerification, verificationText } from '../../src/report/verification.ts';
import { layout } from './everything.ts';

const stage = (name: string, ok: boolean, message: string | null = null) => ({ name, ok, durationMs: 12, message });
const failed: ShownVerification = {
  answer: {
    schema: 1,
    ok: false,
    stages: [stage('start', false, 'buildkitd ended before it was ready'), stage('clean-up', true)],
    snapshotter: null,
    log: ['one', 'two', 'three', 'failed to parse config: \u001b[31mtoml'],
    diagnoses: [
      {
        check: 'config/buildkitd',
        condition: 'config.toml-syntax',
        message: '/home/u/buildkitd.toml:1: "]" is missing.',
        docs: 'docs/checks/config/buildkitd.md',
        why: 'It is read first.',
        remedy: ['Write [worker.oci], then:', '$ bk-doctor check'],
      },
    ],
    told: [],
  },
  next: 'bk-doctor check',
};
const passed: ShownVerification = {
  answer: {
    ...failed.answer,
    ok: true,
    stages: [stage('start', true), stage('build', true)],
    snapshotter: 'overlayfs',
    log: [],
    diagnoses: [],
  },
  next: 'rootlesskit buildkitd',
};

describe('a trial', () => {
  test('that failed: the stages, the cause with its remedy, the last words, and the next step', () => {
    expect(verificationText(failed, layout)).toBe(`✗ start        12 ms
    buildkitd ended before it was ready
✓ clean-up     12 ms

Cause: config/buildkitd
  /home/u/buildkitd.toml:1: "]" is missing.
    Write [worker.oci], then:
      bk-doctor check

Last words of the programs (-v shows all):
  two
  three
  failed to parse config: \\x1b[31mtoml

FAILED: buildkitd did not start.
Next: bk-doctor check
`);
    expect(verificationText(failed, { ...layout, verbose: true })).toContain('Last words of the programs:\n  one\n');
  });
  test('whose build failed says that the daemon started', () => {
    const stages = [stage('start', true), stage('connect', true), stage('build', false, 'exit code 1')];
    const answer = { ...failed.answer, stages, snapshotter: 'overlayfs' };
    expect(verificationText({ ...failed, answer }, layout)).toContain(
      'FAILED: buildkitd started, but the build failed (snapshotter overlayfs).\n',
    );
  });
  test('that no check explains is explained by the words of the programs, with the remedy', async () => {
    const told = [
      {
        condition: 'config.toml-syntax',
        definition: 'It cannot be parsed',
        confidence: 'certain',
        file: null,
        line: 4,
        excerpt: 'failed to parse config: toml',
        by: 'buildkitd',
        why: 'It is read first.',
        checks: ['config/buildkitd'],
        remedy: ['Write [worker.oci].', '$ bk-doctor check'],
        tell: [],
        docs: 'docs/conditions/config.toml-syntax.md',
        confirmed: null,
        also: [],
      },
    ] as const;
    const unexplained = { ...failed, answer: { ...failed.answer, diagnoses: [], told } };
    expect(verificationText(unexplained, layout)).toContain(
      'Cause: config.toml-syntax (certain, from the last words below)\n  It cannot be parsed.\n    Write [worker.oci].\n      bk-doctor check\n',
    );
    expect(await formatNamed('markdown')?.shows.verification?.(unexplained, layout)).toContain(
      '`config.toml-syntax`: It cannot be parsed',
    );
  });
  test('that passed says how to start; quiet leaves the stages out', () => {
    const sum =
      'PASSED: buildkitd started, and the build succeeded (snapshotter overlayfs).\nNext: rootlesskit buildkitd\n';
    expect(verificationText(passed, layout)).toBe(`✓ start        12 ms\n✓ build        12 ms\n\n${sum}`);
    expect(verificationText(passed, { ...layout, quiet: true })).toBe(sum);
  });
  test('for a ticket', async () => {
    const text = await formatNamed('markdown')?.shows.verification?.(failed, layout);
    expect(text).toContain('## bk-doctor verify: FAILED: buildkitd did not start.\n\n- **failed** `start`, 12 ms: ');
    expect(text).toContain('### Cause\n\n`config/buildkitd`: /home/u/buildkitd.toml:1: "\\]" is missing.');
    expect(text).toContain('```sh\nbk-doctor check\n```');
    expect(text).not.toContain('\u001b');
  });
  test('as JSON it is the answer alone', async () => {
    expect(JSON.parse((await formatNamed('json')?.shows.verification?.(failed, layout)) ?? '')).toEqual(failed.answer);
  });
});
