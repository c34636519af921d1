import { spawnSync } from 'node:child_process';
import { afterAll, describe, expect, test } from 'vitest';
import { Machine } from './machine.ts';
import { SCENARIOS } from './scenarios/index.ts';
import { type Row, Stage } from './stage.ts';

const TOOLS = ['qemu-system-x86_64', 'qemu-img', 'mmdebstrap', 'mke2fs', 'ssh', 'ssh-keygen', 'setpriv'];
const missing = TOOLS.filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
const rows: Row[] = [];

describe('real machines', () => {
  test('this machine can start others', () => {
    expect(missing).toEqual([]);
    expect(process.getuid?.(), 'images are made as root').toBe(0);
  });

  for (const scenario of SCENARIOS)
    for (const image of scenario.images) {
      // Of the short half each scenario is run in its first image alone.
      const skipped = process.env.MACHINES === 'short' && (scenario.short !== true || image !== scenario.images[0]);
      test.skipIf(missing.length > 0 || skipped)(`${scenario.name} (${image})`, async () => {
        const machine = await Machine.start(image, scenario.options);
        try {
          await scenario.run(new Stage(machine, `${scenario.name} (${image})`, rows));
        } finally {
          machine.close();
        }
      });
    }

  afterAll(() => {
    const agreed = rows.filter(({ agrees }) => agrees).length;
    const lines = rows.map(
      ({ scenario, what, truth, said, agrees }) =>
        `| ${agrees ? '✓' : '✗'} | ${scenario} | ${what} | ${truth} | ${said} |`,
    );
    process.stdout.write(
      `${['', '| | scenario | what | what happens | bk-doctor |', '|---|---|---|---|---|', ...lines, '', `${agreed} of ${rows.length} agree`].join('\n')}\n`,
    );
  });
});
