import { expect, test } from 'vitest';
import { meantSnapshotter } from '../../../src/buildkit/snapshotter-names.ts';
import { snapshotterSelected } from '../../../src/checks/snapshotter/selected.ts';
import { createLook } from '../../../src/examine/look.ts';
import { selectedSnapshotter } from '../../../src/facts/cache/snapshotters.ts';
import { chooseSnapshotter } from '../../../src/fixes/snapshotter/selected.ts';
import type { NamespaceAnswer } from '../../../src/model/look.ts';
import { testCheck } from '../../check-tester.ts';
import { ASK, VirtualHost } from '../../virtual-host.ts';
import { cacheMount, hostWith, OK, refusedWith } from '../storage/healthy.ts';

const NO = refusedWith('EPERM');
const worker = (lines: string): string => `[worker.oci]\n${lines}\n`;

testCheck(
  { check: snapshotterSelected, fix: chooseSnapshotter },
  {
    healthy: {
      'overlayfs by itself': { host: hostWith() },
      'fuse-overlayfs by itself': { host: hostWith({ answer: { overlay: NO } }) },
      'overlayfs by name': { host: hostWith({ config: worker('snapshotter = "overlayfs"') }) },
      'native by name, as somebody wants it': { host: hostWith({ config: worker('snapshotter = "native"') }) },
      'any name, with a proxy that is there': {
        host: hostWith({
          config: worker('snapshotter = "nydus"\nproxySnapshotterPath = "/run/nydus.sock"'),
          files: { '/run/nydus.sock': { kind: 'socket' } },
        }),
      },
    },
    ailing: {
      'a silent fall to native': {
        host: hostWith({
          mountinfo: cacheMount('overlay'),
          files: { '/dev/fuse': null },
          answer: { overlay: refusedWith('EINVAL'), fuseOverlay: refusedWith('ENOENT') },
        }),
        conditions: ['snapshotter.native-fallback'],
        severity: 'warning',
        advice: ['modprobe fuse'],
        says: ['native', 'itself lies on overlay', '/dev/fuse is missing'],
      },
      'a fall to native by files alone': {
        host: hostWith({
          files: { '/proc/sys/kernel/osrelease': '5.10.0-8-amd64\n', '/usr/bin/fuse-overlayfs': null },
        }),
        request: { probe: false },
        conditions: ['snapshotter.native-fallback'],
        severity: 'warning',
        advice: ['Run Linux 5.11 or later, or install fuse-overlayfs'],
      },
      'an unknown name given by the unit': {
        host: hostWith({
          files: {
            '/home/alice/.config/systemd/user/buildkit.service':
              '[Service]\nExecStart=/usr/bin/rootlesskit buildkitd --oci-worker-snapshotter=zfs\n',
          },
        }),
        conditions: ['snapshotter.name-mismatch'],
        severity: 'error',
        says: ['--oci-worker-snapshotter'],
        advice: ['--oci-worker-snapshotter=auto'],
      },
      'a proxy that is not there': {
        host: hostWith({ config: worker('snapshotter = "x"\nproxySnapshotterPath = "/run/x.sock"') }),
        conditions: ['snapshotter.proxy-missing'],
        severity: 'error',
        says: ['/home/alice/.config/buildkit/buildkitd.toml:3: The proxy'],
        advice: ['Start the proxy snapshotter'],
      },
      'a proxy written as an address': {
        host: hostWith({
          config: worker('proxySnapshotterPath = "unix:///run/x.sock"'),
          files: { '/run/x.sock': { kind: 'socket' } },
        }),
        conditions: ['snapshotter.proxy-missing'],
        severity: 'error',
        advice: ['Start the proxy snapshotter'],
      },
    },
    other: {
      'the OCI worker is off': { host: hostWith({ config: worker('enabled = false') }), status: 'skip' },
      'nothing could be tried': {
        host: hostWith({ answer: { launch: NO, overlay: null, fuseOverlay: null } }),
        status: 'unknown',
        says: 'namespaces',
      },
    },
  },
);

async function predicted(answer: Partial<NamespaceAnswer>, config = ''): Promise<string | null> {
  const look = createLook({ host: new VirtualHost(hostWith({ answer, config })), request: ASK });
  return (await look.get(selectedSnapshotter)).selected;
}

test("the prediction follows buildkitd's order", async () => {
  expect(await predicted({})).toBe('overlayfs');
  expect(await predicted({ overlay: NO, fuseOverlay: OK })).toBe('fuse-overlayfs');
  expect(await predicted({ overlay: NO, fuseOverlay: NO })).toBe('native');
  expect(await predicted({ overlay: null, fuseOverlay: OK })).toBe(null);
  expect(await predicted({ overlay: NO, fuseOverlay: NO }, worker('snapshotter = "overlayfs"'))).toBe('overlayfs');
  expect(await predicted({}, worker('snapshotter = "overlay"'))).toBe(null);
  expect(await predicted({}, worker('enabled = false\n[worker.containerd]\nsnapshotter = "zfs"'))).toBe('zfs');
});

test('names that people write lead to the one they mean', () => {
  const meant: { readonly [name: string]: string } = {
    overlay: 'overlayfs',
    overlay2: 'overlayfs',
    'overlay-fs': 'overlayfs',
    Overlayfs: 'overlayfs',
    fuse: 'fuse-overlayfs',
    'fuse-overlay': 'fuse-overlayfs',
    fuseoverlayfs: 'fuse-overlayfs',
    vfs: 'native',
    eStargz: 'stargz',
    ovrelayfs: 'overlayfs',
    default: 'auto',
  };
  for (const [name, wanted] of Object.entries(meant)) expect(meantSnapshotter(name), name).toBe(wanted);
  expect(meantSnapshotter('btrfs')).toBe(null);
});
