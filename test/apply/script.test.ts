import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { script } from '../../src/apply/index.ts';
import type { CheckTreatment } from '../../src/apply/journal/types.ts';
import type { ScriptFor } from '../../src/apply/script/made-for.ts';
import type { Account, Reading, Stat } from '../../src/model/look.ts';
import type { Step } from '../../src/model/plan.ts';
import { isVisible } from '../../src/text/visible.ts';
import { oneIn } from '../thoroughly.ts';
import { VirtualHost } from '../virtual-host.ts';
import { canChangeThings, editStep, Ground, ROOT, root, sh, sha, treatment } from './ground.ts';

/** An account that every Debian has: with a name, and a home that it does not own. */
const DAEMON: Account = { uid: 1, gid: 1, groups: [1], name: 'daemon', home: '/usr/sbin', shell: null };
const ALICE: Account = { uid: 64601, gid: 64601, groups: [64601], name: null, home: null, shell: null };
const alice = { uid: ALICE.uid, gid: ALICE.gid };
const SHELLS = ['dash', 'bash', 'busybox'].filter((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0);

/** This machine, as root sees it. */
class Disk extends VirtualHost {
  #look(path: string, how: typeof fs.lstatSync): Stat | null {
    const stat = how(path, { throwIfNoEntry: false });
    if (stat === undefined) return null;
    const { uid, gid, size, nlink, ino, dev, mtimeMs } = stat;
    const kind = stat.isDirectory() ? 'directory' : stat.isSymbolicLink() ? 'symlink' : 'file';
    return { kind, mode: Number(stat.mode) & 0o7777, uid, gid, size, nlink, ino, dev, mtimeMs } as Stat;
  }
  override async stat(path: string): Promise<Stat | null> {
    return this.#look(path, fs.statSync as typeof fs.lstatSync);
  }
  override async lstat(path: string): Promise<Stat | null> {
    return this.#look(path, fs.lstatSync);
  }
  override async readlink(path: string): Promise<string | null> {
    return fs.readlinkSync(path);
  }
  override async read(path: string): Promise<Reading | null> {
    if (!fs.existsSync(path)) return null;
    const text = fs.readFileSync(path, 'utf8');
    return { text, digest: sha(text), utf8: true };
  }
}
const BIN = new URL('../../bin/bk-doctor.js', import.meta.url).pathname;
function madeFor(ground: Ground, target: Account = ROOT, named: readonly string[] = [ground.tree]): ScriptFor {
  const host = new Disk({ self: ROOT, target, mode: target.uid === 0 ? 'rootful' : 'rootless' });
  const doctor = { program: [process.execPath, BIN], flags: ['--user', String(target.uid)] };
  return { host, rights: { uid: target.uid, home: target.home, named }, doctor };
}
/** Each step in a treatment of its own, so that what is said of one does not speak for another. */
const scriptFor = (
  ground: Ground,
  steps: readonly Step[],
  target?: Account,
  named?: readonly string[],
): Promise<string> =>
  script(
    steps.map((step) => ({ check: 'test/check', treatment: treatment([step]) })),
    madeFor(ground, target, named),
  );

/** As the system's own shell: in a mount namespace of its own, in which /bin/sh is that one. */
function runScript(text: string, shell = 'sh', more: { env?: NodeJS.ProcessEnv; before?: string } = {}) {
  const mount = shell === 'sh' ? '' : `mount --bind "$(command -v ${shell})" "$(readlink -f /bin/sh)"`;
  const inside = ['--mount', 'sh', '-c', `${mount}\n${more.before ?? ''}\nexec "$@"`, 'sh', '/bin/sh', '-s'];
  return spawnSync('unshare', inside, {
    input: text,
    encoding: 'utf8',
    env: more.env ?? { PATH: process.env.PATH ?? '' },
    cwd: '/',
  });
}
/** Without the times of files, which a script gives anew. */
const shape = (ground: Ground): string =>
  ground
    .fingerprint()
    .replace(/ \d{19}$/gm, '')
    .replaceAll(ground.path, '');

