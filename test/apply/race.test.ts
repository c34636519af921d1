import { type ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openRun } from '../../src/apply/index.ts';
import type { Account } from '../../src/model/look.ts';
import type { Step } from '../../src/model/plan.ts';
import { oneIn } from '../thoroughly.ts';
import { type Built, buildChildren } from './children.ts';
import { canChangeThings, Ground, ROOT, root, sh, sha, treatment } from './ground.ts';

const ATTACKER: Account = { uid: 64401, gid: 64401, groups: [64401], name: null, home: null, shell: null };
const mine = { uid: ATTACKER.uid, gid: ATTACKER.gid };
const ROUNDS = 60 / oneIn(3);

describe.skipIf(!canChangeThings())('directories swapped for links while root works', () => {
  let built: Built;
  const running: ChildProcess[] = [];
  const attackers: string[] = [];
  beforeAll(async () => {
    built = await buildChildren();
  }, 60_000);
  afterAll(() => built.remove());
  afterEach(() => {
    for (const child of running.splice(0)) child.kill('SIGKILL');
    for (const directory of attackers.splice(0)) fs.rmSync(directory, { recursive: true });
  });

  /** The same names in the attacker's home and in a directory of root's. */
  function prepare(): { ground: Ground; home: string; victim: string } {
    const ground = new Ground();
    const home = ground.at('home');
    const victim = `${ground.path}/victim`;
    sh(`mkdir -p ${home}/conf ${victim}/deep; chown 64401:64401 ${home} ${home}/conf; chmod 700 ${victim}
      for i in 1 2 3 4; do echo $i >${victim}/$i; echo $i >${victim}/deep/$i; done
      echo mine >${home}/conf/file; chown 64401:64401 ${home}/conf/file; echo mine >${victim}/file`);
    layOut(home);
    return { ground, home, victim };
  }

  /** The cache as root left it behind: files and a directory of root's below one of the attacker's. */
  function layOut(home: string): void {
    sh(`rm -rf ${home}/cache*; mkdir -p ${home}/cache/sub/deep; chown 64401:64401 ${home}/cache ${home}/cache/sub
      for i in 1 2 3 4; do echo $i >${home}/cache/sub/$i; echo $i >${home}/cache/sub/deep/$i; done`);
  }

  async function attack(victim: string, place: string): Promise<ChildProcess> {
    const script = fileURLToPath(new URL('attacker.mjs', import.meta.url));
    const copy = `${fs.mkdtempSync('/var/tmp/bkd-change-attacker-')}/attacker.mjs`;
    fs.copyFileSync(script, copy);
    fs.chmodSync(dirname(copy), 0o755);
    attackers.push(dirname(copy));
    const child = spawn(process.execPath, [copy, victim, place], {
      uid: ATTACKER.uid,
      gid: ATTACKER.gid,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {},
    });
    running.push(child);
    await new Promise((ready) => child.stdout?.once('data', ready));
    return child;
  }

  const contextOf = (ground: Ground, home: string) =>
    ground.context({
      identity: { self: ROOT, target: { ...ATTACKER, home }, mode: 'rootless', sudoUser: null },
      permitted: [],
      userEntry: built.asUser,
      waitMs: 2000,
    });

  test('the attack is a real one: it takes in whoever goes by the path', { timeout: 30_000 }, async () => {
    const { home, victim } = prepare();
    await attack(victim, `${home}/cache/sub`);
    let taken = 0;
    for (let tries = 0; tries < 200_000 && taken === 0; tries++) {
      try {
        fs.chownSync(`${home}/cache/sub/1`, mine.uid, mine.gid);
      } catch {
        // Between two names.
      }
      taken = fs.statSync(`${victim}/1`).uid;
    }
    expect(taken).toBe(mine.uid);
  });

  const places: [string, (home: string) => string, (victim: string) => string][] = [
    ['inside the tree', (home) => `${home}/cache/sub`, (victim) => victim],
    ['deep inside it', (home) => `${home}/cache/sub/deep`, (victim) => `${victim}/deep`],
    ['the tree itself', (home) => `${home}/cache`, (victim) => `${victim}/..`],
  ];
  test.each(places)('nothing of the victim changes: %s is swapped', { timeout: 180_000 }, async (_, place, aim) => {
    const { ground, home, victim } = prepare();
    sh(`ln -s victim ${ground.path}/sub`);
    const allowed = { uids: [{ start: mine.uid, count: 1 }], gids: [{ start: mine.gid, count: 1 }] };
    const plans: Step[][] = [
      [{ as: 'root', do: 'adopt', tree: `${home}/cache`, allowed, only: null, to: mine }],
      [{ as: 'root', do: 'owner', path: `${home}/cache/sub/2`, from: root, to: mine }],
      [{ as: 'root', do: 'mode', path: `${home}/cache/sub/3`, from: 0o644, to: 0o640 }],
      [{ as: 'root', do: 'owner', path: `${home}/cache/sub/deep`, from: root, to: mine }],
      [{ as: 'root', do: 'owner', path: `${home}/cache/sub/deep/1`, from: root, to: mine }],
    ];
    const before = ground.fingerprint(victim);
    const attacker = await attack(aim(victim), place(home));
    const run = await openRun(contextOf(ground, home));
    let applied = 0;
    for (let round = 0; round < ROUNDS; round++) {
      attacker.kill('SIGSTOP');
      layOut(home);
      attacker.kill('SIGCONT');
      const done = await run.carryOut('test/check', treatment(plans[round % plans.length] ?? []));
      if (done.result === 'applied') applied++;
      expect(ground.fingerprint(victim)).toBe(before);
      // Taking back is done under the same attack.
      if (done.transaction !== null) await run.takeBack(done.transaction);
      expect(ground.fingerprint(victim)).toBe(before);
    }
    await run.close();
    expect(applied).toBeGreaterThan(ROUNDS / 20);
  });

  test('files of the target are edited with no right to the victim', { timeout: 180_000 }, async () => {
    const { ground, home, victim } = prepare();
    const before = ground.fingerprint(victim);
    await attack(victim, `${home}/conf`);
    const run = await openRun(contextOf(ground, home));
    const results = new Set<string>();
    for (let round = 0; round < 24; round++) {
      const step: Step = {
        as: round % 2 === 0 ? 'root' : 'target',
        do: 'edit',
        path: `${home}/conf/file`,
        expects: sha('mine\n'),
        edit: { edit: 'append', line: `line ${round}` },
        mode: 0o644,
        owner: mine,
      };
      const done = await run.carryOut('test/check', treatment([step]));
      results.add(done.result);
      if (done.transaction !== null) await run.takeBack(done.transaction);
    }
    await run.close();
    expect(ground.fingerprint(victim)).toBe(before);
    expect([...results].every((result) => result === 'failed' || result === 'applied')).toBe(true);
  });
});
