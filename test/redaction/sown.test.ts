import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { discreetHost, SAID } from '../../src/host/discreet.ts';
import { parseRecording, type Recording, recordedHost, recordingHost } from '../../src/host/recording.ts';
import type { Report } from '../../src/model/say.ts';
import { namesOf } from '../../src/names/names.ts';
import { survivorIn } from '../../src/names/proof.ts';
import { learnRecording, redactedRecording } from '../../src/names/recording.ts';
import { assessed } from '../assessed.ts';
import { run, temporary } from '../cli/run.ts';
import { otherHost } from './other-host.ts';
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
  '/proc/sys/kernel/random/boot_id',
  '/etc/machine-id',
];

/** Two machines that have no place, kind and form of a secret in common. */
const HOSTS = { sownHost, otherHost } as const;
type Sown = keyof typeof HOSTS;

/** What the host answers, with all that is secret in it: as no version of bk-doctor would record it. */
async function rawRecording(sown: Sown, number: number): Promise<{ seeds: Seeds; recording: Recording }> {
  const seeds = seedsOf(number);
  const { host, request } = HOSTS[sown](seeds);
  const { host: recorder, recording } = recordingHost(host, request, 'x64');
  await assessed(recorder, request);
  for (const path of NAMED) await recorder.read(path, 'self');
  return { seeds, recording: JSON.parse(JSON.stringify(recording())) as Recording };
}

const judged = ({ checks }: Report): unknown =>
  checks.map(({ id, status, problems }) => [id, status, problems.map(({ condition }) => condition)]);

