import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isRootsOwn } from '../../src/apply/disk/tools.ts';
import { walk } from '../../src/apply/disk/walk.ts';
import { writableComponent } from '../../src/facts/programs/writable-component.ts';
import { writableByOthers } from '../../src/host/looks/run-tool.ts';
import { openHost } from '../../src/host/open.ts';
import { ASK } from '../virtual-host.ts';
import { canChangeThings } from './ground.ts';

/** Below a directory that only root can write, unlike the temporary ones. */
const PLACE = '/var/lib/bkd-trust-test';
const TOOL = `${PLACE}/tools/runc`;
const NOBODYS = 64132;

async function lookSays(): Promise<string | null> {
  const opened = await openHost(ASK, { record: false, replay: null, env: {} });
  const nothing = (): Promise<never> => Promise.reject(new Error('not asked for'));
  return writableComponent({ host: opened.host, request: ASK, get: nothing }, TOOL).finally(() => opened.close());
}
function walkSays(): { readonly trusted: boolean; readonly exclusive: boolean } {
  const { directory, trusted, exclusive } = walk(`${PLACE}/tools`, 0);
  directory.close();
  return { trusted, exclusive };
}

describe.skipIf(!canChangeThings())('who else than root can write is told by every room alike', () => {
  beforeEach(() => {
    fs.mkdirSync(`${PLACE}/tools`, { recursive: true });
    fs.copyFileSync('/bin/true', TOOL);
    fs.chmodSync(TOOL, 0o755);
  });
  afterEach(() => fs.rmSync(PLACE, { recursive: true, force: true }));

  test('a program of root’s is root’s', async () => {
    expect([isRootsOwn(TOOL), writableByOthers(TOOL), await lookSays()]).toEqual([true, null, null]);
    expect(walkSays()).toEqual({ trusted: true, exclusive: true });
  });

  const ways: { readonly [name: string]: readonly [change: () => void, where: string] } = {
    'an access list of the directory, behind group 0': [
      () => execFileSync('setfacl', ['-m', `u:${NOBODYS}:rwx`, `${PLACE}/tools`]),
      `${PLACE}/tools`,
    ],
    'an access list of the file': [() => execFileSync('setfacl', ['-m', `u:${NOBODYS}:rw`, TOOL]), TOOL],
    'the group of the directory': [() => fs.chmodSync(`${PLACE}/tools`, 0o775), `${PLACE}/tools`],
    everybody: [() => fs.chmodSync(TOOL, 0o757), TOOL],
  };
  for (const [name, [change, where]] of Object.entries(ways))
    test(name, async () => {
      change();
      expect([isRootsOwn(TOOL), writableByOthers(TOOL), await lookSays()]).toEqual([false, where, where]);
      if (where !== TOOL) expect(walkSays()).toEqual({ trusted: false, exclusive: false });
    });

  test('an access list that gives nothing more than reading changes nothing', async () => {
    execFileSync('setfacl', ['-m', `u:${NOBODYS}:rx`, `${PLACE}/tools`, TOOL]);
    expect([isRootsOwn(TOOL), writableByOthers(TOOL), await lookSays()]).toEqual([true, null, null]);
  });

  test('a link in a directory that others can write names a program of theirs, whatever it leads to', () => {
    fs.symlinkSync('/bin/true', `${PLACE}/tools/link`);
    expect(writableByOthers(`${PLACE}/tools/link`)).toBeNull();
    fs.chmodSync(`${PLACE}/tools`, 0o775);
    expect(writableByOthers(`${PLACE}/tools/link`)).toBe(`${PLACE}/tools`);
  });
});
