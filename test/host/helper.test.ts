import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Budget } from '../../src/host/budget.ts';
import { Remote } from '../../src/host/remote.ts';
import { canMakeWorlds } from '../e2e/world.ts';

const possible = canMakeWorlds();

describe.skipIf(!possible)('looking as another account', () => {
  const account = { uid: 54_321, gid: 54_321, groups: [54_321], name: null, home: null, shell: null };
  let at: string;
  let remote: Remote;
  beforeAll(() => {
    at = fs.mkdtempSync('/var/tmp/bkd-helper-');
    fs.chmodSync(at, 0o755);
    remote = new Remote(account, new Budget(60_000));
  });
  afterAll(() => {
    remote.close();
    spawnSync('umount', ['-l', join(at, 'hanging')]);
    fs.rmSync(at, { recursive: true, force: true });
  });

  test('it has that account, no other groups, no terminal and none of our environment', async () => {
    const status = (await remote.call({ verb: 'read', args: ['/proc/self/status'] })) as { text: string };
    expect(status.text).toMatch(/^Uid:\s+54321\s+54321\s+54321\s+54321$/m);
    expect(status.text).toMatch(/^Groups:\s+54321\s*$/m);
    expect(status.text).toMatch(/^CapEff:\s+0+$/m);
    const pid = /^Pid:\s+(\d+)$/m.exec(status.text)?.[1];
    expect(fs.readFileSync(`/proc/${pid}/environ`, 'utf8')).toBe('');
    const [, , , , session, terminal] = fs
      .readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '0 ')
      .split(' ');
    expect([session, terminal]).toEqual([pid, '0']);
  });

  test('what root can read and the account cannot is unseen', async () => {
    fs.writeFileSync(join(at, 'secret'), 'x', { mode: 0o600 });
    await expect(remote.call({ verb: 'read', args: [join(at, 'secret')] })).rejects.toThrow(/permission denied/);
    await expect(remote.call({ verb: 'read', args: [join(at, 'nothing')] })).resolves.toBeNull();
    await expect(remote.call({ verb: 'access', args: [join(at, 'secret'), 'r'] })).resolves.toBe(false);
  });

  test('a look that hangs is given up, and the looks behind it are still answered', { timeout: 15_000 }, async () => {
    // A stopped process answers nothing, as a dead file server would.
    const stuck = new Remote(account, new Budget(60_000));
    const first = (await stuck.call({ verb: 'read', args: ['/proc/self/stat'] })) as { text: string };
    const pid = Number(first.text.split(' ')[0]);
    process.kill(pid, 'SIGSTOP');
    const hanging = stuck.call({ verb: 'stat', args: ['/etc/passwd'] });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const waiting = stuck.call({ verb: 'stat', args: ['/etc/group'] });
    await expect(hanging).rejects.toThrow(/did not answer within \d+(\.\d)? seconds/);
    await expect(waiting).resolves.toMatchObject({ kind: 'file' });
    expect(fs.existsSync(`/proc/${pid}/exe`)).toBe(false);
    stuck.close();
  });
});
