import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { undo } from '../../src/apply/index.ts';
import type { ApplyContext } from '../../src/apply/journal/types.ts';
import { readBlockLog } from './block-log.ts';

/** In a mount namespace of its own: the power fails at each write of a run in turn, and undo must restore the disk. */
interface Orders {
  readonly context: ApplyContext;
  /** The disk as it was when the run began; it is mounted at `tree`, and its etc at /etc. */
  readonly base: string;
  readonly tree: string;
  readonly log: string;
  readonly from: number;
  readonly to: number;
  /** A process that has our pid by then. */
  readonly stranger: number;
  /** Of so many moments one is tried. */
  readonly step: number;
}

const orders = JSON.parse(fs.readFileSync(process.argv[2] ?? '', 'utf8')) as Orders;
const { tree, base, context } = orders;
/** In memory: it is told to flush more often than any real disk would like. */
const ram = `${base}.ram`;
const disk = `${ram}/disk`;

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}

function linesBelow(path: string, counts: (name: string) => boolean): readonly string[] {
  return fs
    .readdirSync(path)
    .filter(counts)
    .sort()
    .flatMap((name) => {
      const at = `${path}/${name}`;
      const { mode, uid, gid } = fs.lstatSync(at);
      const isFile = fs.lstatSync(at).isFile();
      const line = `${at} ${mode.toString(8)} ${uid}:${gid} ${isFile ? fs.readFileSync(at, 'latin1') : ''}`;
      return [line, ...(fs.lstatSync(at).isDirectory() ? linesBelow(at, counts) : [])];
    });
}

/** What a run may have changed or left. */
const lines = (): string =>
  [
    ...linesBelow(`${tree}/things`, () => true),
    ...linesBelow(`${tree}/etc`, (name) => /^(sub[ug]id|\.)/.test(name)),
  ].join('\n');

async function onDisk<T>(content: Buffer, task: () => Promise<T> | T): Promise<T> {
  fs.writeFileSync(disk, content);
  run('mount', '-o', 'loop', disk, tree);
  run('mount', '--bind', `${tree}/etc`, '/etc');
  try {
    return await task();
  } finally {
    run('umount', '/etc');
    run('umount', tree);
  }
}

/** What is not as it should be after undo; null: nothing. */
async function problemOf(before: string): Promise<string | null> {
  for (const name of ['subuid.lock', 'subgid.lock'])
    if (fs.existsSync(`/etc/${name}`)) {
      if (!/^\d+$/.test(fs.readFileSync(`/etc/${name}`, 'utf8'))) return `${name} names nobody`;
      fs.writeFileSync(`/etc/${name}`, String(orders.stranger));
    }
  const { transactions } = await undo(context, null);
  const refused = transactions.find(({ result }) => result === 'refused');
  if (refused !== undefined) return `refused: ${refused.reason}`;
  const after = lines();
  if (after !== before) return `not restored:\n${after}`;
  const added = spawnSync('usermod', ['--add-subuids', '400000-400009', 'bkdsub'], { encoding: 'utf8' });
  return added.status === 0 ? null : `usermod: ${added.stderr}`;
}

fs.mkdirSync(ram);
run('mount', '-t', 'tmpfs', 'tmpfs', ram);
const writes = readBlockLog(orders.log, orders.from, orders.to);
const start = fs.readFileSync(base);
const before = await onDisk(Buffer.from(start), lines);
/** Repeatable, and good enough to choose what is lost. */
let state = 8;
const random = (): number => {
  state = (state * 1103515245 + 12345) % 2147483648;
  return state / 2147483648;
};
/** By what arrived: a flush changes no disk, so that many a moment is another one again. */
const tried = new Map<string, { readonly locked: boolean; readonly problem: string | null }>();
for (let count = 1; count <= writes.length; count += orders.step) {
  const done = writes.slice(0, count);
  const flushed = done.findLastIndex(({ flush }) => flush);
  // At every second moment a part of what came after the last flush never arrived.
  const arrived = done.flatMap(({ durable, data }, at) =>
    data.length > 0 && (count % 2 === 0 || at <= flushed || durable || random() < 0.5) ? [at] : [],
  );
  const content = Buffer.from(start);
  for (const at of arrived) writes[at]?.data.copy(content, writes[at].at);
  const told =
    tried.get(arrived.join()) ??
    (await onDisk(content, async () => ({
      locked: fs.existsSync('/etc/subuid.lock'),
      problem: await problemOf(before),
    })));
  tried.set(arrived.join(), told);
  process.stdout.write(`${JSON.stringify({ count, of: writes.length, ...told })}\n`);
}
run('umount', ram);
