import { expect, test } from 'vitest';
import { masksOf, runtimeProcessSandbox } from '../../../src/checks/runtime/process-sandbox.ts';
import { examine } from '../../../src/examine/examine.ts';
import { createLook } from '../../../src/examine/look.ts';
import { unmaskProc } from '../../../src/fixes/runtime/process-sandbox.ts';
import { parseMountInfo } from '../../../src/text/mountinfo.ts';
import { testCheck } from '../../check-tester.ts';
import { ASK, VirtualHost } from '../../virtual-host.ts';
import { CONFIG, hostWith, mountinfo, OK, refused } from './alice.ts';

const entry = { check: runtimeProcessSandbox, fix: unmaskProc };
const MASK = '40 28 0:5 /null /proc/kcore rw,nosuid - devtmpfs udev rw';
const READ_ONLY = '41 28 0:5 /sys /proc/sys ro - proc proc rw';
// Nesting LXC leaves a whole proc beside the masked one; the kernel asks for no more.
const WHOLE = '43 23 0:21 / /dev/.lxc/proc rw,relatime - proc proc rw';
const BINFMT = '42 28 0:33 / /proc/sys/fs/binfmt_misc rw - autofs systemd-1 rw';
const DENIED = refused('EPERM', 'mount: /proc: permission denied.');
const masked = { '/proc/self/mountinfo': mountinfo(MASK, READ_ONLY) };
const OFF = '[worker.oci]\nnoProcessSandbox = true # needed in the pod\n';

test('as real root the flag ends buildkitd, and the file is told with the file', async () => {
  const report = async (flags: string) => {
    const options = hostWith({
      rest: { mode: 'rootful', env: { PATH: '/usr/bin', HOME: '/root', BUILDKITD_FLAGS: flags } },
    });
    const look = createLook({ host: new VirtualHost(options), request: { ...ASK, daemonless: true } });
    const [only] = await examine(look, [entry], { isSelected: () => true });
    return only?.problems.map(({ condition, severity }) => `${severity} ${condition}`);
  };
  expect(await report('--oci-worker-no-process-sandbox')).toEqual(['error config.invalid-value']);
  expect(await report('--oci-worker-no-process-sandbox --rootless')).toEqual([]);
});

testCheck(entry, {
  healthy: {
    'nothing is masked': { host: hostWith() },
    'a mount on a directory that is always empty': {
      host: hostWith({ files: { '/proc/self/mountinfo': mountinfo(BINFMT) } }),
    },
    'masked, and a whole proc stands elsewhere': {
      host: hostWith({ files: { '/proc/self/mountinfo': mountinfo(MASK, READ_ONLY, WHOLE) } }),
      request: { probe: false },
    },
    'masks that the kernel does not mind, as the probe shows': {
      host: hostWith({ files: masked, answer: { proc: OK } }),
    },
    'masked, and the sandbox is off': { host: hostWith({ files: masked, answer: { proc: DENIED }, config: OFF }) },
    'masked, with a whole proc elsewhere, judged by the files': {
      host: hostWith({
        files: { '/proc/self/mountinfo': mountinfo(MASK, '45 27 0:61 / /dev/.lxc/proc rw,relatime - proc proc rw') },
      }),
      request: { probe: false },
    },
    'masked for root of the machine': {
      host: hostWith({ files: masked, rest: { mode: 'rootful' } }),
      request: { probe: false },
    },
  },
  ailing: {
    'a /proc of processes alone': {
      host: hostWith({
        files: { '/proc/self/mountinfo': mountinfo('46 28 0:62 / /proc rw,relatime - proc proc rw,subset=pid') },
      }),
      conditions: ['proc.masked'],
      severity: 'error',
      advice: ['systempaths=unconfined'],
      says: ['/proc/stat'],
    },
    'masked, and the probe is refused': {
      host: hostWith({ files: masked, answer: { proc: DENIED } }),
      conditions: ['proc.masked'],
      severity: 'error',
      cure: true,
      advice: ['systempaths=unconfined'],
      says: ['/proc/kcore', 'permission denied'],
    },
    'masked, in a pod: the flag is told before what few clusters take': {
      host: hostWith({
        files: { ...masked, '/proc/self/cgroup': '0::/kubepods/besteffort/pod1\n' },
        answer: { proc: DENIED },
      }),
      conditions: ['proc.masked'],
      severity: 'error',
      cure: true,
      advice: [
        'With the rootless image and without hostUsers: false, start buildkitd with --oci-worker-no-process-sandbox; every cluster takes that.\nOr take the mask away. In the pod: hostUsers: false',
      ],
    },
    'masked, judged by the files': {
      host: hostWith({ files: masked }),
      request: { probe: false },
      conditions: ['proc.masked'],
      severity: 'error',
      advice: ['systempaths=unconfined'],
      says: ['/proc/kcore', '/proc/sys'],
      cure: true,
    },
    'masked, and the proc elsewhere is read-only': {
      host: hostWith({
        files: { '/proc/self/mountinfo': mountinfo(MASK, WHOLE.replace(' rw,relatime', ' ro,relatime')) },
      }),
      request: { probe: false },
      conditions: ['proc.masked'],
      severity: 'error',
      cure: true,
      advice: ['security.nesting=true'],
    },
    'the sandbox is off for nothing': {
      host: hostWith({ config: OFF }),
      conditions: ['proc.masked'],
      severity: 'warning',
      says: ['.config/buildkit/buildkitd.toml:2: noProcessSandbox is set'],
      cure: true,
    },
  },
  other: {
    'refused for another reason': {
      host: hostWith({ answer: { proc: DENIED } }),
      status: 'unknown',
      says: 'nothing masks',
    },
  },
});

test('the least harmful remedy comes first, in the words of the engine; the last resort says what it costs', async () => {
  const host = hostWith({ files: { ...masked, '/.dockerenv': '' }, answer: { proc: DENIED } });
  const [report] = await examine(createLook({ host: new VirtualHost(host), request: ASK }), [entry], {
    isSelected: () => true,
  });
  expect(report?.fixes.map(({ risk }) => risk)).toEqual(['manual', 'risky']);
  expect(JSON.stringify(report?.fixes[0]?.steps)).toContain('--security-opt systempaths=unconfined');
  expect(report?.fixes[1]?.consequence).toContain('end and inspect its processes');
  expect(report?.fixes[1]?.steps).toMatchObject([
    { do: 'directory', as: 'target', path: '/home/alice/.config/buildkit' },
    {
      do: 'edit',
      as: 'target',
      path: CONFIG,
      expects: null,
      edit: { changes: [{ path: ['worker', 'oci', 'noProcessSandbox'], value: true }] },
    },
  ]);
});

test('a whole new /proc over a masked one hides the masks', () => {
  expect(masksOf(parseMountInfo(mountinfo(MASK)))).toEqual(['/proc/kcore']);
  expect(masksOf(parseMountInfo(mountinfo(MASK, '50 27 0:60 / /proc rw - proc proc rw')))).toEqual([]);
});
