import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { some } from '../thoroughly.ts';
import { canMakeWorlds, World } from './world.ts';

const BIN = new URL('../../bin/bk-doctor.js', import.meta.url).pathname;
const UNIT = '.config/systemd/user/buildkit.service';
const TOML = '.config/buildkit/buildkitd.toml';
const START = 'ExecStart=/usr/bin/rootlesskit /usr/local/bin/buildkitd';

/** Files of the target's that once kept root's own process busy for minutes, or took gigabytes. */
const excesses: { readonly [name: string]: readonly [file: string, text: string] } = {
  'a state directory of fifty thousand components': [TOML, `root = "/${'a/'.repeat(50_000)}"\n`],
  'twenty thousand addresses': [
    TOML,
    `[grpc]\naddress = [${Array.from({ length: 20_000 }, (_, at) => `"unix:///run/user/4242/${at}"`).join()}]\n`,
  ],
  'keys of nine hundred parts': [TOML, `${Array.from({ length: 900 }, () => 'a').join('.')}=1\n`.repeat(500)],
  'a configuration of many megabytes': [TOML, `# ${'x'.repeat(20_000_000)}\n`],
  'half a million brackets': [TOML, `a = ${'['.repeat(500_000)}\n`],
  'sixty thousand lines of Environment': [UNIT, `[Service]\n${'Environment=A=B\n'.repeat(60_000)}${START}\n`],
  'a quarter of a million options': [UNIT, `[Service]\n${START} ${'--a '.repeat(250_000)}\n`],
  'ten thousand words in one variable': [UNIT, `[Service]\nEnvironment=${'A=B '.repeat(10_000)}\n${START}\n`],
  'a PATH of sixty thousand directories': [UNIT, `[Service]\nEnvironment=PATH=${':/x'.repeat(60_000)}\n${START}\n`],
  'a HOME of fifty thousand components': [UNIT, `[Service]\nEnvironment=HOME=/${'a/'.repeat(50_000)}\n${START}\n`],
};

describe.skipIf(!canMakeWorlds())('more than anybody writes', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
    world.script("su -s /bin/sh alice -c 'mkdir -p ~/.config/buildkit ~/.config/systemd/user ~/bin'");
    fs.writeFileSync(
      join(world.scratch, 'peak.cjs'),
      `process.on('exit', () => require('fs').writeFileSync('${world.scratch}/peak', String(process.resourceUsage().maxRSS)))`,
    );
  });
  afterEach(() => world.close());

  function put(file: string, text: string): void {
    fs.writeFileSync(join(world.scratch, 'text'), text);
    world.script(`cp ${world.scratch}/text ${world.home}/${file}; chown alice: ${world.home}/${file}`);
  }
  function check(): { readonly code: number | null; readonly text: string; readonly peakMiB: number } {
    const args = ['--require', join(world.scratch, 'peak.cjs'), BIN, 'check', '--user', world.user];
    const { code, stdout, stderr } = world.asRoot([process.execPath, ...args], { timeout: 55_000 });
    const peakMiB = Number(fs.readFileSync(join(world.scratch, 'peak'), 'utf8')) / 1024;
    return { code, text: `${stdout}${stderr}`, peakMiB };
  }

  for (const [name, [file, text]] of some(3, Object.entries(excesses)))
    test(`${name}: unknown within a minute and half a gigabyte`, { timeout: 120_000 }, () => {
      put(file, text);
      const { code, text: said, peakMiB } = check();
      expect([1, 3], said).toContain(code);
      if (name !== 'half a million brackets')
        expect(said.replace(/\s+/g, ' ')).toContain('more than bk-doctor looks at');
      expect(peakMiB).toBeLessThan(500);
    });

  test('a hundred and fifty units of three thousand drop-ins each', { timeout: 120_000 }, () => {
    world.script(`su -s /bin/sh alice -c 'cd ~/.config/systemd/user; mkdir drop; echo "[Service]" >a
      for i in $(seq 3000); do ln a drop/$i.conf; done
      for i in $(seq 150); do printf "[Service]\\nExecStart=/usr/local/bin/buildkitd\\n" >b$i.service; ln -s drop b$i.service.d; done'`);
    const { code, text, peakMiB } = check();
    expect([1, 3], text).toContain(code);
    expect(text.replace(/\s+/g, ' ')).toContain('are more than 2000 files, which is more than bk-doctor looks at');
    expect(peakMiB).toBeLessThan(500);
  });

  test("megabytes of words from the target's own rootlesskit", { timeout: 120_000 }, () => {
    put(
      'bin/rootlesskit',
      '#!/bin/sh\nprintf "ready\\tok\\000overlay\\tfail "; head -c 5000000 /dev/zero | tr "\\000" a; printf "\\000"\n',
    );
    world.script(`chmod 755 ${world.home}/bin/rootlesskit`);
    put(UNIT, `[Service]\n${START.replace('/usr/bin/rootlesskit', `${world.home}/bin/rootlesskit`)}\n`);
    const { code, text, peakMiB } = check();
    expect([1, 3], text).toContain(code);
    expect(text.length).toBeLessThan(200_000);
    expect(peakMiB).toBeLessThan(500);
  });

  test.each([
    ['a directory of root', '/etc/closed'],
    ['a directory of root in their home', '/home/alice/closed'],
    ['their whole home', '/home/alice'],
  ])('what is closed to the target is not named: %s', { timeout: 120_000 }, (_, root) => {
    world.script(`for at in /etc/closed ${world.home}/closed; do
      mkdir -m 700 $at; mkdir $at/.inner; touch $at/.inner/names-nobody-may-know $at/payroll-of-root; done`);
    put(TOML, `root = "${root}"\n[grpc]\naddress = ["unix:///etc/closed/.inner/socket"]\n`);
    const args = [process.execPath, BIN, 'check', '-v', '--json', '--user', world.user];
    const { code, stdout } = world.asRoot(args, { timeout: 55_000 });
    expect([1, 3]).toContain(code);
    expect(stdout).not.toMatch(/names-nobody-may-know|payroll-of-root/);
  });
});
