import * as fs from 'node:fs';
import * as net from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stateDirectory } from '../../src/apply/index.ts';
import type { ApplyContext } from '../../src/apply/journal/types.ts';
import type { Account, Owner } from '../../src/model/look.ts';
import type { Step } from '../../src/model/plan.ts';
import { type Built, buildChildren, startChild } from './children.ts';
import { canChangeThings, editStep, Ground, ROOT, root, sh, sha } from './ground.ts';

const ALICE: Account = { uid: 64101, gid: 64101, groups: [64101], name: null, home: null, shell: null };
const alice: Owner = { uid: ALICE.uid, gid: ALICE.gid };
const owner = (path: string, to: Owner = alice, from: Owner = root): Step => ({
  as: 'root',
  do: 'owner',
  path,
  from,
  to,
});
const mode = (path: string, to: number, from = 0o755): Step => ({ as: 'root', do: 'mode', path, from, to });

/** Every refusal leaves all of the ground as it was. */
async function refused(ground: Ground, step: Step, why: RegExp, more: Partial<ApplyContext> = {}): Promise<void> {
  const before = ground.fingerprint();
  const done = await ground.apply([step], more);
  expect(done.message ?? done.result).toMatch(why);
  expect(done).toMatchObject({ result: 'failed', transaction: null });
  expect(ground.fingerprint()).toBe(before);
}

/** A mount namespace in which the system is read-only but for the ground: where a refusal is missing, nothing comes to harm. */
const onlyReading = ({ path }: Ground): readonly string[] => [
  ...['unshare', '--mount', 'sh', '-ec'],
  `mount --make-rprivate /; mount --bind ${path} ${path}
    mount -o remount,bind,ro /; mount --bind /run /run; mount -o remount,bind,ro /run
    exec "$@"`,
  'sh',
];

