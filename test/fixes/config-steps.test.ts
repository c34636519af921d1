import { expect, test } from 'vitest';
import { readConfig } from '../../src/buildkit/config/read.ts';
import { editToml } from '../../src/buildkit/toml/edit.ts';
import { release } from '../../src/buildkit/version.ts';
import { createLook } from '../../src/examine/look.ts';
import { configEdit } from '../../src/facts/rights/config-edit.ts';
import { configSteps } from '../../src/fixes/config-steps.ts';
import type { Json } from '../../src/model/look.ts';
import { CONFIG, hostWith } from '../checks/runtime/alice.ts';
import { ASK, VirtualHost } from '../virtual-host.ts';

/** The file after one key, by BuildKit's name of it, was set. */
async function set(text: string, key: readonly string[], value: Json): Promise<string> {
  const edit = await createLook({ host: new VirtualHost(hostWith({ config: text })), request: ASK }).get(configEdit);
  if (edit === null) throw new Error('the file cannot be edited');
  const [step] = configSteps(edit, [{ change: 'set', path: key, value }]);
  if (step?.do !== 'edit' || step.edit.edit !== 'toml' || step.path !== CONFIG) throw new Error('no edit');
  return editToml(text, step.edit.changes);
}

const SNAPSHOTTER = ['worker', 'oci', 'snapshotter'];

test.each([
  ['[worker.oci]\nsnapshotter = "native"\n', SNAPSHOTTER, '[worker.oci]\nsnapshotter = "auto"\n'],
  ['[Worker.OCI]\nSnapshotter = "native"\n', SNAPSHOTTER, '[Worker.OCI]\nSnapshotter = "auto"\n'],
  ['Worker.oci.SNAPSHOTTER = "native"\n', SNAPSHOTTER, 'Worker.oci.SNAPSHOTTER = "auto"\n'],
  ['[GRPC]\nAddress = ["a", "b"] # c\n', ['grpc', 'address', '1'], '[GRPC]\nAddress = ["a", "auto"] # c\n'],
])('a key is changed where it stands, whatever its case: %j', async (before, key, after) => {
  expect(await set(before, key, 'auto')).toBe(after);
});

test('a new key goes into the table that is there, whatever its case', async () => {
  const text = await set('[Worker.OCI]\nenabled = true\n', SNAPSHOTTER, 'auto');
  expect(text).not.toContain('[worker.oci]');
  const at = release('v0.32.2');
  expect(readConfig(text, { min: at, max: at, text: null }).document).toEqual({
    worker: { oci: { enabled: true, snapshotter: 'auto' } },
  });
});
