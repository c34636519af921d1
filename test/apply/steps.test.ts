import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { history } from '../../src/apply/index.ts';
import type { Step } from '../../src/model/plan.ts';
import { canChangeThings, editStep, Ground, root, sh, sha } from './ground.ts';

describe.skipIf(!canChangeThings())('each kind of step is done, and undone byte for byte', () => {
  /** Applies, checks that something happened, and that undo leaves everything as it was. */
  async function thereAndBack(ground: Ground, steps: readonly Step[], after: () => void): Promise<void> {
    const before = ground.fingerprint();
    const done = await ground.apply(steps);
    expect(done).toMatchObject({ result: 'applied', message: null });
    after();
    expect(ground.fingerprint()).not.toBe(before);
    const again = await ground.apply(steps);
    expect(again).toMatchObject({ result: 'already', transaction: null });
    const undone = await ground.undo();
    expect(undone.transactions).toMatchObject([{ id: done.transaction, result: 'undone' }]);
    expect(ground.fingerprint()).toBe(before);
  }

  test('edit keeps owner, mode, attributes and access list, and gets the times back', async () => {
    const ground = new Ground();
    const file = ground.write('etc/file.conf', 'one\ntwo\n', 0o640);
    sh(`chown 1234:4321 ${file}; setfattr -n user.note -v kept ${file}; setfattr -n trusted.note -v kept ${file}`);
    sh(`setfacl -m u:1235:r ${file}; touch -d '2001-02-03 04:05:06.123456789' ${file}`);
    const mode = fs.statSync(file).mode;
    await thereAndBack(ground, [editStep(file, 'one\ntwo\n', 'one\n')], () => {
      expect(fs.readFileSync(file, 'utf8')).toBe('one\n');
      expect(fs.statSync(file)).toMatchObject({ uid: 1234, gid: 4321, mode });
      expect(sh(`getfattr -d -m - --absolute-names ${file}`)).toMatch(/trusted.note="kept"\nuser.note="kept"/);
      expect(sh(`getfacl -cp ${file}`)).toContain('user:1235:r--');
      expect(fs.statSync(file).mtime.getFullYear()).not.toBe(2001);
      expect(fs.readdirSync(ground.at('etc'))).toEqual(['file.conf']);
    });
  });

  test('edit makes a file with the given mode and owner', async () => {
    const ground = new Ground();
    const file = ground.at('new.conf');
    const step = editStep(file, null, 'a = 1\n', { mode: 0o600, owner: { uid: 12, gid: 34 } } as Partial<Step>);
    await thereAndBack(ground, [step], () => {
      expect(fs.statSync(file)).toMatchObject({ uid: 12, gid: 34, mode: 0o100600 });
    });
  });

  test('lines are added and replaced, also in a file that is not UTF-8', async () => {
    const ground = new Ground();
    const odd = Buffer.from([0x66, 0xfc, 0x72, 0x0a, 0x62, 0x0a]);
    const file = ground.write('odd', odd);
    const line = (edit: object): Step => ({ ...editStep(file, odd, ''), edit }) as Step;
    const steps = [line({ edit: 'append', line: 'grün' }), line({ edit: 'replace-line', line: 'b', by: 'c' })];
    await thereAndBack(ground, steps, () => {
      expect(fs.readFileSync(file).toString('latin1')).toBe('f\xfcr\nc\ngr\xc3\xbcn\n');
    });
  });

  test('TOML is edited in place', async () => {
    const ground = new Ground();
    const text = '# mine\nroot = "/a" # why\n\n[worker.oci]\n  snapshotter = "overlay2"\n';
    const file = ground.write('buildkitd.toml', text);
    const step = {
      ...editStep(file, text, ''),
      edit: { edit: 'toml', changes: [{ change: 'set', path: ['worker', 'oci', 'snapshotter'], value: 'overlayfs' }] },
    } as Step;
    await thereAndBack(ground, [step], () => {
      expect(fs.readFileSync(file, 'utf8')).toBe(text.replace('overlay2', 'overlayfs'));
    });
  });

  test('directory makes what is missing above it, too', async () => {
    const ground = new Ground();
    const path = ground.at('a', 'b', 'c');
    const step: Step = { as: 'root', do: 'directory', path, mode: 0o700, owner: { uid: 77, gid: 78 } };
    await thereAndBack(ground, [step], () => {
      for (const made of ['a', 'a/b', 'a/b/c'])
        expect(fs.statSync(ground.at(made))).toMatchObject({ uid: 77, gid: 78, mode: 0o40700 });
    });
  });

  test('remove keeps what it needs to bring the file back', async () => {
    const ground = new Ground();
    const file = ground.write('old', 'x\n', 0o444);
    sh(`setfattr -n user.a -v b ${file}; chown 5:6 ${file}`);
    await thereAndBack(ground, [{ as: 'root', do: 'remove', path: file, expects: sha('x\n') }], () => {
      expect(fs.readdirSync(ground.tree)).toEqual([]);
    });
  });

  test('owner and mode', async () => {
    const ground = new Ground();
    const path = ground.at('dir');
    fs.mkdirSync(path, { mode: 0o755 });
    fs.chmodSync(path, 0o755);
    const steps: Step[] = [
      { as: 'root', do: 'owner', path, from: root, to: { uid: 1001, gid: 1002 } },
      { as: 'root', do: 'mode', path, from: 0o755, to: 0o2700 },
    ];
    await thereAndBack(ground, steps, () => {
      expect(fs.statSync(path)).toMatchObject({ uid: 1001, gid: 1002, mode: 0o42700 });
    });
  });

  test('run, with its opposite', async () => {
    const ground = new Ground();
    const path = ground.at('made');
    const steps: Step[] = [
      { as: 'root', do: 'run', argv: ['/usr/bin/mkdir', path], undo: ['/usr/bin/rmdir', path], why: 'test' },
    ];
    const before = ground.fingerprint();
    expect(await ground.apply(steps)).toMatchObject({ result: 'applied' });
    expect(fs.readdirSync(ground.tree)).toEqual(['made']);
    await ground.undo();
    expect(ground.fingerprint()).toBe(before);
  });

  test('sysctl, this key alone', async () => {
    const ground = new Ground();
    const key = 'kernel.printk_ratelimit_burst';
    const file = `/proc/sys/${key.replaceAll('.', '/')}`;
    const before = fs.readFileSync(file, 'utf8').trim();
    const to = String(Number(before) + 1);
    const step: Step = { as: 'root', do: 'sysctl', key, from: before, to };
    try {
      expect(await ground.apply([step])).toMatchObject({ result: 'applied' });
      expect(fs.readFileSync(file, 'utf8').trim()).toBe(to);
      expect(await ground.apply([step])).toMatchObject({ result: 'already' });
      expect((await ground.undo()).transactions).toMatchObject([{ result: 'undone' }]);
      expect(fs.readFileSync(file, 'utf8').trim()).toBe(before);
    } finally {
      fs.writeFileSync(file, before);
    }
  });

  test('a step that fails takes back those before it', async () => {
    const ground = new Ground();
    const file = ground.write('a', 'a');
    const before = ground.fingerprint();
    const steps: Step[] = [
      editStep(file, 'a', 'b'),
      { as: 'root', do: 'directory', path: ground.at('d'), mode: 0o755, owner: root },
      { as: 'root', do: 'run', argv: ['/usr/bin/false'], undo: null, why: 'test' },
    ];
    const done = await ground.apply(steps);
    expect(done).toMatchObject({ result: 'failed', message: '/usr/bin/false failed (exit 1)' });
    expect(done.steps.map(({ result }) => result)).toEqual(['done', 'done', 'refused']);
    expect(ground.fingerprint()).toBe(before);
    const { runs } = await history(ground.state, 0);
    expect(runs.flatMap(({ transactions }) => transactions.map(({ state }) => state))).toEqual(['taken-back']);
  });

  test('several edits of one file in one treatment, planned from the same text', async () => {
    const ground = new Ground();
    const file = ground.write('list', 'a\n');
    const add = (line: string): Step => ({ ...editStep(file, 'a\n', ''), edit: { edit: 'append', line } }) as Step;
    await thereAndBack(ground, [add('b'), add('c')], () => expect(fs.readFileSync(file, 'utf8')).toBe('a\nb\nc\n'));
  });

  test('a directory and a file in it', async () => {
    const ground = new Ground();
    const steps: Step[] = [
      { as: 'root', do: 'directory', path: ground.at('conf.d'), mode: 0o755, owner: root },
      editStep(ground.at('conf.d', 'x.conf'), null, 'x\n'),
    ];
    await thereAndBack(ground, steps, () => expect(fs.readFileSync(ground.at('conf.d', 'x.conf'), 'utf8')).toBe('x\n'));
  });
});
