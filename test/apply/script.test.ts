import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { script } from '../../src/apply/index.ts';
import type { CheckTreatment } from '../../src/apply/types.ts';
import type { Account, Step } from '../../src/model.ts';
import { VirtualHost } from '../virtual-host.ts';
import { canChangeThings, editStep, Ground, ROOT, root, sh, sha, treatment } from './ground.ts';

/** An account that every Debian has: with a name, and a home that it does not own. */
const DAEMON: Account = { uid: 1, gid: 1, groups: [1], name: 'daemon', home: '/usr/sbin', shell: null };
const ALICE: Account = { uid: 64601, gid: 64601, groups: [64601], name: null, home: null, shell: null };
const alice = { uid: ALICE.uid, gid: ALICE.gid };
const SHELLS = [['sh'], ['bash', '--posix'], ['busybox', 'sh']].filter(
  ([name]) => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0,
);

/** The files that the steps edit, as they are on disk; who looks is root, for `target`. */
function hostWith(steps: readonly Step[], target: Account = ROOT): VirtualHost {
  const files: { [path: string]: string } = {};
  for (const step of steps)
    if (step.do === 'edit' && fs.existsSync(step.path)) files[step.path] = fs.readFileSync(step.path, 'utf8');
  return new VirtualHost({ files, self: ROOT, target, mode: target.uid === 0 ? 'rootful' : 'rootless' });
}
const scriptFor = (steps: readonly Step[], target?: Account): Promise<string> =>
  script([{ check: 'test/check', treatment: treatment(steps) }], hostWith(steps, target));

