import { describe, expect, test } from 'vitest';
import type { TreatmentReport } from '../../src/model/say.ts';
import { penOf } from '../../src/report/pen.ts';
import { stoppedText, treatmentLines } from '../../src/report/treated.ts';
import { commands, everything, layout } from './everything.ts';

const cured: TreatmentReport = {
  check: 'net/ports',
  result: 'cured',
  transaction: '3.1',
  message: null,
  until: null,
  steps: [
    {
      as: 'target',
      do: 'edit',
      path: '/home/u/buildkitd.toml',
      expects: null,
      edit: { edit: 'toml', changes: [{ change: 'set', path: ['grpc', 'address', '0'], value: 'tcp://127.0.0.1:2' }] },
      mode: 0o600,
      owner: { uid: 1, gid: 1 },
    },
    { as: 'target', do: 'mode', path: '/home/u/key.pem', from: 0o644, to: 0o600 },
    { as: 'self', do: 'tell', text: 'Clients must use port 2:\nbuildctl --addr tcp://127.0.0.1:2' },
  ],
  diff: '--- /home/u/buildkitd.toml\n+++ /home/u/buildkitd.toml\n@@ -1,2 +1,2 @@\n [grpc]\n-  address = [ "tcp://127.0.0.1:1" ]\n+  address = [ "tcp://127.0.0.1:2" ]\n',
};
const sections = (...treatments: readonly TreatmentReport[]): string =>
  treatmentLines({ ...everything, treatments }, { verbose: false, commands }, penOf(layout))
    .map((lines) => lines.join('\n'))
    .join('\n\n');

describe('what was repaired', () => {
  test('the files with their changed lines, the other steps in words, what is left to do, and how to undo it', () => {
    expect(sections(cured)).toBe(`✓ cured  net/ports  (3.1)
    /home/u/buildkitd.toml
      -   address = [ "tcp://127.0.0.1:1" ]
      +   address = [ "tcp://127.0.0.1:2" ]
    Change the mode of /home/u/key.pem from 0644 to 0600.

Left for you:
  - Clients must use port 2:
      buildctl --addr tcp://127.0.0.1:2

To undo: bk-doctor undo 3`);
  });
  test('a long change is cut, and says by how much', () => {
    const diff = `--- /f\n+++ /f\n@@ -0,0 +1,40 @@\n${'+line\n'.repeat(40)}`;
    expect(sections({ ...cured, diff })).toContain('    (25 more lines)');
  });
  test('what waits says until when, and what was undone has nothing to undo', () => {
    expect(sections({ ...cured, result: 'pending', until: 'reboot', steps: [] })).toContain(
      '  - net/ports takes effect at the next boot.',
    );
    const undone = sections({ ...cured, result: 'still-failing', message: 'the change was undone' });
    expect(undone).toContain('✗ still failing  net/ports\n  The change was undone.');
    expect(undone).not.toContain('To undo');
  });
});

describe('stopped at a question', () => {
  test('what stays, how to undo it and how to go on', () => {
    expect(stoppedText([cured, { ...cured, result: 'declined', transaction: null }], commands, layout)).toBe(
      `Stopped. These repairs were made and stay:
  3.1 net/ports: grpc.address[0] = "tcp://127.0.0.1:2" in /home/u/buildkitd.toml
To undo them: bk-doctor undo 3
To go on: bk-doctor fix
`,
    );
  });
  test('nothing, where nothing was done', () => {
    expect(stoppedText([], commands, layout)).toBeNull();
  });
});
