import { expect, test } from 'vitest';
import { catalog } from '../../src/catalog.ts';
import { examine } from '../../src/examine/examine.ts';
import { createLook } from '../../src/examine/look.ts';
import { alice } from '../checks/config/host.ts';
import { ASK, VirtualHost } from '../virtual-host.ts';

/** What other checks find wrong with a setting stands in the same file: each says on which line. */
const TABLE: readonly { id: string; text: string; condition: string; line: number }[] = [
  {
    id: 'net/sockets',
    text: `[grpc]\naddress = [\n  "unix:///home/alice/s.sock",\n  "unix:///tmp/${'y'.repeat(110)}"\n]\n`,
    condition: 'socket.path-too-long',
    line: 4,
  },
  {
    id: 'net/ports',
    text: '[grpc]\n  address = ["tcp://127.0.0.1:80"]\n',
    condition: 'net.privileged-port',
    line: 2,
  },
  {
    id: 'net/driver',
    text: '[worker.oci]\nnetworkMode = "cni"\ncniConfigPath = "/nowhere"\n',
    condition: 'net.cni-missing',
    line: 3,
  },
  {
    id: 'runtime/binaries',
    text: '[worker.oci]\nenabled = true\nbinary = "/nowhere/crun"\n',
    condition: 'runtime.runc-missing',
    line: 3,
  },
  {
    id: 'snapshotter/selected',
    text: '[worker]\n  [worker.oci]\n    proxySnapshotterPath = "/nowhere"\n',
    condition: 'snapshotter.proxy-missing',
    line: 3,
  },
];
test.for(TABLE)('$condition of $id stands on its line', async ({ id, text, condition, line }) => {
  const entries = catalog.filter(({ check }) => check.id === id);
  const [report] = await examine(createLook({ host: new VirtualHost(alice(text)), request: ASK }), entries, {
    isSelected: () => true,
  });
  const path = '/home/alice/.config/buildkit/buildkitd.toml';
  expect(report?.problems.find((problem) => problem.condition === condition)?.at).toMatchObject({ path, line });
});
