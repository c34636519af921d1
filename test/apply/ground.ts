import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { openRun, undo } from '../../src/apply/index.ts';
import type { ApplyContext, CarriedOut, UndoReport } from '../../src/apply/journal/types.ts';
import type { Account } from '../../src/model/look.ts';
import type { Step, Treatment } from '../../src/model/plan.ts';

export const ROOT: Account = { uid: 0, gid: 0, groups: [0], name: 'root', home: '/root', shell: '/bin/sh' };
const NEEDED = ['getfattr', 'setfattr', 'setcap', 'setfacl', 'unshare', 'mount', 'flock', 'setpriv'];

/** These tests change owners, mount and kill: without root they cannot run. With CI set that is an error. */
export function canChangeThings(...more: readonly string[]): boolean {
  const missing =
    process.getuid?.() === 0
      ? [...NEEDED, ...more].filter((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0)
      : ['root'];
  if (missing.length > 0 && process.env.CI) throw new Error(`these tests cannot run: ${missing.join(', ')} missing`);
  return missing.length === 0;
}

const grounds = new Set<string>();
function clear(path: string): void {
  grounds.delete(path);
  const mounted = fs
    .readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((point) => `${point}/`.startsWith(`${path}/`));
  for (const point of mounted.sort().reverse()) spawnSync('umount', ['-l', point]);
  fs.rmSync(path, { recursive: true, force: true });
}
afterEach(() => {
  for (const path of grounds) clear(path);
}, 60_000);

/** A directory of root's own, with a tree to change and a place for the journal. Gone after the test. */
export class Ground {
  readonly path: string;
  readonly tree: string;
  readonly state: string;
  constructor() {
    this.path = fs.mkdtempSync('/var/tmp/bkd-change-');
    fs.chmodSync(this.path, 0o755);
    grounds.add(this.path);
    this.tree = join(this.path, 'tree');
    this.state = join(this.path, 'state');
    fs.mkdirSync(this.tree);
  }
  at(...names: string[]): string {
    return join(this.tree, ...names);
  }
  write(name: string, content: string | Buffer, mode = 0o644): string {
    fs.mkdirSync(join(this.at(name), '..'), { recursive: true });
    fs.writeFileSync(this.at(name), content);
    fs.chmodSync(this.at(name), mode);
    return this.at(name);
  }
  context(more: Partial<ApplyContext> = {}): ApplyContext {
    return {
      identity: { self: ROOT, target: ROOT, mode: 'rootful', sudoUser: null },
      state: this.state,
      permitted: [this.tree],
      environment: { PATH: '/usr/bin:/bin' },
      version: '0.0.0',
      waitMs: 0,
      ...more,
    };
  }
  async apply(steps: readonly Step[], more: Partial<ApplyContext> = {}): Promise<CarriedOut> {
    const run = await openRun(this.context(more));
    try {
      return await run.carryOut('test/check', treatment(steps));
    } finally {
      await run.close();
    }
  }
  undo(id: string | null = null, more: Partial<ApplyContext> = {}): Promise<UndoReport> {
    return undo(this.context(more), id);
  }
  /** Before the end of the test, where there are many. */
  remove(): void {
    clear(this.path);
  }
  fingerprint(path = this.tree): string {
    return fingerprint(path);
  }
}

export function treatment(steps: readonly Step[], more: Partial<Treatment> = {}): Treatment {
  return { for: [0], risk: 'safe', steps, ...more };
}

/** Everything that undo promises to restore below a path: names, kinds, content, owners, modes, link targets, extended attributes, access lists, capabilities, and the times of files. */
export function fingerprint(path: string): string {
  const lines: string[] = [];
  // Names as the file system has them, one character per byte.
  const raw = (at: string): Buffer => Buffer.from(at, 'latin1');
  const visit = (at: string): void => {
    const stat = fs.lstatSync(raw(at), { bigint: true });
    const what = stat.isSymbolicLink()
      ? `-> ${fs.readlinkSync(raw(at))}`
      : stat.isFile()
        ? `${sha(fs.readFileSync(raw(at)))} ${stat.mtimeNs}`
        : '';
    lines.push(`${at.slice(path.length)} ${stat.mode.toString(8)} ${stat.uid}:${stat.gid} ${what}`);
    if (stat.isDirectory()) for (const name of fs.readdirSync(raw(at), 'latin1').sort()) visit(`${at}/${name}`);
  };
  visit(path);
  const attributes = spawnSync('getfattr', ['-R', '-P', '-h', '-d', '-m', '-', '--absolute-names', path], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const named = attributes.stdout.replaceAll(path, '').split('\n\n').sort().join('\n\n');
  return `${lines.join('\n')}\n${named}`;
}

export const sha = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');

export function sh(command: string, options: { input?: string } = {}): string {
  const ran = spawnSync('sh', ['-ec', command], { encoding: 'utf8', ...options });
  if (ran.status !== 0) throw new Error(`${command}\n${ran.stdout}${ran.stderr}`);
  return ran.stdout;
}

export const root = { uid: 0, gid: 0 };

export function editStep(path: string, before: string | Buffer | null, after: string, more: Partial<Step> = {}): Step {
  return {
    as: 'root',
    do: 'edit',
    path,
    expects: before === null ? null : sha(before),
    edit: { edit: 'whole', text: after },
    mode: 0o644,
    owner: root,
    ...more,
  } as Step;
}
