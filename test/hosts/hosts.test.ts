import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parseRecording, type Recording, recordedHost, recordingHost } from '../../src/host/recording.ts';
import type { Request } from '../../src/model/look.ts';
import type { Report } from '../../src/model/say.ts';
import { isGeneric } from '../../src/names/common.ts';
import { namesOf } from '../../src/names/names.ts';
import { survivorIn } from '../../src/names/proof.ts';
import { json } from '../../src/report/formats/json-text.ts';
import { vocabularyOf } from '../../src/report/redact.ts';
import { withRecording } from '../../src/report/with-recording.ts';
import { NO_SECRETS } from '../../src/secrets/known.ts';
import { located } from '../../src/text/located.ts';
import { assessed } from '../assessed.ts';
import { validatorOf } from '../schemas.ts';
import type { Machine } from './machine.ts';
import { MACHINES, openMachine } from './machines.ts';

function examined(machine: Machine, ask: Partial<Request> = {}): Promise<Report> {
  const { host, request } = openMachine(machine, ask);
  return assessed(host, request);
}

const valid = validatorOf('report');

/** The probe says what failed; its causes are the other checks' to find. */
const PROBE = 'userns/probe';
const found = (report: Report, severity: string): string[] =>
  report.checks
    .filter(({ id }) => id !== PROBE)
    .flatMap(({ problems }) => problems)
    .filter((problem) => problem.severity === severity)
    .map(({ condition }) => condition)
    .sort();
const alarms = (report: Report): string[] => [...found(report, 'error'), ...found(report, 'warning')];
const distinct = (conditions: readonly string[]): string[] => [...new Set(conditions)].sort();

/** What keeps these from building shows in no file. */
const ONLY_PROBED = new Set<string>(['H31']);

/** What a person would want to read of a report, and nothing that changes from run to run. */
function told(machine: Machine, report: Report): string {
  const { verdict } = report;
  const lines = [
    `${machine.id} ${machine.title}`,
    `${verdict.level}${verdict.reasons.length > 0 ? `: ${verdict.reasons.join(', ')}` : ''}`,
    `snapshotter ${verdict.snapshotter ?? 'not known'}; ${verdict.proved ? 'proved' : 'not proved'}`,
    '',
  ];
  for (const { id, problems, status, reason } of report.checks) {
    for (const problem of problems)
      lines.push(`${problem.condition} ${problem.severity} ${problem.subject} (${id}): ${located(problem)}`);
    if (status === 'unknown') lines.push(`${id} unknown: ${reason}`);
  }
  return `${lines.join('\n')}\n`;
}