describe.each([
  ['sownHost', 1],
  ['sownHost', 2],
  ['otherHost', 11],
  ['otherHost', 12],
] as const)('%s sown with secrets and names, seed %i', (sown, number) => {
  test('keeps them out of its recordings, which are judged as it is', { timeout: 60_000 }, async () => {
    const seeds = seedsOf(number);
    const { host, request } = HOSTS[sown](seeds);
    const { host: discreet, secrets } = discreetHost(host);
    const recorder = recordingHost(discreet, request, 'x64');
    const first = await assessed(recorder.host, request);
    for (const path of NAMED) await recorder.host.read(path, 'self');
    const plain = JSON.stringify(recorder.recording(), (key, value) =>
      typeof value === 'string' && SAID.has(key) ? secrets.hide(value) : value,
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

test.each(['sownHost', 'otherHost'] as const)(
  '%s has at least sixty of them, and most lie where a report would tell them',
  async (sown) => {
    const { seeds, recording } = await rawRecording(sown, 1);
    expect(seeds.secrets.size + seeds.names.size).toBeGreaterThanOrEqual(80);
    const text = JSON.stringify(recording);
    const met = secretsIn(text, seeds).length + namesIn(text, seeds).length;
    expect(met).toBeGreaterThanOrEqual(60);
  },
);

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
    ['check', '--format', 'html'],
    ['check', '--format', 'junit'],
    ['check', '--format', 'sarif', '--redact'],
    ['check', '--format', 'prometheus'],
    ['check', '--format', 'nagios'],
    ['check', '--format', 'summary', '--redact'],
    ['check', '--json', '--output', 'out'],
    ['check', '-v', '--output', 'out'],
    ['fix', '--dry-run', '--redact'],
    ['fix', '--dry-run', '--json', '--output', 'out'],
  ];
  test.each([
    ['sownHost', REPORTS, SHARED],
    [
      'otherHost',
      [
        ['check', '-v'],
        ['fix', '--dry-run', '-v', '--risky'],
        ['fix', '--script', '--risky'],
      ],
      SHARED.slice(0, 7),
    ],
  ] as const)('of %s', async (sown, reports, shared) => {
    const { seeds, recording } = await rawRecording(sown, 4);
    const cwd = temporary();
    writeFileSync(join(cwd, 'r.json'), JSON.stringify(recording));
    const ask = async (args: readonly string[]): Promise<string> => {
      const done = await run([...args, '--replay', 'r.json'], { cwd, env: { XDG_STATE_HOME: cwd } });
      expect(args.includes('nagios') ? [0, 1, 2, 3] : [0, 1, 3], `$args.join(' '): $done.stderr`).toContain(done.code);
      expect(done.stderr).not.toMatch(/internal error/);
      const written = args.includes('out') ? readFileSync(join(cwd, 'out'), 'utf8') : '';
      return done.stdout + done.stderr + written;
    };
    for (const args of reports) expect(secretsIn(await ask(args), seeds), args.join(' ')).toEqual([]);
    for (const args of shared) {
      const text = await ask(args);
      expect(secretsIn(text, seeds), args.join(' ')).toEqual([]);
      expect(namesIn(text, seeds), args.join(' ')).toEqual([]);
      if (args.includes('--json') && !args.includes('out'))
        expect(JSON.parse(text).redaction).toMatchObject({ names: { user: expect.any(Number) } });
    }
    const shown = await run(['check', '--format', 'prometheus', '--no-redact', '--replay', 'r.json'], { cwd });
    expect([shown.code, shown.stdout]).toEqual([2, '']);
  });

  test('of reports of two hosts, which are compared and gathered', async () => {
    const cwd = temporary();
    const all: Seeds[] = [];
    const how = { cwd, env: { XDG_STATE_HOME: cwd } };
    for (const sown of ['sownHost', 'otherHost'] as const) {
      const { seeds, recording } = await rawRecording(sown, 6);
      all.push(seeds);
      writeFileSync(join(cwd, 'recording'), JSON.stringify(recording));
      for (const [name, flag] of [
        [sown, '--no-redact'],
        [`${sown}.shared`, '--redact'],
      ] as const)
        writeFileSync(
          join(cwd, `${name}.json`),
          (await run(['check', '--json', flag, '--replay', 'recording'], how)).stdout,
        );
    }
    const ask = async (args: readonly string[]): Promise<string> => {
      const done = await run(args, how);
      expect([0, 1, 3], `${args.join(' ')}: ${done.stderr}`).toContain(done.code);
      expect(done.stderr, args.join(' ')).not.toMatch(/not written|internal error/);
      return done.stdout + (args.includes('out') ? readFileSync(join(cwd, 'out'), 'utf8') : '');
    };
    const two = ['sownHost.json', 'otherHost.json'];
    for (const command of ['diff', 'merge']) {
      const plain = await ask([command, ...two, '--json']);
      expect(all.flatMap((seeds) => namesIn(plain, seeds)).length, command).toBeGreaterThan(0);
      for (const how of [
        ['--redact'],
        ['-v', '--redact'],
        ['--json', '--redact'],
        ['--json', '--output', 'out'],
        ['--output', 'out'],
      ]) {
        const text = await ask([command, ...two, ...how]);
        for (const seeds of all)
          expect([...secretsIn(text, seeds), ...namesIn(text, seeds)], how.join(' ')).toEqual([]);
      }
      // Stand-ins of reports that were redacted are nobody's names.
      const shared = ['sownHost.shared.json', 'otherHost.shared.json'];
      expect(await ask([command, ...shared, '--json', '--redact'])).toBe(await ask([command, ...shared, '--json']));
    }
    // One name has one stand-in, in whatever report it stands.
    const again = JSON.parse(await ask(['merge', 'sownHost.json', 'sownHost.json', '--json', '--redact']));
    expect(again.hosts[0].host).toBe(again.hosts[1].host);
    expect(again.hosts[0].host).toMatch(/^host\d+/);
  });

  test('of files, logs and an answer', async () => {
    const seeds = seedsOf(5);
    const cwd = temporary();
    const { secret, name, word } = seeds;
    const someone = name('somebody', `${word(6).toLowerCase()}.q`);
    const registry = name('a registry', `cr.${word(6).toLowerCase()}.net`);
    const node = name('a node', `${word(6).toLowerCase()}-n7`);
    const space = name('a namespace', `${word(6).toLowerCase()}-prod`);
    const address = name('an address', '10.77.8.9');
    const pod = `apiVersion: v1
kind: Pod
metadata: { name: b, namespace: ${space} }
spec:
  nodeName: ${node}
  containers:
    - name: b
      image: ${registry}/team/buildkit:latest-rootless
      env:
        - name: DB_PASSWORD
          value: ${secret('a value of a pod')}
        - { name: API_TOKEN, value: "${secret('a value on one line')}" }
      args: [--registry-password=${secret('an argument')}, --addr, "tcp://u:${secret('an address')}@${address}:1"]
---
apiVersion: v1
kind: Secret
metadata: { name: s }
stringData:
  free: ${secret('a Secret')}
data:
  bound: ${Buffer.from(secret('a Secret in base64')).toString('base64')}
`;
    const dockerfile = `FROM ${registry}/base
ARG NPM_TOKEN=${secret('an argument of a build')}
ENV DB_PASSWORD ${secret('ENV')}
RUN curl -u me:${secret('curl')} https://${registry}/x && echo ${secret('echo')} | docker login -u me --password-stdin
RUN git clone https://${someone}:${secret('a clone')}@${registry}/x.git
RUN --mount=type=cach,target=/x true
`;
    const script = `docker login -u me -p ${secret('a login')} ${registry}\ndocker buildx build --build-arg TOKEN=${secret('a build argument')} --secret id=x,src=/home/${someone}/x --ouput type=docker .\n`;
    const toml = `password = "${secret('a password')}"\n[registry."${registry}"]\n  mirors = ["u:${secret('a mirror')}@${registry}"]\n`;
    const log = `Nov 28 13:00:01 ${node} buildkitd[1]: error: dial me:${secret('a log')}@${registry}:443 by ${address}
${node} [rootlesskit:parent] error: failed to setup UID/GID map: newuidmap 4242 [0 1000 1 1 100000 65536] failed: newuidmap: write to uid_map failed: Operation not permitted token=${secret('the line that proves it')} /home/${someone}/x
failed to solve: ${registry}/x: failed to authorize: {"token":"${secret('JSON of a log')}"} Basic ${Buffer.from(`me:${secret('a pair of a log')}`).toString('base64')}
`;
    for (const [file, text] of Object.entries({
      'pod.yaml': pod,
      Dockerfile: dockerfile,
      'build.sh': script,
      'buildkitd.toml': toml,
      log,
    }))
      writeFileSync(join(cwd, file), text);
    const ask = async (args: readonly string[]): Promise<string> => {
      const done = await run(args, { cwd, env: { XDG_STATE_HOME: cwd } });
      expect([0, 1], `${args.join(' ')}: ${done.stderr}`).toContain(done.code);
      return done.stdout + done.stderr + (args.includes('out') ? readFileSync(join(cwd, 'out'), 'utf8') : '');
    };
    const files = ['pod.yaml', 'Dockerfile', 'build.sh', 'buildkitd.toml'];
    const formats = ['terminal', 'json', 'markdown', 'sarif', 'github', 'gitlab'];
    for (const format of formats) {
      const text = await ask(['lint', '--fix', '--risky', '-v', '--format', format, '--no-redact', ...files]);
      expect(secretsIn(text, seeds), format).toEqual([]);
      const shared = await ask(['lint', '--fix', '--risky', '-v', '--format', format, '--redact', ...files]);
      expect(secretsIn(shared, seeds), format).toEqual([]);
      expect(namesIn(shared, seeds), format).toEqual([]);
      expect(shared, format).toContain('pod.yaml');
    }
    for (const format of ['terminal', 'json', 'markdown']) {
      expect(secretsIn(await ask(['explain', '--format', format, '--no-redact', 'log']), seeds), format).toEqual([]);
      const shared = await ask(['explain', '--format', format, '--output', 'out', 'log']);
      expect([...secretsIn(shared, seeds), ...namesIn(shared, seeds)], format).toEqual([]);
    }
  });
});
