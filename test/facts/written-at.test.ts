import { expect, test } from 'vitest';
import { catalog } from '../../src/catalog.ts';
import { examine } from '../../src/examine/examine.ts';
import { createLook } from '../../src/examine/look.ts';
import { alice } from '../checks/config/host.ts';
import { CONFIG } from '../checks/runtime/alice.ts';
import { ASK, VirtualHost } from '../virtual-host.ts';

/** What other checks find wrong with a setting stands in the same file: each names its key and place. */
const TABLE: readonly { id: string; text: string; condition: string; key: string; line: number; column: number }[] = [
  {
    id: 'net/sockets',
    text: `[grpc]\naddress = [\n  "unix:///home/alice/s.sock",\n  "unix:///tmp/${'y'.repeat(110)}"\n]\n`,
    condition: 'socket.path-too-long',
    key: 'grpc.address',
    line: 4,
    column: 3,
  },
  {
    id: 'net/ports',
    text: '[grpc]\n  address = ["tcp://127.0.0.1:80"]\n',
    condition: 'net.privileged-port',
    key: 'grpc.address',
    line: 2,
    column: 14,
  },
  {
    id: 'net/driver',
    text: '[worker.oci]\nnetworkMode = "cni"\ncniConfigPath = "/nowhere"\n',
    condition: 'net.cni-missing',
    key: 'worker.oci.cniConfigPath',
    line: 3,
    column: 1,
  },
  {
    id: 'runtime/binaries',
    text: '[worker.oci]\nenabled = true\nbinary = "/nowhere/crun"\n',
    condition: 'runtime.runc-missing',
    key: 'worker.oci.binary',
    line: 3,
    column: 1,
  },
  {
    id: 'snapshotter/selected',
    text: '[worker]\n  [worker.oci]\n    proxySnapshotterPath = "/nowhere"\n',
    condition: 'snapshotter.proxy-missing',
    key: 'worker.oci.proxySnapshotterPath',
    line: 3,
    column: 5,
  },
];
test.for(TABLE)('$id names $key and its place', async ({ id, text, condition, key, line, column }) => {
  const entries = catalog.filter(({ check }) => check.id === id);
  const [report] = await examine(createLook({ host: new VirtualHost(alice(text)), request: ASK }), entries, {
    isSelected: () => true,
  });
  expect(report?.problems.find((problem) => problem.condition === condition)).toMatchObject({
    evidence: { key },
    at: { path: CONFIG, line, column },
  });
});
