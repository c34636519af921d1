import * as fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Step } from '../../src/model/plan.ts';
import { type Built, buildChildren, startChild } from './children.ts';
import { canChangeThings, editStep, Ground, ROOT, root, sha } from './ground.ts';

const CALLS = 'pwrite64,write,fsync,fdatasync,openat,mkdir,rename,unlink,rmdir,chown,chmod,execve';

/** One system call, with the paths behind descriptors where the kernel could tell. */
interface Call {
  readonly name: string;
  readonly text: string;
}

/** What is not on disk yet of a set of paths, call by call. */
class Unsynced {
  readonly paths = new Set<string>();
  see({ name, text }: Call, below: string): void {
    const at = /^\d+<([^>]*)>/.exec(text)?.[1] ?? '';
    if (!at.startsWith(below)) return;
    if (name === 'pwrite64' || name === 'write') this.paths.add(at);
    if (name === 'fsync' || name === 'fdatasync') this.paths.delete(at);
  }
}

describe.skipIf(!canChangeThings('strace'))('loss of power: the order of writes', () => {
  let built: Built;
  beforeAll(async () => {
    built = await buildChildren();
  }, 60_000);
  afterAll(() => built.remove());

  async function traced(ground: Ground, orders: Parameters<typeof startChild>[2]): Promise<readonly Call[]> {
    const file = `${ground.path}/trace`;
    const under = ['strace', '-f', '-y', '-s', '64', '-o', file, '-e', `trace=${CALLS}`];
    const { answers, stderr } = await startChild(built, ground, { ...orders, under }).ended;
    expect(stderr).toBe('');
    expect(JSON.stringify(answers)).not.toContain('failed');
    return fs
      .readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line) => {
        const call = /^\d+ +(\w+)\((.*)\) += \d/.exec(line);
        return call === null ? [] : [{ name: call[1] ?? '', text: call[2] ?? '' }];
      });
  }

  function prepare(): { ground: Ground; steps: readonly Step[]; live: RegExp } {
    const ground = new Ground();
    const [file, old] = [ground.write('live-file', 'a\n'), ground.write('live-old', 'x\n')];
    fs.mkdirSync(ground.at('live-dir'));
    ground.write('live-tree/a', 'a');
    const allowed = { uids: [{ start: 77, count: 1 }], gids: [{ start: 77, count: 1 }] };
    return {
      ground,
      // What is changed by name; owners and modes go by the handle alone.
      live: /live-|^"\/proc\/self\/fd\/\d+",/,
      steps: [
        editStep(file, 'a\n', 'b\n'),
        editStep(ground.at('live-new'), null, 'n\n'),
        { as: 'root', do: 'remove', path: old, expects: sha('x\n') },
        { as: 'root', do: 'directory', path: ground.at('live-made'), mode: 0o700, owner: root },
        { as: 'root', do: 'owner', path: ground.at('live-dir'), from: root, to: { uid: 5, gid: 6 } },
        { as: 'root', do: 'mode', path: ground.at('live-dir'), from: 0o755, to: 0o700 },
        { as: 'root', do: 'adopt', tree: ground.at('live-tree'), allowed, only: null, to: { uid: 77, gid: 77 } },
      ],
    };
  }
  const CHANGES = ['rename', 'unlink', 'rmdir', 'chown', 'chmod'];
  const target = { uid: 77, gid: 77, groups: [77], name: null, home: null, shell: null };

  test('before every change the journal and its backups are on disk', { timeout: 60_000 }, async () => {
    const { ground, steps, live } = prepare();
    const context = { identity: { self: ROOT, target, mode: 'rootless', sudoUser: null } } as const;
    const journal = new Unsynced();
    let changes = 0;
    const entries: string[] = [];
    for (const call of await traced(ground, { treatments: [steps], context })) {
      journal.see(call, `${ground.state}/runs`);
      const announced = /entry\\":\\"(\w+)/.exec(call.text)?.[1];
      if (announced !== undefined) entries.push(announced);
      if (!CHANGES.includes(call.name) || !live.test(call.text)) continue;
      changes++;
      expect([...journal.paths], `${call.name}(${call.text})`).toEqual([]);
      expect(entries.at(-1), `${call.name}(${call.text})`).toBe('intent');
    }
    expect(changes).toBeGreaterThanOrEqual(steps.length);
    expect(entries.filter((entry) => entry === 'intent')).toHaveLength(steps.length);
  });

  test('before the journal says that something is taken back it is', { timeout: 60_000 }, async () => {
    const { ground, steps, live } = prepare();
    const identity = { self: ROOT, target, mode: 'rootless', sudoUser: null } as const;
    const before = ground.fingerprint();
    await startChild(built, ground, { treatments: [steps], context: { identity } }).ended;
    let waiting = 0;
    let undone = 0;
    for (const { name, text } of await traced(ground, { undo: true, context: { identity } })) {
      if (CHANGES.includes(name) && live.test(text)) waiting++;
      if ((name === 'fsync' && text.includes(`<${ground.tree}`)) || (name === 'execve' && text.includes('/sync"')))
        waiting = 0;
      if (!text.includes('entry\\":\\"undone')) continue;
      undone++;
      expect(waiting, text).toBe(0);
    }
    expect(undone).toBe(steps.length);
    expect(ground.fingerprint()).toBe(before);
  });
});
