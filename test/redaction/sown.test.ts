import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { catalog } from '../../src/catalog.ts';
import { assess } from '../../src/examine/assess.ts';
import { Budget } from '../../src/host/budget.ts';
import { discreetHost } from '../../src/host/discreet.ts';
import type { Opened } from '../../src/host/open.ts';
import { parseRecording, type Recording, recordedHost, recordingHost } from '../../src/host/recording.ts';
import type { HostReader, Request } from '../../src/model/look.ts';
import type { Report } from '../../src/model/say.ts';
import { namesOf } from '../../src/names/names.ts';
import { survivorIn } from '../../src/names/proof.ts';
import { learnRecording, redactedRecording } from '../../src/names/recording.ts';
import { NO_SECRETS } from '../../src/secrets/known.ts';
import { run, temporary } from '../cli/run.ts';
import { namesIn, type Seeds, secretsIn, seedsOf } from './seeds.ts';
import { sownHost } from './sown-host.ts';

/** Files of a host in which names stand, as a redaction reads them. */
const NAMED = [
  '/etc/passwd',
  '/etc/group',
  '/etc/subuid',
  '/etc/subgid',
  '/etc/hosts',
  '/etc/resolv.conf',
  '/proc/sys/kernel/hostname',
  '/etc/machine-id',
];

function assessed(host: HostReader, request: Request): Promise<Report> {
  const opened: Opened = {
    host,
    request,
    arch: 'x64',
    replayed: true,
    budget: new Budget(60_000),
    recording: () => '',
    secrets: NO_SECRETS,
    close: async () => {},
  };
  return assess(opened, catalog, { only: [], skip: [] }, { inventory: false });
}

/** What the host answers, with all that is secret in it: as no version of bk-doctor would record it. */
async function rawRecording(number: number): Promise<{ seeds: Seeds; recording: Recording }> {
  const seeds = seedsOf(number);
  const { host, request } = sownHost(seeds);
  const { host: recorder, recording } = recordingHost(host, request, 'x64');
  await assessed(recorder, request);
  for (const path of NAMED) await recorder.read(path, 'self');
  return { seeds, recording: JSON.parse(JSON.stringify(recording())) as Recording };
}

const judged = ({ checks }: Report): unknown =>
  checks.map(({ id, status, problems }) => [id, status, problems.map(({ condition }) => condition)]);

describe.each([1, 2, 3])('a host sown with secrets and names, seed %i', (number) => {
  test('keeps them out of its recordings, which are judged as it is', { timeout: 60_000 }, async () => {
    const seeds = seedsOf(number);
    const { host, request } = sownHost(seeds);
    const { host: discreet, secrets } = discreetHost(host);
    const recorder = recordingHost(discreet, request, 'x64');
    const first = await assessed(recorder.host, request);
    for (const path of NAMED) await recorder.host.read(path, 'self');
    const plain = JSON.stringify(recorder.recording(), (_key, value) =>
      typeof value === 'string' ? secrets.hide(value) : value,
    );
    expect(secretsIn(plain, seeds)).toEqual([]);
    expect(namesIn(plain, seeds).length).toBeGreaterThan(10);
    const names = namesOf();
    const parsed = JSON.parse(plain) as Recording;
    learnRecording(parsed, names);
    const hidden = JSON.stringify(redactedRecording(parsed, names));
    expect(namesIn(hidden, seeds)).toEqual([]);
    expect(survivorIn(hidden, secrets, names)).toBeNull();
    const recording = parseRecording(hidden, 'r.json');
    expect(judged(await assessed(recordedHost(recording), recording.request))).toEqual(judged(first));
  });
});

test('there are at least sixty of them, and most lie where a report would tell them', async () => {
  const { seeds, recording } = await rawRecording(1);
  expect(seeds.secrets.size + seeds.names.size).toBeGreaterThanOrEqual(80);
  const text = JSON.stringify(recording);
  const met = secretsIn(text, seeds).length + namesIn(text, seeds).length;
  expect(met).toBeGreaterThanOrEqual(60);
});

describe('every command in every format', { timeout: 120_000 }, () => {
  const REPORTS: readonly (readonly string[])[] = [
    ['check', '-v'],
    ['check', '-q'],
    ['check', '--json'],
    ['check', '-v', '--format', 'markdown', '--no-redact'],
    ['fix', '--dry-run'],
    ['fix', '--dry-run', '--json', '--risky'],
    ['fix', '--script', '--risky'],
  ];
  const SHARED: readonly (readonly string[])[] = [
    ['check', '-v', '--redact'],
    ['check', '--json', '--redact'],
    ['check', '-v', '--format', 'markdown'],
    ['check', '--json', '--output', 'out'],
    ['check', '-v', '--output', 'out'],
    ['fix', '--dry-run', '--redact'],
    ['fix', '--dry-run', '--json', '--output', 'out'],
  ];
  test('of a host', async () => {
    const { seeds, recording } = await rawRecording(4);
    const cwd = temporary();
    writeFileSync(join(cwd, 'r.json'), JSON.stringify(recording));
    const ask = async (args: readonly string[]): Promise<string> => {
      const done = await run([...args, '--replay', 'r.json'], { cwd, env: { XDG_STATE_HOME: cwd } });
      expect([0, 1, 3], `${args.join(' ')}: ${done.stderr}`).toContain(done.code);
      expect(done.stderr).not.toMatch(/a fault of bk-doctor/);
      const written = args.includes('out') ? readFileSync(join(cwd, 'out'), 'utf8') : '';
      return done.stdout + done.stderr + written;
    };
    for (const args of REPORTS) expect(secretsIn(await ask(args), seeds), args.join(' ')).toEqual([]);
    for (const args of SHARED) {
      const text = await ask(args);
      expect(secretsIn(text, seeds), args.join(' ')).toEqual([]);
      expect(namesIn(text, seeds), args.join(' ')).toEqual([]);
      if (args.includes('--json') && !args.includes('out'))
        expect(JSON.parse(text).redaction).toMatchObject({ names: { user: expect.any(Number) } });
    }
  });
});