describe.each(MACHINES.map((machine) => [`${machine.id} ${machine.title}`, machine] as const))('%s', (_, machine) => {
  const { expected } = machine;
  test(`${expected.level}: ${machine.because}`, async () => {
    const report = await examined(machine);
    expect({
      level: report.verdict.level,
      reasons: report.verdict.reasons,
      errors: distinct(found(report, 'error')),
      warnings: distinct(found(report, 'warning')),
    }).toEqual({
      level: expected.level,
      reasons: expected.reasons,
      errors: distinct(expected.errors),
      warnings: distinct(expected.warnings),
    });
    for (const never of expected.never ?? []) expect(alarms(report)).not.toContain(never);
    // The probe's own words stand for one of the causes, or leave it open.
    for (const { condition } of report.checks.find(({ id }) => id === PROBE)?.problems ?? [])
      expect([...expected.errors, 'userns.blocked-unspecified']).toContain(condition);
    const launched = 'answer' in machine.probe && machine.probe.answer.launch.ok;
    if (expected.snapshotter !== null)
      expect(report.verdict.snapshotter).toBe(launched ? (expected.snapshotter ?? 'overlayfs') : null);
  });

  test('says what is to be done', async () => {
    const report = await examined(machine);
    const faults = report.checks.flatMap(({ reason }) => (reason?.includes("bk-doctor's own fault") ? [reason] : []));
    expect(faults).toEqual([]);
    for (const { check, says, not } of expected.remedies ?? []) {
      const fixes = report.checks.find(({ id }) => id === check)?.fixes ?? [];
      expect(fixes.length, `${check} plans something`).toBeGreaterThan(0);
      const text = JSON.stringify(fixes);
      for (const words of says) expect(text).toContain(words);
      for (const words of not ?? []) expect(text).not.toContain(words);
    }
  });

  test('reads well', async () => {
    const path = fileURLToPath(new URL(`${machine.id}.snapshot`, import.meta.url));
    await expect(told(machine, await examined(machine))).toMatchFileSnapshot(path);
  });

  test('without probes nothing is proved, and no error appears that the probe would deny', async () => {
    const report = await examined(machine, { probe: false });
    expect(report.verdict.proved).toBe(false);
    expect(expected.errors).toEqual(expect.arrayContaining(distinct(found(report, 'error'))));
    // Nor is anything called ready by its files alone that the probe knows not to be.
    if (expected.level === 'not-ready' && !ONLY_PROBED.has(machine.id)) expect(report.verdict.level).toBe('not-ready');
    for (const never of expected.never ?? []) expect(alarms(report)).not.toContain(never);
    // What files alone tell by the vendors' rules is what the probe finds.
    if (expected.snapshotter !== null) expect(report.verdict.snapshotter).toBe(expected.snapshotter ?? 'overlayfs');
  });

  test('answers the same from its recording', async () => {
    const { host, request } = openMachine(machine);
    const recorder = recordingHost(host, request, 'x64');
    const first = await assessed(recorder.host, request);
    const recording = parseRecording(JSON.stringify(recorder.recording()), `${machine.id}.json`);
    const again = await assessed(recordedHost(recording), recording.request);
    expect(lasting(again)).toEqual(lasting(first));
  });

  test('has the same conditions replayed from its own report without names', async () => {
    const { host, request } = openMachine(machine);
    const recorder = recordingHost(host, request, 'x64');
    const first = await assessed(recorder.host, request);
    const names = namesOf();
    const plain = JSON.parse(JSON.stringify(recorder.recording())) as Recording;
    const text = json(withRecording(first, plain, names));
    expect(survivorIn(text, NO_SECRETS, names, vocabularyOf(first))).toBeNull();
    for (const name of [host.identity.target.name, host.identity.self.name])
      if (name !== null && !isGeneric(name)) expect(text).not.toMatch(new RegExp(`\\b${name}\\b`));
    const recording = parseRecording(text, `${machine.id}.json`);
    const again = await assessed(recordedHost(recording), recording.request);
    expect(judged(again)).toEqual(judged(first));
    expect(valid(JSON.parse(text)), JSON.stringify(valid.errors)).toBe(true);
  });
});

/** What is judged, without the words for it. */
function judged({ verdict: { summary: _summary, ...verdict }, checks }: Report): unknown {
  return {
    verdict,
    checks: checks.map(({ id, status, problems, fixes }) => ({
      id,
      status,
      problems: problems.map(({ condition, severity }) => [condition, severity]),
      risks: fixes.map(({ risk, steps }) => [risk, steps.map((step) => step.do)]),
    })),
  };
}

/** Without what a clock gives. */
function lasting(report: Report): Report {
  return { ...report, durationMs: 0, checks: report.checks.map((check) => ({ ...check, durationMs: 0 })) };
}

test('the listings are of many kinds of machine, and every (?) one stays without a probe', () => {
  expect(MACHINES.length).toBeGreaterThanOrEqual(50);
  expect(new Set(MACHINES.map(({ id }) => id)).size).toBe(MACHINES.length);
  const unprobed = MACHINES.filter(({ probe }) => 'notRecorded' in probe).map(({ id }) => id);
  expect(unprobed).toEqual(['H03', 'H06', 'H25', 'H29', 'H35', 'H37', 'H45', 'H50']);
});

test('every snapshot belongs to a machine', () => {
  const names = readdirSync(fileURLToPath(new URL('.', import.meta.url))).filter((name) => name.endsWith('.snapshot'));
  expect(names.sort()).toEqual(MACHINES.map(({ id }) => `${id}.snapshot`).sort());
});