describe.skipIf(!canChangeThings())('the script for an administrator', () => {
  function prepare({ uid, gid, name }: Account = ALICE): { ground: Ground; steps: readonly Step[]; target: Account } {
    const ground = new Ground();
    const home = ground.at('home');
    fs.mkdirSync(home);
    const own = { uid, gid };
    fs.chownSync(home, uid, gid);
    const toml = '# mine\n[worker.oci]\nsnapshotter = "overlay2"\n';
    const mine = ground.write('home/buildkitd.toml', toml, 0o600);
    fs.chownSync(mine, uid, gid);
    const list = ground.write('list', 'a:1:2');
    const keep = ground.write('keep', 'old\nlines\n', 0o640);
    sh(`setfattr -n user.note -v kept ${keep}; chown 12:34 ${keep}`);
    const old = ground.write('old', 'x\n');
    fs.mkdirSync(ground.at('dir'), { mode: 0o755 });
    const line = (edit: object, path: string, text: string): Step => ({ ...editStep(path, text, ''), edit }) as Step;
    return {
      ground,
      target: { ...ALICE, uid, gid, name, home },
      steps: [
        editStep(ground.at('new.conf'), null, 'a = 1\nb = 2\n', {
          mode: 0o600,
          owner: { uid: 5, gid: 6 },
        } as Partial<Step>),
        line({ edit: 'append', line: 'b:3:4' }, list, 'a:1:2'),
        line({ edit: 'replace-line', line: 'lines', by: 'words' }, keep, 'old\nlines\n'),
        {
          ...editStep(mine, toml, ''),
          as: 'target',
          owner: own,
          edit: {
            edit: 'toml',
            changes: [{ change: 'set', path: ['worker', 'oci', 'snapshotter'], value: 'overlayfs' }],
          },
        } as Step,
        { as: 'root', do: 'directory', path: ground.at('made', 'deep'), mode: 0o711, owner: root },
        { as: 'target', do: 'directory', path: `${home}/made`, mode: 0o700, owner: own },
        { as: 'root', do: 'remove', path: old, expects: sha('x\n') },
        { as: 'root', do: 'owner', path: ground.at('dir'), from: root, to: own },
        { as: 'root', do: 'mode', path: ground.at('dir'), from: 0o755, to: 0o700 },
        { as: 'root', do: 'tell', text: "it's done; $(touch /tmp/never)" },
      ],
    };
  }

  test.each(SHELLS)('does what applying does, and nothing more when run again: %s', async (shell) => {
    // busybox has a cp and a setpriv of its own, which cannot do what is asked of them here.
    const isBusybox = shell === 'busybox';
    const account = isBusybox ? DAEMON : ALICE;
    const isBeyond = (step: Step): boolean => step.do === 'edit' && step.expects !== null;
    const wantedOf = (steps: readonly Step[]) => steps.filter((step) => !isBusybox || !isBeyond(step));
    const applied = prepare(account);
    const identity = { self: ROOT, target: applied.target, mode: 'rootless', sudoUser: null } as const;
    // As the target in this very process: that the script does it as the target is tested below.
    const asRoot = wantedOf(applied.steps).map((step) =>
      step.as === 'target' ? { ...step, as: 'root' as const } : step,
    );
    expect(await applied.ground.apply(asRoot, { identity })).toMatchObject({ result: 'applied', message: null });
    const wanted = shape(applied.ground);

    const { ground, steps, target } = prepare(account);
    const text = await scriptFor(ground, wantedOf(steps), target);
    const first = runScript(text, shell);
    expect(first.stderr).toBe('');
    expect(first.status).toBe(0);
    expect(shape(ground)).toBe(wanted);
    expect(first.stdout).toContain("it's done; $(touch /tmp/never)");
    const before = ground.fingerprint();
    const second = runScript(text, shell);
    expect([second.status, second.stderr]).toEqual([0, '']);
    expect(ground.fingerprint()).toBe(before);
    if (isBusybox) {
      const editing = runScript(await scriptFor(ground, steps, target), shell);
      expect(editing.stderr).toContain('/keep could not be copied with its attributes');
      expect(fs.readFileSync(ground.at('keep'), 'utf8')).toBe('old\nlines\n');
      expect(fs.readdirSync(ground.tree)).toEqual(fs.readdirSync(ground.tree).filter((name) => !name.startsWith('.')));
    }
  });

  test('with nothing to do it is short, says so, and runs', async () => {
    const nothing: CheckTreatment[][] = [
      [],
      [{ check: 'test/check', treatment: treatment([{ do: 'tell', as: 'target', text: "it's for you" }]) }],
    ];
    for (const [index, treatments] of nothing.entries()) {
      const text = await script(treatments, madeFor(new Ground()));
      expect(text.split('\n').length).toBeLessThan(12);
      for (const shell of SHELLS) {
        const done = runScript(text, shell);
        expect([done.status, done.stderr]).toEqual([0, '']);
        expect(done.stdout).toBe(`${index === 0 ? '' : "it's for you\n"}there is nothing to do here for a script\n`);
      }
    }
  });

  test('steps of the target are done as the target', async () => {
    const { ground, target } = prepare();
    const inner: Step = {
      as: 'target',
      do: 'run',
      argv: ['/usr/bin/touch', `${target.home}/who`],
      undo: null,
      why: 'test',
    };
    const outer: Step = {
      as: 'target',
      do: 'run',
      argv: ['/usr/bin/touch', ground.at('outside')],
      undo: null,
      why: 'test',
    };
    expect(runScript(await scriptFor(ground, [inner], target)).status).toBe(0);
    expect(fs.statSync(`${target.home}/who`)).toMatchObject(alice);
    const refused = runScript(await scriptFor(ground, [outer], target));
    expect(refused.status).toBe(1);
    expect(fs.existsSync(ground.at('outside'))).toBe(false);
    const named = runScript(
      await scriptFor(ground, [{ ...inner, argv: ['/usr/bin/id', '-un'] } as Step], {
        ...ALICE,
        uid: 1,
        gid: 1,
        name: 'daemon',
        home: '/',
      }),
    );
    expect(named.stdout).toContain('daemon\n');
  });

  test('leaves what is no longer as it was, says so, and does the rest', async () => {
    const { ground, steps, target } = prepare();
    const text = await scriptFor(ground, steps, target);
    fs.writeFileSync(ground.at('keep'), 'mine\n');
    fs.writeFileSync(ground.at('old'), 'mine\n');
    fs.writeFileSync(ground.at('home/buildkitd.toml'), '# mine, again\n');
    fs.chownSync(ground.at('dir'), 7, 7);
    fs.symlinkSync('/etc/hostname', ground.at('new.conf'));
    const done = runScript(text);
    expect(done.status).toBe(1);
    for (const name of ['keep', 'old', 'home/buildkitd.toml', 'dir', 'new.conf'])
      expect(done.stdout + done.stderr).toContain(`not done: ${ground.at(name)}`);
    expect(fs.readFileSync(ground.at('keep'), 'utf8')).toBe('mine\n');
    expect(fs.readFileSync(ground.at('list'), 'utf8')).toBe('a:1:2\nb:3:4\n');
  });

  test('does not follow links below a directory of an ordinary account', async () => {
    const { ground, target } = prepare();
    sh(`mkdir ${ground.at('victim')} ${ground.at('victim')}/cache; ln -s ${ground.at('victim')} ${target.home}/way`);
    const to = `${target.home}/way/cache`;
    const before = shape(ground);
    const steps: Step[] = [
      { as: 'root', do: 'owner', path: to, from: root, to: alice },
      { as: 'root', do: 'mode', path: to, from: 0o755, to: 0o700 },
      { as: 'root', do: 'directory', path: `${to}/x`, mode: 0o700, owner: alice },
      editStep(`${to}/f`, null, 'y\n'),
    ];
    const done = runScript(await scriptFor(ground, steps, target));
    expect(done.stderr.match(/is a symbolic link/g)).toHaveLength(4);
    expect(shape(ground)).toBe(before);
  });

  test('what apply refuses is not in it', async () => {
    const { ground, target } = prepare();
    const steps: Step[] = [
      { as: 'root', do: 'owner', path: '/etc/buildkit/any.toml', from: root, to: { uid: 0, gid: alice.gid } },
      { as: 'root', do: 'mode', path: '/etc/buildkit/any.toml', from: 0o600, to: 0o640 },
      { as: 'root', do: 'owner', path: '/etc', from: root, to: alice },
      { as: 'root', do: 'mode', path: ground.at('list'), from: 0o644, to: 0o666 },
      { as: 'root', do: 'mode', path: ground.at('list'), from: 0o644, to: 0o4755 },
      { as: 'root', do: 'directory', path: ground.at('d'), mode: 0o4755, owner: root },
      { as: 'root', do: 'run', argv: ['/bin/chown', '1:1', '/etc'], undo: null, why: 'test' },
      { as: 'root', do: 'sysctl', key: '../etc.passwd', from: '0', to: '1' },
      ...['a\n', 'a\u001b[2J', 'a\u202e', 'a\u{e0041}', '../up', 'a'.repeat(5000)].flatMap((name): Step[] => [
        { as: 'root', do: 'owner', path: `${ground.tree}/${name}/f`, from: root, to: alice },
        { ...editStep(`${target.home}/${name}/f`, null, 'x\n'), as: 'target', owner: alice } as Step,
        {
          as: 'root',
          do: 'adopt',
          tree: `${target.home}/${name}`,
          allowed: { uids: [], gids: [] },
          only: [0],
          to: alice,
        },
      ]),
    ];
    for (const step of steps) {
      const text = await scriptFor(ground, [step], target);
      const body = text.slice(text.indexOf('# ---- '), text.lastIndexOf('} </dev/null')).split('\n');
      expect(body.filter((line) => line !== '' && !line.startsWith('#'))).toEqual([
        expect.stringMatching(/^problem '.*' \|\| failed=1$/),
      ]);
    }
  });

  test('what a shell cannot do safely is left to bk-doctor, once for each check and risk', async () => {
    const { ground, target } = prepare();
    const home = target.home ?? '';
    fs.mkdirSync(`${home}/left`);
    const allowed = { uids: [], gids: [] };
    const steps: Step[] = [
      { as: 'root', do: 'adopt', tree: home, allowed, only: [0], to: alice },
      { as: 'root', do: 'owner', path: `${home}/left`, from: root, to: alice },
      { as: 'root', do: 'mode', path: `${home}/left`, from: 0o755, to: 0o700 },
      { as: 'root', do: 'run', argv: ['/bin/ls', `${home}/left`], undo: null, why: 'test' },
      editStep(ground.at('f'), null, 'a\u001bb\n'),
      editStep(ground.at('f'), null, 'a\0b\n'),
    ];
    const risky = { ...treatment([steps[1] as Step]), risk: 'risky' as const, consequence: 'test' };
    const text = await script(
      [
        ...steps.map((step) => ({ check: 'test/check', treatment: treatment([step]) })),
        { check: 'test/check', treatment: risky },
      ],
      madeFor(ground, target),
    );
    expect(text.match(/^doctor .*/gm)).toEqual([
      "doctor 'fix' '--yes' '--quiet' '--only' 'test/check' '--user' '64601' || failed=1",
      "doctor 'fix' '--yes' '--risky' '--quiet' '--only' 'test/check' '--user' '64601' || failed=1",
    ]);
    const body = text.slice(text.indexOf('# ---- '));
    expect(body).not.toMatch(/^(in_place|make_directory|run|as_target|find|ch(own|mod)) /m);
    expect(text).not.toContain(' find ');
  });

  test('root runs no bk-doctor that another account can change, and none whose way another account gave', async () => {
    const { ground, target } = prepare();
    const mine = ground.write('bin/doctor', '#!/bin/sh\necho called "$@"\n', 0o755);
    const steps: Step[] = [
      { as: 'root', do: 'adopt', tree: `${target.home}`, allowed: { uids: [], gids: [] }, only: [0], to: alice },
    ];
    const treatments = [{ check: 'test/check', treatment: treatment(steps) }];
    const made = { ...madeFor(ground, target), doctor: { program: [mine], flags: ['--user', "it's"] } };
    const text = await script(treatments, made);
    expect(runScript(text).stdout).toContain("called fix --yes --quiet --only test/check --user it's");
    fs.chownSync(mine, alice.uid, alice.gid);
    expect(runScript(text)).toMatchObject({ status: 1, stderr: expect.stringContaining('another account can change') });
    fs.chownSync(mine, 0, 0);
    fs.chownSync(ground.at('bin'), alice.uid, alice.gid);
    expect(runScript(text)).toMatchObject({ status: 1, stderr: expect.stringContaining('another account can write') });
    const theirs = new Disk({ self: target, target, mode: 'rootless' });
    const asked = await script(treatments, { ...made, host: theirs });
    expect(asked).not.toContain(mine);
    expect(runScript(asked)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('this needs bk-doctor, which is not installed for this account: bk-doctor fix'),
    });
  });

  test.each(SHELLS)('root writes nothing where another account can write by the time it runs: %s', async (shell) => {
    const { ground, target } = prepare();
    sh(`cd ${ground.tree}; mkdir -p open theirs/inner group/inner way sticky victim/cron; echo x >open/f`);
    const steps: Step[] = [
      editStep(ground.at('open/f'), 'x\n', 'y\n'),
      { as: 'root', do: 'remove', path: ground.at('open/f'), expects: sha('x\n') },
      { as: 'root', do: 'owner', path: ground.at('open/f'), from: root, to: alice },
      { as: 'root', do: 'mode', path: ground.at('open/f'), from: 0o644, to: 0o600 },
      { as: 'root', do: 'directory', path: ground.at('open/d'), mode: 0o700, owner: alice },
      { as: 'root', do: 'run', argv: ['/usr/bin/touch', ground.at('open/d')], undo: null, why: 'test' },
      editStep(ground.at('theirs/f'), null, 'y\n'),
      editStep(ground.at('theirs/inner/f'), null, 'y\n'),
      editStep(ground.at('group/inner/f'), null, 'y\n'),
      editStep(ground.at('sticky/f'), null, 'y\n'),
      editStep(ground.at('way/f'), null, 'y\n'),
      { as: 'root', do: 'directory', path: ground.at('way/cron/d'), mode: 0o700, owner: alice },
    ];
    const text = await scriptFor(ground, steps, target);
    sh(`cd ${ground.tree}; chmod 777 open; chown 7:7 theirs; chgrp 7 group; chmod 770 group; chmod 1777 sticky
      rmdir way; ln -s victim way`);
    const before = ground.fingerprint();
    const done = runScript(text, shell);
    expect(done.stderr.match(/is in a directory that another account can write, or below one/g)).toHaveLength(10);
    expect(done.stderr.match(/is no longer in .*, for which this script was made/g)).toHaveLength(2);
    expect(ground.fingerprint()).toBe(before);
  });

  test('several steps on one file, in one treatment or in two, may be run twice', async () => {
    const ground = new Ground();
    const [list, other, dir] = [ground.write('list', 'a\nb\n'), ground.write('other', '0\n'), ground.at('dir')];
    sh(`mkdir ${dir}; chmod 2775 ${dir}`);
    const line = (edit: object): Step => ({ ...editStep(list, 'a\nb\n', ''), edit }) as Step;
    const steps = [
      line({ edit: 'replace-line', line: 'a', by: null }),
      line({ edit: 'append', line: 'a' }),
      line({ edit: 'replace-line', line: 'b', by: 'c' }),
      { as: 'root', do: 'remove', path: other, expects: sha('0\n') } as Step,
      editStep(other, null, '1\n'),
      editStep(other, '1\n', '2\n'),
      { as: 'root', do: 'mode', path: dir, from: 0o2775, to: 0o775 } as Step,
    ];
    const treatments = steps.map((step) => ({ check: 'test/check', treatment: treatment([step]) }));
    const text = await script(treatments, madeFor(ground));
    for (let times = 0; times < 3; times++) {
      const done = runScript(text);
      expect([done.status, done.stderr]).toEqual([0, '']);
      expect(fs.readFileSync(list, 'utf8')).toBe('c\na\n');
      expect(fs.readFileSync(other, 'utf8')).toBe('2\n');
      expect(fs.statSync(dir).mode & 0o7777).toBe(0o775);
    }
    fs.writeFileSync(list, 'mine\n');
    const done = runScript(text);
    expect([done.status, fs.readFileSync(list, 'utf8')]).toEqual([1, 'mine\n']);
  });

  test('a user’s own links are followed, and own read-only files changed', async () => {
    const { ground, target } = prepare();
    const home = ground.at('home');
    sh(
      `mkdir ${home}/dots; ln -s dots ${home}/config; printf 'a\n' >${home}/dots/f; chmod 400 ${home}/dots/f; chown -h -R ${target.uid}:${target.gid} ${home}/dots ${home}/config`,
    );
    const steps = [
      { ...editStep(`${home}/config/f`, 'a\n', 'b\n'), as: 'target', owner: alice } as Step,
      { as: 'target', do: 'directory', path: `${home}/config/d`, mode: 0o700, owner: alice } as Step,
    ];
    const done = runScript(await scriptFor(ground, steps, target));
    expect([done.status, done.stderr]).toEqual([0, '']);
    expect(fs.readFileSync(`${home}/dots/f`, 'utf8')).toBe('b\n');
    expect(fs.statSync(`${home}/dots/f`)).toMatchObject({ ...alice, mode: 0o100400 });
    expect(fs.statSync(`${home}/dots/d`)).toMatchObject(alice);
  });

  test('sysctl, and the locks of the subordinate id files', async () => {
    const ground = new Ground();
    const key = 'net.core.message_burst';
    const before = fs.readFileSync('/proc/sys/net/core/message_burst', 'utf8').trim();
    const steps: Step[] = [
      { as: 'root', do: 'sysctl', key, from: before, to: String(Number(before) + 1) },
      { ...editStep('/etc/subuid', 'a:1:2\n', ''), edit: { edit: 'append', line: 'b:3:4' } } as Step,
    ];
    const text = await scriptFor(ground, steps);
    const world = `mount -t tmpfs tmpfs ${ground.tree}; cp -a /etc ${ground.tree}/etc; mount --bind ${ground.tree}/etc /etc; echo a:1:2 >/etc/subuid; printf 999999 >/etc/subgid.lock`;
    fs.writeFileSync(`${ground.path}/script`, text);
    try {
      const done = spawnSync(
        'unshare',
        [
          '-m',
          'sh',
          '-c',
          `${world}; sh ${ground.path}/script; echo $?; cat /etc/subuid; ls -A /etc | grep -e 'sub.*lock' -e bk-doctor`,
        ],
        { encoding: 'utf8' },
      );
      expect(done.stdout.split('\n').slice(-4).join('\n')).toBe('0\na:1:2\nb:3:4\n');
      expect(fs.readFileSync('/proc/sys/net/core/message_burst', 'utf8').trim()).toBe(String(Number(before) + 1));
    } finally {
      fs.writeFileSync('/proc/sys/net/core/message_burst', before);
    }
  });

  test('what does not change of a file does not stand in it, nor what cannot be seen', async () => {
    const { ground, target } = prepare();
    const file = `${target.home}/buildkitd.toml`;
    const text = '# token = "s3cr3t"\n# text \u202edirection\u200b\n[worker.oci]\nsnapshotter = "overlay2"\n# last\n';
    fs.writeFileSync(file, text);
    const edit = {
      edit: 'toml',
      changes: [{ change: 'set', path: ['worker', 'oci', 'snapshotter'], value: 'native' }],
    };
    const step = { ...editStep(file, text, ''), as: 'target', owner: alice, edit } as Step;
    const made = await scriptFor(ground, [step], target);
    expect(made).not.toContain('s3cr3t');
    expect(isVisible(made.replace(/[\n\t]/g, ''))).toBe(true);
    const done = runScript(made);
    expect([done.status, done.stderr]).toEqual([0, '']);
    expect(fs.readFileSync(file, 'utf8')).toBe(text.replace('overlay2', 'native'));
  });

  /** What the target sees of itself while it does a step of the script. */
  async function seenByTarget(argv: readonly string[], shell: string, account: Account): Promise<string> {
    const { ground, target } = prepare(account);
    const secret = ground.write('secret', 'of root\n', 0o600);
    const step: Step = { as: 'target', do: 'run', argv, undo: null, why: 'test' };
    const file = ground.write('script', await scriptFor(ground, [step], target), 0o600);
    const env = { PATH: process.env.PATH ?? '', TOKEN: 'of-root', BASH_ENV: secret, ENV: secret };
    const bind = shell === 'sh' ? ':' : `mount --bind $(command -v ${shell}) $(readlink -f /bin/sh)`;
    // bash alone opens descriptors of two digits by number.
    const call = `exec 5<${secret} 9<${secret} 12<${secret} 251<${secret}; cd /root; exec /bin/sh ${file}`;
    const done = spawnSync(
      'unshare',
      ['--mount', 'bash', '-c', `${bind}; exec script -qefc 'bash -c "${call}"' /dev/null`],
      {
        encoding: 'utf8',
        env,
      },
    );
    expect(done.status, done.stdout).toBe(0);
    return done.stdout.replaceAll('\r', '');
  }

  describe.each(SHELLS)('who does the steps of the target with %s', (shell) => {
    // Without setpriv's options, su becomes the account, which needs a name.
    const account = shell === 'busybox' ? DAEMON : ALICE;
    test('has a session of its own, and no terminal', async () => {
      const stat = /\d+ \((?:cat|busybox)\) (.*)/.exec(
        await seenByTarget(['/bin/cat', '/proc/self/stat'], shell, account),
      );
      const [, , , session, terminal] = stat?.[1]?.split(' ') ?? [];
      expect([Number(session) > 1, terminal]).toEqual([true, '0']);
    });
    test('has three descriptors, none of them of root’s', async () => {
      const listed = await seenByTarget(['/bin/ls', '-l', '/proc/self/fd'], shell, account);
      const open = [...listed.matchAll(/ (\d+) -> (\S+)/g)].map(([, fd, goal = '']) => [
        fd,
        goal.replace(/[\d[\]]+/g, ''),
      ]);
      expect(open).toEqual([
        ['0', '/dev/null'],
        ['1', 'pipe:'],
        ['2', 'pipe:'],
        ['3', '/proc//fd'],
      ]);
    });
    test('has nothing of root’s environment, directory or groups', async () => {
      expect(await seenByTarget(['/bin/cat', '/proc/self/environ'], shell, account)).not.toContain('of-root');
      expect(await seenByTarget(['/bin/pwd'], shell, account)).toMatch(/^\/$/m);
      const ids = await seenByTarget(['/usr/bin/id', '-G'], shell, account);
      expect(ids).toMatch(new RegExp(`^${account.gid}$`, 'm'));
    });
  });

  test('the target cannot keep root waiting', async () => {
    const { ground, target } = prepare();
    const step: Step = { as: 'target', do: 'run', argv: ['/bin/sleep', '100'], undo: null, why: 'test' };
    const text = (await scriptFor(ground, [step], target)).replaceAll('legibly 60 ', 'legibly 1 ');
    const began = Date.now();
    expect(runScript(text).status).toBe(1);
    expect(Date.now() - began).toBeLessThan(50_000);
  });

  test('what programs print reaches root’s terminal in plain letters', async () => {
    const { ground, target } = prepare();
    for (const as of ['root', 'target'] as const) {
      const step: Step = {
        as,
        do: 'run',
        argv: ['printf', '\\033]0;owned\\007\\342\\200\\256x\\n'],
        undo: null,
        why: 'test',
      };
      const done = runScript(await scriptFor(ground, [step], target));
      expect([done.status, done.stdout]).toEqual([0, '?]0;owned????x\ndone\n']);
    }
  });

  test.each(SHELLS)('takes nothing from the environment: %s', async (shell) => {
    const { ground, steps, target } = prepare(shell === 'busybox' ? DAEMON : ALICE);
    const bad = ground.at('bad');
    fs.mkdirSync(bad);
    const names = [
      'stat',
      'chown',
      'chmod',
      'mv',
      'cp',
      'id',
      'cat',
      'sha256sum',
      'timeout',
      'setsid',
      'setpriv',
      'env',
      'sh',
      'tr',
    ];
    for (const name of names) fs.writeFileSync(`${bad}/${name}`, `#!/bin/bash\ntouch ${bad}/ran\n`, { mode: 0o755 });
    const functions = Object.fromEntries(
      [...names, 'cd', 'printf', 'command'].map((name) => [`BASH_FUNC_${name}%%`, `() { /bin/touch ${bad}/ran; }`]),
    );
    const isBusybox = shell === 'busybox';
    const text = await scriptFor(
      ground,
      isBusybox ? steps.filter((step) => step.do !== 'edit' || step.expects === null) : steps,
      target,
    );
    fs.writeFileSync(`${ground.path}/script`, text);
    const env = {
      ...functions,
      PATH: bad,
      IFS: '/',
      CDPATH: '/etc:/tmp',
      ENV: `${bad}/sh`,
      BASH_ENV: `${bad}/sh`,
      LD_LIBRARY_PATH: bad,
      LD_PRELOAD: '',
      TMPDIR: bad,
      GREP_OPTIONS: '-v',
      POSIXLY_CORRECT: '1',
    };
    const mount = `mount --bind ${spawnSync('which', [shell], { encoding: 'utf8' }).stdout.trim()} $(readlink -f /bin/sh)`;
    const words = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const inside = [
      '--mount',
      '/bin/sh',
      '-c',
      `${mount}; umask 0; exec /usr/bin/env -i "$@" /bin/sh ${ground.path}/script`,
      'sh',
      ...words,
    ];
    const done = spawnSync('unshare', inside, { encoding: 'utf8' });
    expect([done.status, done.stderr]).toEqual([0, '']);
    // A shell that reads $ENV or imports functions may have run one of them before the script's first line.
    expect(fs.readdirSync(bad).sort()).toEqual([...names].sort());
    expect(fs.statSync(ground.at('made')).mode & 0o7777).toBe(0o711);
    expect(fs.statSync(ground.at('new.conf'))).toMatchObject({ uid: 5, gid: 6, mode: 0o100600 });
  });

  const hostile = fc.string({
    unit: fc.constantFrom(
      "'",
      '"',
      '`',
      '$(',
      ')',
      '$HOME',
      ';',
      '&',
      '|',
      '\\',
      '#',
      '!',
      '*',
      ' ',
      '-',
      '=',
      '%s',
      '\\n',
      'é',
      'EOF',
      'AS_TARGET_',
      'SCRIPT',
      'FUNCTIONS',
      '<<',
      '{',
      '}',
      'touch owned',
    ),
    minLength: 1,
    maxLength: 8,
  });
  test('hostile names, lines and texts are data, whoever runs it', { timeout: 180_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(hostile, hostile, hostile, async (name, text, words) => {
        const ground = new Ground();
        const path = ground.at(name.replaceAll('/', ''));
        const target = { ...ALICE, home: ground.at('home'), name: null };
        fs.mkdirSync(ground.at('home'));
        fs.chownSync(ground.at('home'), alice.uid, alice.gid);
        const line = words;
        const steps: Step[] = [
          editStep(path, null, text),
          { ...editStep(ground.at('lines'), null, ''), edit: { edit: 'append', line } } as Step,
          { ...editStep(`${ground.at('home')}/${name}`, null, text), as: 'target', owner: alice } as Step,
          { as: 'root', do: 'run', argv: ['printf', '%s\\n', words, text], undo: null, why: words },
          { as: 'root', do: 'tell', text: words },
        ];
        const treated = { ...treatment(steps), risk: 'risky' as const, consequence: `${words}\n${text}` };
        const done = runScript(await script([{ check: words, treatment: treated }], madeFor(ground, target)));
        expect(done.stderr).toBe('');
        expect(done.status).toBe(0);
        expect(fs.readFileSync(path, 'utf8')).toBe(text);
        expect(fs.readFileSync(`${ground.at('home')}/${name}`, 'utf8')).toBe(text);
        expect(fs.readFileSync(ground.at('lines'), 'utf8')).toBe(`${line}\n`);
        expect(done.stdout).toContain(`${words}\n${text}\n`.replaceAll('é', '??'));
        expect(done.stdout).toContain(`\n${words}\ndone\n`);
        expect(fs.readdirSync(ground.tree).sort()).toEqual(['home', 'lines', name].sort());
        expect(fs.readdirSync(ground.at('home'))).toEqual([name]);
        ground.remove();
      }),
      { numRuns: 40 / oneIn(4) },
    );
  });

  test('whatever stands in a plan, what root reads can be seen', async () => {
    const { ground, target } = prepare();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 6 }), async (words) => {
        const text = `${words}\u001b[2J`;
        const steps: Step[] = [
          editStep(ground.at('new'), null, text),
          editStep(`${ground.tree}/${text}`, null, 'x\n'),
          { ...editStep(`${target.home}/${text}`, null, text), as: 'target', owner: alice } as Step,
          { as: 'target', do: 'run', argv: ['printf', text], undo: null, why: text },
          { as: 'root', do: 'owner', path: `${ground.tree}/${text}`, from: root, to: alice },
          {
            as: 'root',
            do: 'adopt',
            tree: `${target.home}/${text}`,
            allowed: { uids: [], gids: [] },
            only: null,
            to: alice,
          },
          { as: 'root', do: 'sysctl', key: 'net.core.message_burst', from: text, to: text },
          { as: 'root', do: 'tell', text },
        ];
        const risky = { risk: 'risky' as const, consequence: text };
        const made = await script(
          steps.map((step) => ({ check: text, treatment: { ...treatment([step]), ...risky } })),
          { ...madeFor(ground, target), doctor: { program: null, flags: ['--user', text] } },
        );
        expect(isVisible(made.replace(/[\n\t]/g, ''))).toBe(true);
        expect(spawnSync('sh', ['-n'], { input: made, encoding: 'utf8' }).stderr).toBe('');
      }),
      { numRuns: 60 },
    );
  });
});
