import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Step } from '../../src/model/plan.ts';
import { type Built, buildChildren, startChild } from './children.ts';
import { canChangeThings, Ground, sh } from './ground.ts';

const REAL = '/usr/bin/newuidmap';

describe.skipIf(!canChangeThings() || !fs.existsSync(REAL))(
  'the one thing that gets a setuid bit or a capability',
  () => {
    let built: Built;
    beforeAll(async () => {
      built = await buildChildren();
    }, 60_000);
    afterAll(() => built.remove());

    /** A copy stands in for the real helper, in a mount namespace of its own. */
    function prepare(place: string): { ground: Ground; copy: string; under: readonly string[] } {
      const ground = new Ground();
      const copy = `${ground.path}/copy`;
      sh(`cp ${REAL} ${copy}; chmod 755 ${copy}`);
      const mount = `mount -t tmpfs -o mode=755 tmpfs /opt && mkdir -p ${place.replace(/\/[^/]*$/, '')} && touch -a ${place} && mount --bind ${copy} ${place}`;
      return { ground, copy, under: ['unshare', '-m', 'sh', '-c', `${mount} && exec "$@"`, 'sh'] };
    }
    const setMode = (path: string): Step => ({ as: 'root', do: 'mode', path, from: 0o755, to: 0o4755 });
    const setCapability = (path: string): Step => ({
      as: 'root',
      do: 'run',
      argv: ['setcap', 'cap_setuid+ep', path],
      undo: ['setcap', '-r', path],
      why: 'test',
    });

    test('is newuidmap of the package, and undo takes it off again', async () => {
      const { ground, copy, under } = prepare(REAL);
      const context = { permitted: [] };
      const before = ground.fingerprint(copy);
      for (const step of [setMode(REAL), setCapability(REAL)]) {
        const done = await startChild(built, ground, { treatments: [[step]], under, context }).ended;
        expect(done.answers[0], done.stderr).toMatchObject({ result: 'applied', message: null });
        expect(ground.fingerprint(copy)).not.toBe(before);
        const undone = await startChild(built, ground, { undo: true, under, context }).ended;
        expect(undone.answers[0]).toMatchObject({ transactions: [{ result: 'undone' }] });
        expect(ground.fingerprint(copy)).toBe(before);
      }
    });

    test.skipIf(spawnSync('sh', ['-c', 'command -v dpkg-query']).status !== 0)(
      'not one that no package brought',
      async () => {
        const place = '/opt/bin/newuidmap';
        const { ground, copy, under } = prepare(place);
        const before = ground.fingerprint(copy);
        for (const step of [setMode(place), setCapability(place)]) {
          const done = await startChild(built, ground, { treatments: [[step]], under }).ended;
          expect(done.answers[0]).toMatchObject({
            result: 'failed',
            message: expect.stringContaining('it is in no package of this system'),
          });
        }
        expect(ground.fingerprint(copy)).toBe(before);
      },
    );

    const spoiled: [string, string, RegExp][] = [
      ['of another owner', 'chown 5:5', /does not belong to root/],
      ['that others can write', 'chmod 775 $copy; chgrp 5', /can be written by other accounts/],
      ['with another name', 'ln $copy $copy.2; true', /has other names/],
    ];
    test.each(spoiled)('not one %s', async (_, command, why) => {
      const { ground, copy, under } = prepare(REAL);
      sh(`copy=${copy}; ${command} ${copy}`);
      const from = fs.statSync(copy).mode & 0o7777;
      const before = ground.fingerprint(copy);
      for (const step of [{ ...setMode(REAL), from } as Step, setCapability(REAL)]) {
        const done = await startChild(built, ground, { treatments: [[step]], under }).ended;
        expect(done.answers[0]?.message).toMatch(why);
        expect(done.answers[0]?.result).toBe('failed');
      }
      expect(ground.fingerprint(copy)).toBe(before);
    });
  },
);
