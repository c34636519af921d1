import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { rightsOf } from '../../src/apply/disk/places.ts';
import { createLook } from '../../src/examine/look.ts';
import { rights } from '../../src/facts/rights/rights.ts';
import { openHost } from '../../src/host/open.ts';
import { ASK } from '../virtual-host.ts';
import { canChangeThings, Ground } from './ground.ts';

const ids = { uid: 64131, gid: 64131 };

/** What the plan takes for the account's own, and what the apply room does, of the same real directories. */
async function both(home: string): Promise<readonly [plan: string | null, apply: string | null]> {
  const opened = await openHost(ASK, { record: false, replay: null, env: { PATH: '/usr/bin:/bin' } });
  try {
    const { self } = opened.host.identity;
    const target = { ...ids, groups: [ids.gid], name: 'alice', home, shell: '/bin/sh' };
    // Looks as root in both, since the account does not exist here.
    const host = Object.assign(Object.create(opened.host), { identity: { ...opened.host.identity, target } });
    const plan = await createLook({ host, request: { ...ASK, probe: false } }).get(rights);
    return [plan.home, rightsOf({ uid: self.uid, target, permitted: [] }).home];
  } finally {
    await opened.close();
  }
}

describe.skipIf(!canChangeThings())('plan and apply take the same home for the account’s', () => {
  const cases: readonly (readonly [string, boolean, (ground: Ground) => string])[] = [
    ['its own', true, (ground) => made(ground.at('home'))],
    ['root’s', false, (ground) => made(ground.at('home'), 0)],
    ['missing', false, (ground) => ground.at('nowhere')],
    ['a file', false, (ground) => own(ground.write('home', ''))],
    ['behind a link of root’s', true, (ground) => linked(ground, 0o755)],
    ['behind a link where everybody may lay one', false, (ground) => linked(ground, 0o1777)],
    ['behind a link where a group may lay one', false, (ground) => linked(ground, 0o775)],
  ];
  for (const [name, counts, prepare] of cases)
    test(name, async () => {
      const home = prepare(new Ground());
      const expected = counts ? home : null;
      expect(await both(home)).toEqual([expected, expected]);
    });
});

function own(path: string, uid = ids.uid): string {
  fs.chownSync(path, uid, uid);
  return path;
}
function made(path: string, uid = ids.uid): string {
  fs.mkdirSync(path);
  return own(path, uid);
}
function linked(ground: Ground, mode: number): string {
  made(ground.at('real'));
  fs.mkdirSync(ground.at('way'));
  fs.symlinkSync(ground.at('real'), ground.at('way', 'home'));
  fs.chmodSync(ground.at('way'), mode);
  return ground.at('way', 'home');
}