function runScript(text: string, [shell = 'sh', ...args]: readonly string[] = ['sh']) {
  return spawnSync(shell, [...args, '-s'], {
    input: text,
    encoding: 'utf8',
    env: { PATH: process.env.PATH ?? '' },
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
    sh(`mkdir -p ${home}/cache/d; touch ${home}/cache/d/left ${home}/cache/image ${home}/cache/foreign; ln -s /etc/passwd ${home}/cache/link
      chown ${uid}:${gid} ${home}/cache; chown 700033:700033 ${home}/cache/image; chown 1234:1234 ${home}/cache/foreign; chmod 4755 ${home}/cache/d/left
      touch ${home}/cache/d/plain; cp /bin/true ${home}/cache/tool; cp /bin/true ${home}/cache/ping; setcap cap_net_raw+ep ${home}/cache/ping
      touch ${home}/cache/half ${home}/cache/mixed; chown 0:1234 ${home}/cache/half; chown 0:700044 ${home}/cache/mixed`);
    const allowed = {
      uids: [
        { start: uid, count: 1 },
        { start: 700000, count: 65536 },
      ],
      gids: [
        { start: gid, count: 1 },
        { start: 700000, count: 65536 },
      ],
    };
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
        { as: 'root', do: 'adopt', tree: `${home}/cache`, allowed, only: [0], to: own },
        { as: 'root', do: 'tell', text: "it's done; $(touch /tmp/never)" },
      ],
    };
  }

  test.each(SHELLS)('does what applying does, and nothing more when run again: %s', async (...shell) => {
    // busybox has a cp, a find and a setpriv of its own, which cannot do what is asked of them here.
    const isBusybox = shell[0] === 'busybox';
    const account = isBusybox ? DAEMON : ALICE;
    const isBeyond = (step: Step): boolean => step.do === 'adopt' || (step.do === 'edit' && step.expects !== null);
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
    const text = await scriptFor(wantedOf(steps), target);
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
      const adopting = runScript(await scriptFor(steps, target), shell);
      expect(adopting.stderr).toContain('not done: the find of GNU findutils is needed');
      expect(adopting.stderr).toContain('/keep could not be copied with its attributes');
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
      const text = await script(treatments, hostWith([]));
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
    expect(runScript(await scriptFor([inner], target)).status).toBe(0);
    expect(fs.statSync(`${target.home}/who`)).toMatchObject(alice);
    const refused = runScript(await scriptFor([outer], target));
    expect(refused.status).toBe(1);
    expect(fs.existsSync(ground.at('outside'))).toBe(false);
    const named = runScript(
      await scriptFor([{ ...inner, argv: ['/usr/bin/id', '-un'] } as Step], {
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
    const text = await scriptFor(steps, target);
    fs.writeFileSync(ground.at('keep'), 'mine\n');
    fs.writeFileSync(ground.at('old'), 'mine\n');
    fs.writeFileSync(ground.at('home/buildkitd.toml'), '# mine, again\n');
    fs.chownSync(ground.at('dir'), 7, 7);
    fs.symlinkSync('/etc/hostname', ground.at('new.conf'));
    const done = runScript(text);
    expect(done.status).toBe(1);
    for (const name of ['keep', 'old', 'home/buildkitd.toml', 'dir', 'new.conf'])
      expect(done.stderr).toContain(`not done: ${ground.at(name)}`);
    expect(fs.readFileSync(ground.at('keep'), 'utf8')).toBe('mine\n');
    expect(fs.readFileSync(ground.at('list'), 'utf8')).toBe('a:1:2\nb:3:4\n');
  });

  test('does not follow links below a directory of an ordinary account', async () => {
    const { ground, target } = prepare();
    sh(`mkdir ${ground.at('victim')} ${ground.at('victim')}/cache; ln -s ${ground.at('victim')} ${target.home}/way`);
    const to = `${target.home}/way/cache`;
    const before = shape(ground);
    const allowed = { uids: [], gids: [] };
    const steps: Step[] = [
      { as: 'root', do: 'owner', path: to, from: root, to: alice },
      { as: 'root', do: 'mode', path: to, from: 0o755, to: 0o700 },
      { as: 'root', do: 'adopt', tree: to, allowed, only: null, to: alice },
      { as: 'root', do: 'directory', path: `${to}/x`, mode: 0o700, owner: alice },
    ];
    const done = runScript(await scriptFor(steps, target));
    expect(done.stderr.match(/is a symbolic link/g)).toHaveLength(4);
    expect(shape(ground)).toBe(before);
  });

  test('root writes nothing in a directory that an ordinary account can write', async () => {
    const { ground, target } = prepare();
    sh(
      `mkdir -m 777 ${ground.at('open')}; mkdir ${ground.at('theirs')}; chown 7:7 ${ground.at('theirs')}; echo x >${ground.at('open')}/f`,
    );
    const steps: Step[] = [
      editStep(ground.at('open/f'), 'x\n', 'y\n'),
      editStep(ground.at('theirs/f'), null, 'y\n'),
      { as: 'root', do: 'remove', path: ground.at('open/f'), expects: sha('x\n') },
    ];
    const before = ground.fingerprint();
    const done = runScript(await scriptFor(steps, target));
    expect(done.stderr.match(/is in a directory/g)).toHaveLength(3);
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
    const text = await script(treatments, hostWith(steps));
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

  test('nor below one, nor by way of a link that an ordinary account has put there', async () => {
    const { ground, target } = prepare();
    sh(`cd ${ground.tree}; mkdir -p home/inner group/inner victim; chgrp 7 group; chmod 770 group
      ln -s ${ground.at('victim')} home/way; mkdir -m 1777 sticky; ln -s ${ground.at('victim')} sticky/way; chown -h ${target.uid} sticky/way
      chown -h ${target.uid} home/way; chown 0:0 home/inner`);
    const before = ground.fingerprint();
    const steps = ['home/inner/f', 'group/inner/f', 'home/way/f', 'sticky/way/f'].map((name) =>
      editStep(ground.at(name), null, 'y\n'),
    );
    const done = runScript(await scriptFor(steps, target));
    expect(done.stderr.trim().split('\n')).toEqual([
      expect.stringContaining('is in a directory of another account'),
      expect.stringContaining('is in a directory that a group can write'),
      expect.stringContaining('home/way is a symbolic link'),
      expect.stringContaining('sticky/way is a symbolic link'),
      expect.stringContaining('some of it was not done'),
    ]);
    expect(ground.fingerprint()).toBe(before);
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
    const done = runScript(await scriptFor(steps, target));
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
    const host = new VirtualHost({ files: { '/etc/subuid': 'a:1:2\n' }, self: ROOT, target: ROOT, mode: 'rootful' });
    const text = await script([{ check: 'test/check', treatment: treatment(steps) }], host);
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

  test('a text that cannot stand in a script is not attempted', async () => {
    const ground = new Ground();
    const done = runScript(await scriptFor([editStep(ground.at('f'), null, 'a\0b')]));
    expect(done.stderr).toContain('not done: a text with a NUL byte cannot stand in a shell script');
    expect(fs.existsSync(ground.at('f'))).toBe(false);
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
      '\n',
      '\r',
      '\\',
      '#',
      '!',
      '*',
      ' ',
      '\t',
      '-',
      '=',
      '%s',
      '\\n',
      '\u001b[31m',
      'é',
      'EOF',
      'AS_TARGET_',
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
        const line = words.replace(/[\n\r]/g, '');
        const steps: Step[] = [
          editStep(path, null, text),
          { ...editStep(ground.at('lines'), null, ''), edit: { edit: 'append', line } } as Step,
          { ...editStep(`${ground.at('home')}/${name}`, null, text), as: 'target', owner: alice } as Step,
          { as: 'root', do: 'run', argv: ['printf', '%s\\n', words, text], undo: null, why: words },
          { as: 'root', do: 'tell', text: words },
        ];
        const treated = { ...treatment(steps), risk: 'risky' as const, consequence: `${words}\n${text}` };
        const done = runScript(await script([{ check: words, treatment: treated }], hostWith(steps, target)));
        expect(done.stderr).toBe('');
        expect(done.status).toBe(0);
        expect(fs.readFileSync(path, 'utf8')).toBe(text);
        expect(fs.readFileSync(`${ground.at('home')}/${name}`, 'utf8')).toBe(text);
        expect(fs.readFileSync(ground.at('lines'), 'utf8')).toBe(`${line}\n`);
        expect(done.stdout).toContain(`${words}\n${text}\n`);
        expect(fs.readdirSync(ground.tree).sort()).toEqual(['home', 'lines', name].sort());
        expect(fs.readdirSync(ground.at('home'))).toEqual([name]);
        ground.remove();
      }),
      { numRuns: 40 },
    );
  });
});
