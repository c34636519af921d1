#!/usr/bin/env node
// Whole-process times and peak memory, as ratios to `node -e 0` in one run. Usage: npm run bench [-- --runs N] [--entries N] [--user NAME]
import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '15' },
    entries: { type: 'string', default: '200000' },
    user: { type: 'string' },
  },
});
const runs = Number(values.runs);
const entries = Number(values.entries);
const bin = fileURLToPath(new URL('../bin/bk-doctor.js', import.meta.url));
const scratch = mkdtempSync('/var/tmp/bk-doctor-bench-');
// Written at exit by the measured Node process itself.
const meter = join(scratch, 'meter.mjs');
writeFileSync(
  meter,
  `import { writeFileSync } from 'node:fs';\nprocess.on('exit', () => { if (process.env.METER) writeFileSync(process.env.METER, String(process.resourceUsage().maxRSS)); });\n`,
);

// Only what a login has: options of this shell for Node would be measured as well.
const clean = Object.fromEntries(
  ['PATH', 'HOME', 'USER', 'XDG_RUNTIME_DIR', 'LANG'].flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]]],
  ),
);

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const present = (name) => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
// As root, measure what an ordinary user would: drop to one that is named.
const as =
  values.user === undefined ? [] : ['setpriv', '--reuid', values.user, '--regid', values.user, '--init-groups'];

function measure(argv, env = {}) {
  const [file, ...args] = argv;
  const started = process.hrtime.bigint();
  const ran = spawnSync(file, args, { stdio: 'ignore', env: { ...clean, ...env }, ...as });
  if (ran.error) throw ran.error;
  return Number(process.hrtime.bigint() - started) / 1e6;
}

const rows = [
  ['node -e 0', [process.execPath, '-e', '0']],
  ['bk-doctor check --no-probe', [process.execPath, bin, 'check', '--no-probe']],
  ['bk-doctor check', [process.execPath, bin, 'check']],
  ['bk-doctor check --json', [process.execPath, bin, 'check', '--json']],
  ...(present('rootlesskit') ? [['rootlesskit true', ['rootlesskit', 'true']]] : []),
  ...(present('podman') ? [['podman info', ['podman', 'info']]] : []),
  ...(present('dockerd-rootless-setuptool.sh')
    ? [['dockerd-rootless-setuptool.sh check', ['dockerd-rootless-setuptool.sh', 'check', '--skip-iptables']]]
    : []),
  ...(present('containerd-rootless-setuptool.sh')
    ? [['containerd-rootless-setuptool.sh check', ['containerd-rootless-setuptool.sh', 'check']]]
    : []),
];

try {
  // Rows take turns, so that a slow moment of the machine meets all of them.
  const times = new Map(rows.map(([name]) => [name, []]));
  for (let turn = -2; turn < runs; turn++) {
    for (const [name, argv] of rows) {
      const time = measure(argv);
      if (turn >= 0) times.get(name).push(time);
    }
  }
  const base = median(times.get('node -e 0'));
  console.log('| command | median, ms | × node -e 0 | peak memory, MB |');
  console.log('|---|---|---|---|');
  for (const [name, argv] of rows) {
    const time = median(times.get(name));
    let memory = '';
    if (argv[0] === process.execPath) {
      const file = join(scratch, 'rss');
      writeFileSync(file, '');
      spawnSync('chmod', ['666', file]);
      spawnSync('chmod', ['755', scratch]);
      measure([argv[0], '--import', meter, ...argv.slice(1)], { METER: file });
      memory = String(Math.round(Number(readFileSync(file, 'utf8')) / 1024));
    }
    console.log(`| ${name} | ${time.toFixed(0)} | ${(time / base).toFixed(1)} | ${memory} |`);
  }
  if (entries > 0 && process.getuid() === 0) ownership();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** The survey of a cache as root makes it, against find printing every owner. */
function ownership() {
  const tree = join(scratch, 'cache');
  const perDirectory = 100;
  for (let directory = 0; directory < entries / perDirectory; directory++) {
    const at = join(tree, String(directory % 50), String(directory));
    mkdirSync(at, { recursive: true });
    for (let file = 1; file < perDirectory; file++) writeFileSync(join(at, String(file)), '');
  }
  spawnSync('chown', ['-R', '100000:100000', tree]);
  chownSync(join(tree, '0'), 0, 0);
  const ours = [
    'find',
    tree,
    '-xdev',
    '!',
    '(',
    '(',
    '-uid',
    '1000',
    '-o',
    '-uid',
    '+99999',
    '-uid',
    '-165536',
    ')',
    '(',
    '-gid',
    '1000',
    '-o',
    '-gid',
    '+99999',
    '-gid',
    '-165536',
    ')',
    ')',
    '-printf',
    '%y\\t%U\\t%G\\t%n\\t%p\\0',
  ];
  const plain = ['find', tree, '-xdev', '-printf', '%U:%G\\n'];
  const pairs = Array.from({ length: 5 }, () => [time(plain), time(ours)]).slice(1);
  const [all, foreign] = [median(pairs.map(([a]) => a)), median(pairs.map(([, b]) => b))];
  console.log(
    `\nOwnership of ${entries} entries: ${foreign.toFixed(0)} ms, ${(foreign / all).toFixed(2)} × find -xdev -printf '%U:%G' (${all.toFixed(0)} ms)`,
  );

  function time([file, ...args]) {
    const started = process.hrtime.bigint();
    spawnSync(file, args, { stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 30 });
    return Number(process.hrtime.bigint() - started) / 1e6;
  }
}
