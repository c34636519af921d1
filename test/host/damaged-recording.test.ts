import fc from 'fast-check';
import { expect, test } from 'vitest';
import { catalog } from '../../src/catalog.ts';
import { assess } from '../../src/examine/assess.ts';
import { Budget } from '../../src/host/budget.ts';
import { parseRecording, recordedHost, recordingHost } from '../../src/host/recording.ts';
import { UsageError } from '../../src/host/usage-error.ts';
import type { HostReader, Request } from '../../src/model/look.ts';
import type { Report } from '../../src/model/say.ts';
import { json } from '../../src/report/formats/json-text.ts';
import { NO_SECRETS } from '../../src/secrets/known.ts';
import { MACHINES, openMachine } from '../hosts/machines.ts';
import { validatorOf } from '../schemas.ts';

function assessed(host: HostReader, request: Request): Promise<Report> {
  const rest = { recording: () => '', secrets: NO_SECRETS, close: async () => {} };
  const opened = { host, request, arch: 'x64', replayed: true, budget: new Budget(60_000), ...rest };
  return assess(opened, catalog, { only: [], skip: [] }, { inventory: false });
}

async function recordingOf(id: string): Promise<string> {
  const machine = MACHINES.find((one) => one.id === id);
  if (machine === undefined) throw new Error(id);
  const { host, request } = openMachine(machine);
  const recorder = recordingHost(host, request, 'x64');
  await assessed(recorder.host, request);
  return JSON.stringify(recorder.recording());
}

/** Refused in one sentence, or a report as from any host: what the code did not expect shows in neither. */
async function judge(text: string): Promise<void> {
  let recording: ReturnType<typeof parseRecording>;
  try {
    recording = parseRecording(text, 'r.json');
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toMatch(
      /^r\.json (is damaged: .{3,300} is not what|is not a recording|was recorded by)/,
    );
    return;
  }
  const report = await assessed(recordedHost(recording), recording.request);
  const valid = validatorOf('report');
  valid(JSON.parse(json(report)));
  expect(valid.errors ?? []).toEqual([]);
  for (const { reason } of report.checks)
    expect(reason ?? '').not.toMatch(/undefined|not a function|not iterable|Cannot read|Invalid/);
}

test('a recording whose values are others is refused in one sentence, or examined', { timeout: 300_000 }, async () => {
  const text = await recordingOf('H01');
  const paths: (readonly string[])[] = [];
  const visit = (value: unknown, path: readonly string[]): void => {
    if (path.length > 0) paths.push(path);
    if (typeof value === 'object' && value !== null)
      for (const [name, inner] of Object.entries(value)) visit(inner, [...path, name]);
  };
  visit(JSON.parse(text), []);
  let deep: unknown = 0;
  for (let level = 0; level < 3000; level++) deep = [deep];
  const values = fc.constantFrom<unknown>(
    null,
    true,
    -1,
    1e300,
    1.5,
    '',
    'x',
    '\0',
    [],
    [null],
    {},
    { ok: 1 },
    deep,
    undefined,
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths), values, async (path, value) => {
      const copy = JSON.parse(text) as { [name: string]: unknown };
      let inside = copy;
      for (const name of path.slice(0, -1)) inside = inside[name] as { [name: string]: unknown };
      inside[path.at(-1) ?? ''] = value;
      await judge(JSON.stringify(copy));
    }),
    { seed: 8, numRuns: 400 },
  );
});

test('so is one whose bytes are others', { timeout: 300_000 }, async () => {
  const bytes = Buffer.from(await recordingOf('H02'));
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(7), fc.nat(3), async (at, bit, how) => {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ (1 << bit), at);
      await judge((how === 0 ? bytes.subarray(0, at) : changed).toString('utf8'));
    }),
    { seed: 8, numRuns: 300 },
  );
});