describe.skipIf(!canChangeThings())('what a change may never do', () => {
  let built: Built;
  beforeAll(async () => {
    built = await buildChildren();
  });
  afterAll(() => built.remove());

  /** A home of alice's; nothing is permitted by a command line. */
  function home(): { ground: Ground; more: Partial<ApplyContext>; home: string } {
    const ground = new Ground();
    const path = ground.at('home', 'alice');
    fs.mkdirSync(path, { recursive: true });
    fs.chownSync(path, alice.uid, alice.gid);
    const identity = { self: ROOT, target: { ...ALICE, home: path }, mode: 'rootless', sudoUser: null } as const;
    return { ground, home: path, more: { permitted: [], identity } };
  }

  test('nothing at all at a path whose names cannot be seen, or that is longer than a path can be', async () => {
    const { ground, more, home: own } = home();
    for (const name of ['line\n', 'bell\u0007', 'c1\u009b', 'rlo\u202etxt', 'zero\u200bwidth', 'tag\u{e0041}']) {
      fs.mkdirSync(`${own}/${name}`);
      fs.writeFileSync(`${own}/${name}/f`, 'x\n');
      const path = `${own}/${name}/f`;
      for (const step of [
        owner(path),
        mode(path, 0o600, 0o644),
        editStep(path, 'x\n', 'y\n'),
        { as: 'root', do: 'remove', path, expects: sha('x\n') } as Step,
        { as: 'root', do: 'directory', path: `${own}/${name}/d`, mode: 0o700, owner: alice } as Step,
        {
          as: 'root',
          do: 'adopt',
          tree: `${own}/${name}`,
          allowed: { uids: [], gids: [] },
          only: [0],
          to: alice,
        } as Step,
      ])
        await refused(ground, step, /has a name with characters that cannot be seen/, more);
      const run: Step = { as: 'root', do: 'run', argv: ['/bin/true', name], undo: null, why: 'test' };
      await refused(ground, run, /has characters that cannot be seen/, more);
    }
    await refused(ground, owner(`${own}${'/a'.repeat(3000)}`), /is too long/, more);
  });

  describe('root changes owner and mode only in the places that are meant', () => {
    test('not elsewhere', async () => {
      const { ground, more } = home();
      const path = ground.at('elsewhere');
      fs.mkdirSync(path);
      fs.chmodSync(path, 0o755);
      await refused(ground, owner(path), /root does not change the owner or mode/, more);
      await refused(ground, mode(path, 0o700), /root does not change the owner or mode/, more);
      await refused(
        ground,
        { as: 'root', do: 'directory', path: `${path}/x`, mode: 0o700, owner: alice },
        /root does not write/,
        more,
      );
      await refused(ground, editStep(`${path}/x`, null, ''), /root does not write/, more);
      const adopt: Step = {
        as: 'root',
        do: 'adopt',
        tree: path,
        allowed: { uids: [], gids: [] },
        only: null,
        to: alice,
      };
      await refused(ground, adopt, /root does not change the owner or mode/, more);
    });

    test('not in the system directories, whoever named them', async () => {
      const { ground, more } = home();
      const owners = ['/etc', '/etc/passwd', '/etc/sysctl.d', '/usr/bin/newuidmap', '/', '/run', '/var/lib', '/home'];
      const files = ['/etc/cron.d/x', '/etc/passwd', '/root/.bashrc', '/usr/bin/x'];
      const cases: [Step, RegExp][] = [
        ...owners.map((path): [Step, RegExp] => [
          owner(path),
          /root does not change the owner or mode|root directory itself/,
        ]),
        ...files.map((path): [Step, RegExp] => [editStep(path, null, ''), /root does not write/]),
        [{ as: 'root', do: 'directory', path: '/etc/buildkit/x', mode: 0o700, owner: alice }, /does not write/],
        [editStep('/etc/buildkit', null, '', { owner: alice } as Partial<Step>), /does not write/],
      ];
      const before = ground.fingerprint();
      const { answers } = await startChild(built, ground, {
        treatments: cases.map(([step]) => [step]),
        context: more,
        under: onlyReading(ground),
      }).ended;
      cases.forEach(([, why], index) => {
        expect(answers[index]).toMatchObject({
          result: 'failed',
          transaction: null,
          message: expect.stringMatching(why),
        });
      });
      expect(ground.fingerprint()).toBe(before);
    });

    test('not the home itself, and nothing below one that somebody else owns', async () => {
      const { ground, more, home: path } = home();
      fs.mkdirSync(`${path}/cache`);
      await refused(ground, owner(path, root, alice), /root does not change the owner or mode/, more);
      fs.chownSync(path, 64102, 64102);
      await refused(ground, owner(`${path}/cache`), /root does not change the owner or mode/, more);
    });

    test('but below the home', async () => {
      const { ground, more, home: path } = home();
      fs.mkdirSync(`${path}/cache`);
      expect(await ground.apply([owner(`${path}/cache`)], more)).toMatchObject({ result: 'applied' });
      expect(fs.statSync(`${path}/cache`).uid).toBe(alice.uid);
    });

    test('and never by way of ".."', async () => {
      const { ground, more, home: path } = home();
      await refused(ground, owner(`${path}/../../etc`), /not a plain absolute path/, more);
    });
  });

  describe('links, devices and other names', () => {
    test('no link on the way is followed where somebody else can make one', async () => {
      const { ground, more, home: path } = home();
      fs.mkdirSync(ground.at('victim', 'cache'), { recursive: true });
      fs.symlinkSync(ground.at('victim'), `${path}/way`);
      await refused(
        ground,
        owner(`${path}/way/cache`),
        /symbolic link in a directory that another account can write/,
        more,
      );
      await refused(ground, mode(`${path}/way/cache`, 0o777 - 0o2), /symbolic link/, more);
    });

    test('no link at the end is followed, not even in a directory of root', async () => {
      const ground = new Ground();
      fs.symlinkSync('/etc/hostname', ground.at('link'));
      fs.symlinkSync('/nix/store/abc-conf', ground.at('managed'));
      await refused(
        ground,
        editStep(ground.at('link'), null, 'x'),
        /is a link to \/etc\/hostname, which is not followed/,
      );
      await refused(
        ground,
        editStep(ground.at('managed'), null, 'x'),
        /the system's own configuration makes: change it there/,
      );
      await refused(ground, owner(ground.at('link')), /symbolic link/);
      await refused(ground, mode(ground.at('link'), 0o600, 0o777), /symbolic link/);
      await refused(ground, { as: 'root', do: 'remove', path: ground.at('link'), expects: sha('') }, /is a link/);
    });

    test('a link that root alone can have made is followed on the way', async () => {
      const ground = new Ground();
      fs.mkdirSync(ground.at('real'));
      fs.symlinkSync('real', ground.at('short'));
      fs.symlinkSync('loop', ground.at('loop'));
      // /var/tmp is sticky: links in it are not root's alone, links below a directory of root's are.
      const done = await ground.apply([editStep(ground.at('short', 'f'), null, 'x')]);
      expect(done).toMatchObject({ result: 'applied' });
      expect(fs.readFileSync(ground.at('real', 'f'), 'utf8')).toBe('x');
      const looped = await ground.apply([editStep(ground.at('loop', 'f'), null, 'x')]);
      expect(looped.message).toMatch(/too many symbolic links/);
    });

    test('FIFOs, sockets and devices where files should be neither hang nor change', async () => {
      const ground = new Ground();
      sh(`cd ${ground.tree}; mkfifo fifo; mknod null c 1 3; mknod disk b 7 0; mkdir directory`);
      const server = net.createServer().listen(ground.at('socket'));
      await new Promise((listening) => server.once('listening', listening));
      for (const name of ['fifo', 'null', 'disk', 'directory', 'socket']) {
        await refused(ground, editStep(ground.at(name), null, 'x'), /is not a regular file/);
        await refused(
          ground,
          { as: 'root', do: 'remove', path: ground.at(name), expects: sha('') },
          /is not a regular file/,
        );
      }
      for (const name of ['null', 'disk']) {
        await refused(ground, owner(ground.at(name)), /is a device/);
        await refused(ground, mode(ground.at(name), 0o600, 0o644), /is a device/);
      }
      await refused(ground, mode(ground.at('socket'), 0o666, 0o755), /not made writable for every account/);
      server.close();
    });

    test('a file with other names is left alone', async () => {
      const ground = new Ground();
      const file = ground.write('outside', 'secret');
      fs.linkSync(file, ground.at('inside'));
      await refused(ground, editStep(ground.at('inside'), 'secret', 'x'), /has other names/);
      await refused(ground, owner(ground.at('inside')), /has other names/);
      await refused(ground, mode(ground.at('inside'), 0o600, 0o644), /has other names/);
    });

    test('a file is not written in a directory that another account can write', async () => {
      const { ground, more } = home();
      const path = ground.at('open');
      fs.mkdirSync(path);
      fs.chmodSync(path, 0o777);
      fs.writeFileSync(`${path}/f`, 'x');
      // Given on the command line, it is root's wish; known otherwise, it is not.
      const permitted = { ...more, identity: { self: ROOT, target: ROOT, mode: 'rootful', sudoUser: null } as const };
      await refused(ground, editStep(`${path}/f`, 'x', 'y'), /root does not write/, permitted);
      const own = { ...permitted, identity: { ...permitted.identity, target: { ...ROOT, home: ground.tree } } };
      await refused(ground, editStep(`${path}/f`, 'x', 'y'), /another account can write the directory/, own);
    });
  });

  describe('privilege', () => {
    test('no setuid bit but on a newuidmap or newgidmap of root, from a package, below directories of root', async () => {
      const ground = new Ground();
      const cases: [string, (path: string) => void, RegExp][] = [
        ['other', () => {}, /is not newuidmap or newgidmap/],
        ['newuidmap', () => {}, /another account than root can write/],
      ];
      for (const [name, prepare, why] of cases) {
        const path = ground.write(name, '#!', 0o755);
        prepare(path);
        await refused(ground, mode(path, 0o4755), why);
      }
      await refused(ground, mode(ground.at('newuidmap'), 0o2755), /setgid bit/);
      const setcap = (path: string): Step => ({
        as: 'root',
        do: 'run',
        argv: ['/usr/sbin/setcap', 'cap_setuid+ep', path],
        undo: null,
        why: 'test',
      });
      await refused(ground, setcap(ground.at('newuidmap')), /no file capability is given here/);
      await refused(ground, setcap(ground.at('other')), /is not newuidmap or newgidmap/);
    });

    test('changing the owner never drops a setuid bit or a file capability: such files are refused', async () => {
      const ground = new Ground();
      await refused(ground, owner(ground.write('suid', 'x', 0o4755)), /has a setuid or setgid bit/);
      const file = ground.write('caps', 'x', 0o755);
      sh(`setcap cap_net_raw+ep ${file}`);
      await refused(ground, owner(file), /has file capabilities/);
      await refused(ground, editStep(ground.at('suid'), 'x', 'y'), /has a setuid or setgid bit/);
    });

    test('nothing becomes writable for every account', async () => {
      const ground = new Ground();
      await refused(ground, mode(ground.write('f', '', 0o644), 0o666, 0o644), /not made writable for every account/);
      await refused(
        ground,
        editStep(ground.at('new'), null, '', { mode: 0o666 } as Partial<Step>),
        /not made with the mode 666/,
      );
      await refused(
        ground,
        editStep(ground.at('new'), null, '', { mode: 0o4755 } as Partial<Step>),
        /not made with the mode/,
      );
      await refused(
        ground,
        { as: 'root', do: 'directory', path: ground.at('d'), mode: 0o777, owner: root },
        /not made with the mode/,
      );
    });

    test('root runs nothing that another account can change, no shell, no sudo, and looks at no PATH', async () => {
      const ground = new Ground();
      const run = (...argv: string[]): Step => ({ as: 'root', do: 'run', argv, undo: null, why: 'test' });
      const program = ground.write('bin/tool', '#!/bin/sh\ntouch owned\n', 0o755);
      const more = { environment: { PATH: `${ground.at('bin')}:/usr/bin` } };
      await refused(ground, run('tool'), /is not installed here/, more);
      fs.chownSync(program, 64101, 64101);
      await refused(ground, run(program), /another account can change it/, more);
      await refused(ground, run('./tool'), /is not installed here/, more);
      for (const name of ['sudo', '/bin/sh', 'setenforce', 'chmod', '/usr/bin/chown', 'env'])
        await refused(ground, run(name, '-x'), /is never run by a fix/, more);
    });

    test('its own tools come from the system, whatever PATH says', async () => {
      const ground = new Ground();
      const file = ground.write('f', 'a');
      fs.mkdirSync(`${ground.path}/bin`, { mode: 0o777 });
      for (const name of ['cp', 'flock', 'getfattr', 'getcap', 'setpriv', 'true', 'dpkg-query'])
        fs.writeFileSync(`${ground.path}/bin/${name}`, `#!/bin/sh\ntouch ${ground.path}/ran-${name}\n`, {
          mode: 0o755,
        });
      const before = process.env.PATH;
      process.env.PATH = `${ground.path}/bin:${before}`;
      try {
        const run: Step = { as: 'root', do: 'run', argv: ['true'], undo: null, why: 'test' };
        fs.chmodSync(ground.write('x', '', 0o755), 0o755);
        const steps = [editStep(file, 'a', 'b'), run, owner(ground.at('x'))];
        expect(await ground.apply(steps)).toMatchObject({ result: 'applied', message: null });
      } finally {
        process.env.PATH = before;
      }
      expect(fs.readdirSync(ground.path).filter((name) => name.startsWith('ran-'))).toEqual([]);
    });

    test('nor on a path that another account can lead elsewhere', async () => {
      const { ground, more, home: path } = home();
      sh(`mkdir ${path}/cache ${ground.at('victim')}; ln -s ${ground.at('victim')} ${path}/way`);
      const run = (...argv: string[]): Step => ({ as: 'root', do: 'run', argv, undo: null, why: 'test' });
      for (const word of [`${path}/cache`, `${path}/way`, `${path}/way/x`, `--reference=${path}/cache`])
        await refused(ground, run('touch', word), /is not run as root on .*: another account can change/, more);
      const undo = { ...run('true'), undo: ['rm-like', `${path}/cache`] } as Step;
      await refused(ground, undo, /is not run as root on/, more);
    });

    test('the journal has to be a directory of its own', async () => {
      const ground = new Ground();
      fs.mkdirSync(ground.state);
      fs.chownSync(ground.state, 64101, 64101);
      await expect(ground.apply([editStep(ground.at('x'), null, '')])).rejects.toThrow(
        /journal cannot be at .*: another account can write that directory/,
      );
      fs.chownSync(ground.state, 0, 0);
      fs.chmodSync(ground.state, 0o1777);
      await expect(ground.apply([editStep(ground.at('x'), null, '')])).rejects.toThrow(
        /other accounts can write there/,
      );
      fs.rmdirSync(ground.state);
      fs.symlinkSync(ground.tree, ground.state);
      const step = editStep(ground.at('x'), null, '');
      // Root made that link, in a directory of root's: it is followed, and still only root can write there.
      expect(await ground.apply([step])).toMatchObject({ result: 'applied' });
      expect(fs.statSync(ground.at('runs')).mode & 0o777).toBe(0o700);
    });

    test('its place is root’s, or below the account’s own state directory', () => {
      expect(stateDirectory(ROOT, { XDG_STATE_HOME: '/home/alice/state' })).toBe('/var/lib/bk-doctor');
      const account = { ...ALICE, home: '/home/alice' };
      expect(stateDirectory(account, { XDG_STATE_HOME: '/x/' })).toBe('/x/bk-doctor');
      expect(stateDirectory(account, { XDG_STATE_HOME: 'relative' })).toBe('/home/alice/.local/state/bk-doctor');
      expect(stateDirectory(ALICE, {})).toBeNull();
    });
  });

  describe('what changed since the plan is left alone', () => {
    test('content, existence, owner, mode and kernel values', async () => {
      const ground = new Ground();
      const file = ground.write('f', 'now');
      await refused(ground, editStep(file, 'then', 'x'), /no longer what the plan saw/);
      await refused(ground, editStep(file, null, 'x'), /exists by now/);
      await refused(ground, editStep(ground.at('gone'), 'then', 'x'), /was removed since/);
      await refused(
        ground,
        { as: 'root', do: 'remove', path: file, expects: sha('then') },
        /no longer what the plan saw/,
      );
      await refused(ground, owner(file, alice, { uid: 3, gid: 3 }), /belongs to 0:0 by now/);
      await refused(ground, mode(file, 0o600, 0o640), /has the mode 644 by now/);
      const key = 'kernel.pid_max';
      await refused(
        ground,
        { as: 'root', do: 'sysctl', key, from: '1', to: '2' },
        /kernel.pid_max is \d+ by now, not 1/,
      );
      fs.mkdirSync(ground.at('d'));
      await refused(
        ground,
        { as: 'root', do: 'directory', path: ground.at('d'), mode: 0o700, owner: alice },
        /exists by now/,
      );
      const line = { ...editStep(file, 'then', ''), edit: { edit: 'replace-line', line: 'a', by: 'b' } } as Step;
      await refused(ground, line, /no longer what the plan saw/);
    });

    test('a sysctl key is a key', async () => {
      const ground = new Ground();
      for (const key of ['../../etc/passwd', 'kernel', 'kernel./../x', 'a.b\nc', 'kernel.nosuch'])
        await refused(
          ground,
          { as: 'root', do: 'sysctl', key, from: '1', to: '2' },
          /is not a sysctl key|no longer there|is not one value|not a directory/,
        );
      await refused(
        ground,
        { as: 'root', do: 'sysctl', key: 'kernel.pid_max', from: '1', to: '2\n3' },
        /is not one value/,
      );
    });
  });
});
