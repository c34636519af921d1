import { expect, test } from 'vitest';
import { cdiComplaint, cdiDevices } from '../../src/buildkit/cdi.ts';

const device = { name: 'gpu0', containerEdits: { env: ['A=b'] } };
const spec = (more: { readonly [field: string]: unknown } = {}): unknown => ({
  cdiVersion: '0.6.0',
  kind: 'vendor.com/gpu',
  devices: [device],
  ...more,
});
const edits = (containerEdits: unknown): unknown =>
  spec({ cdiVersion: '0.7.0', devices: [{ name: 'a', containerEdits }] });

/** Each was given to buildkitd v0.32.2 (library v1.1.0), see test/e2e/start-faults.ts for some of them. */
test.each([
  ['a whole one', spec()],
  ['names of fields in any case', { cdiversion: '0.6.0', KIND: 'vendor.com/gpu', Devices: [device] }],
  ['a version with v', spec({ cdiVersion: 'v0.6.0' })],
  [
    'edits of every kind',
    edits({
      deviceNodes: [{ path: '/dev/x', type: 'c', permissions: 'rwm', uid: 0 }],
      hooks: [{ hookName: 'createContainer', path: '/x', args: ['a'] }],
      mounts: [{ hostPath: '/a', containerPath: '/b', options: ['ro'] }],
      additionalGids: [4],
    }),
  ],
  ['general edits that are empty', spec({ containerEdits: {} })],
  ['annotations since 0.6.0', spec({ annotations: { a: 'b' } })],
])('taken: %s', (_, document) => {
  expect(cdiComplaint(document, [0, 32, 2])).toBeNull();
});

test.each([
  ['nothing', null, 'empty'],
  ['a list', [], 'no mapping'],
  ['a text', 'x', 'no mapping'],
  ['no version', spec({ cdiVersion: undefined }), 'cdiVersion'],
  ['a version that is none', spec({ cdiVersion: '0.9.0' }), '0.9.0'],
  ['a newer version', spec({ cdiVersion: '9.9.0' }), '9.9.0'],
  ['a kind without a class', spec({ kind: 'gpu' }), 'vendor.com/class'],
  ['a vendor of one letter', spec({ kind: 'v/gpu' }), 'vendor.com/class'],
  ['a vendor that begins with a digit', spec({ kind: '1v.com/gpu' }), 'vendor.com/class'],
  ['no devices', spec({ devices: [] }), 'no devices'],
  ['a field that is not known', spec({ device: [] }), 'device'],
  ['a field of a device that is not known', spec({ devices: [{ ...device, path: '/x' }] }), 'devices[0].path'],
  ['devices that are no list', spec({ devices: {} }), 'no list'],
  ['a name that is not valid', spec({ devices: [{ ...device, name: 'a b' }] }), 'a b'],
  ['a device twice', spec({ devices: [device, device] }), 'twice'],
  ['edits without anything', edits({}), 'no container edits'],
  ['a variable without a value', edits({ env: ['A'] }), 'NAME=VALUE'],
  ['a device node without a path', edits({ deviceNodes: [{ type: 'c' }] }), 'no path'],
  ['a device node of no type', edits({ deviceNodes: [{ path: '/x', type: 'z' }] }), 'type z'],
  ['permissions that are none', edits({ deviceNodes: [{ path: '/x', permissions: 'rx' }] }), 'rx'],
  ['a number as a text', edits({ deviceNodes: [{ path: '/x', major: '1' }] }), 'another type'],
  ['a hook that there is not', edits({ hooks: [{ hookName: 'before', path: '/x' }] }), 'before'],
  ['a mount without a place', edits({ mounts: [{ hostPath: '/x' }] }), 'mount'],
  ['groups before 0.7.0', spec({ devices: [{ name: 'a', containerEdits: { additionalGids: [1] } }] }), '0.7.0'],
  ['a name with a digit before 0.5.0', spec({ cdiVersion: '0.4.0', devices: [{ ...device, name: '0' }] }), '0.5.0'],
])('refused: %s', (_, document, words) => {
  expect(cdiComplaint(document, [0, 32, 2])).toContain(words);
});

test('what releases take', () => {
  const net = {
    cdiVersion: '1.1.0',
    kind: 'vendor.com/net',
    devices: [{ name: 'a', containerEdits: { netDevices: [{ hostInterfaceName: 'eth1', name: 'eth0' }] } }],
  };
  expect(cdiComplaint(net, [0, 27, 0])).toBeNull();
  expect(cdiComplaint(net, [0, 26, 3])).toContain('netDevices');
  expect(cdiComplaint(spec({ cdiVersion: '1.0.0' }), [0, 21, 0])).toBeNull();
  expect(cdiComplaint(spec({ cdiVersion: '1.0.0' }), [0, 20, 2])).toContain('up to 0.8.0');
  expect(cdiDevices(spec())).toEqual(['vendor.com/gpu=gpu0']);
});
