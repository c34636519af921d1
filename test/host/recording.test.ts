import { expect, test } from 'vitest';
import { catalog } from '../../src/catalog.ts';
import { examine } from '../../src/examine/examine.ts';
import { createLook } from '../../src/examine/look.ts';
import { kernel } from '../../src/facts/machine/kernel.ts';
import { osRelease } from '../../src/facts/machine/os-release.ts';
import { discreetHost } from '../../src/host/discreet.ts';
import { parseRecording, recordedHost, recordingHost } from '../../src/host/recording.ts';
import { UsageError } from '../../src/host/usage-error.ts';
import { ASK, VirtualHost } from '../virtual-host.ts';

const machine = () =>
  new VirtualHost({
    files: {
      '/proc/sys/kernel/osrelease': '6.1.0-29-amd64\n',
      '/etc/os-release': 'ID=debian\n',
      '/home/alice/.docker/config.json': '{"auths":{"r.example":{"auth":"c2VjcmV0"}}}',
      '/x': 'see https://bob:hunter2@mirror.example/ for more',
    },
  });

test('a replay answers as the host did, and what was never asked is unknown', async () => {
  const recorder = recordingHost(machine(), ASK, 'x64');
  await createLook({ host: recorder.host, request: ASK }).get(kernel);
  const replay = recordedHost(parseRecording(JSON.stringify(recorder.recording()), 'r.json'));
  expect((await createLook({ host: replay, request: ASK }).get(kernel)).release).toBe('6.1.0-29-amd64');
  await expect(createLook({ host: replay, request: ASK }).get(osRelease)).rejects.toThrow('not recorded');
  expect(replay.now()).toBe(machine().now());
});

test('credentials do not get into a recording', async () => {
  const recorder = recordingHost(discreetHost(machine()).host, ASK, 'x64');
  await recorder.host.read('/home/alice/.docker/config.json', 'target');
  await recorder.host.read('/x', 'target');
  const text = JSON.stringify(recorder.recording());
  expect(text).not.toContain('c2VjcmV0');
  expect(text).not.toContain('hunter2');
  expect(text).toContain('mirror.example');
});

test('what is not a recording is refused in one sentence', () => {
  for (const text of ['', '[]', '{}', 'null', '{"recording":2,"answers":{},"identity":{}}'])
    expect(() => parseRecording(text, 'r.json')).toThrow(UsageError);
});

test('an empty recording fails nothing and passes nothing that was looked at: unknown is not absence', async () => {
  const { host } = recordingHost(machine(), ASK, 'x64');
  const empty = recordedHost({
    recording: 1,
    recordedAt: '2026-01-01T00:00:00Z',
    now: 0,
    arch: 'x64',
    request: ASK,
    identity: host.identity,
    env: { USER: 'alice', HOME: '/home/alice', PATH: '/usr/bin', XDG_RUNTIME_DIR: '/run/user/1000' },
    answers: {},
  });
  const checks = await examine(createLook({ host: empty, request: ASK }), catalog, { isSelected: () => true });
  const failed = checks.filter(({ status }) => status === 'fail' || status === 'warn');
  expect(failed.map(({ id, problems }) => [id, problems.map(({ message }) => message)])).toEqual([]);
});
