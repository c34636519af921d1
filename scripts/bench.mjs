#!/usr/bin/env node
// Whole-process times and peak memory, as ratios to `node -e 0` in one run. Usage: npm run bench [-- --runs N] [--entries N] [--user NAME] [--log MB] [--dockerfiles N] [--manifests N]
// Root measures for an ordinary account: the named one, that of sudo, or the first in /etc/subuid.
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '15' },
    entries: { type: 'string', default: '1000000' },
    user: { type: 'string' },
    log: { type: 'string', default: '200' },
    dockerfiles: { type: 'string', default: '10000' },
    manifests: { type: 'string', default: '3000' },
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
  `import { writeFileSync } from 'node:fs';\nprocess.on('exit', () => { if (process.env.METER) { const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage(); writeFileSync(process.env.METER, maxRSS + ' ' + (userCPUTime + systemCPUTime)); } });\n`,
);

const isRoot = process.getuid() === 0;
const user = values.user ?? (isRoot ? (process.env.SUDO_USER ?? firstWithSubids()) : undefined);
// Only what a login has: options of this shell for Node would be measured as well.
const [, , uid, gid, , home] = user === undefined ? [] : passwd(user);
const account = uid === undefined ? {} : { uid: Number(uid), gid: Number(gid) };
const clean = {
  PATH: process.env.PATH,
  HOME: home ?? process.env.HOME,
  USER: user ?? process.env.USER,
  LANG: 'C.UTF-8',
  ...(uid === undefined ? {} : { XDG_RUNTIME_DIR: `/run/user/${uid}` }),
};

function firstWithSubids() {
  const names = existsSync('/etc/subuid') ? readFileSync('/etc/subuid', 'utf8').split('\n') : [];
  return names.map((line) => line.split(':')[0]).find((name) => name !== '' && spawnSync('id', [name]).status === 0);
}

function passwd(name) {
  const found = spawnSync('getent', ['passwd', name], { encoding: 'utf8' });
  if (found.status !== 0) throw new Error(`there is no user ${name}`);
  return found.stdout.trim().split(':');
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
let base = 1;
const present = (name) => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;

function measure(argv, env = {}) {
  const [file, ...args] = argv;
  const started = process.hrtime.bigint();
  const ran = spawnSync(file, args, { stdio: 'ignore', cwd: '/', env: { ...clean, ...env }, ...account });
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
  if (runs > 0) startTimes();
  if (isRoot && user === undefined)
    console.log('\nNo account has subordinate ids: the rows are those of root, without the look through a cache.');
  else if (entries > 0) ownership();
  if (Number(values.dockerfiles) > 0) dockerfiles(Number(values.dockerfiles));
  if (Number(values.manifests) > 0) manifests(Number(values.manifests));
  if (Number(values.log) > 0) await explained(Number(values.log));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Whole calls beside each other. */
function startTimes() {
  // Rows take turns, so that a slow moment of the machine meets all of them.
  const times = new Map(rows.map(([name]) => [name, []]));
  for (let turn = -2; turn < runs; turn++) {
    for (const [name, argv] of rows) {
      const time = measure(argv);
      if (turn >= 0) times.get(name).push(time);
    }
  }
  base = median(times.get('node -e 0'));
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
      memory = String(Math.round(Number.parseInt(readFileSync(file, 'utf8'), 10) / 1024));
    }
    console.log(`| ${name} | ${time.toFixed(0)} | ${(time / base).toFixed(1)} | ${memory} |`);
  }
}

/** The whole examination of a cache's owners, where root can as root for that user, against find printing every owner. */
function ownership() {
  const tree = join(scratch, 'cache');
  const perDirectory = 100;
  for (let directory = 0; directory < entries / perDirectory; directory++) {
    const at = join(tree, String(directory % 50), String(directory));
    mkdirSync(at, { recursive: true });
    for (let file = 1; file < perDirectory; file++) writeFileSync(join(at, String(file)), '');
  }
  chmodSync(scratch, 0o755);
  if (isRoot) {
    spawnSync('chown', ['-R', `${uid}:${gid}`, tree]);
    chownSync(join(tree, '0'), 0, 0);
  }
  const whose = isRoot ? ['--user', user] : [];
  const ours = ['check', '--only', 'storage/ownership', ...whose, '--root', tree, '--json'];
  const plain = ['find', tree, '-xdev', '-printf', '%U:%G\\n'];
  const pairs = Array.from({ length: 6 }, () => [time(plain), time([process.execPath, bin, ...ours])]).slice(1);
  const [all, whole] = [median(pairs.map(([a]) => a)), median(pairs.map(([, b]) => b))];
  const ratio = median(pairs.map(([a, b]) => b / a));
  console.log(
    `\n\`bk-doctor check --only storage/ownership\` on ${entries} entries: ${whole.toFixed(0)} ms, ${ratio.toFixed(2)} × \`find -xdev -printf '%U:%G'\` (${all.toFixed(0)} ms)`,
  );

  function time([file, ...args]) {
    const started = process.hrtime.bigint();
    spawnSync(file, args, { stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 30, env: clean });
    return Number(process.hrtime.bigint() - started) / 1e6;
  }
}

/** So many Dockerfiles of a common kind, each another one; in one in fifty something is found. */
function dockerfiles(count) {
  const tree = join(scratch, 'dockerfiles');
  for (let at = 0; at < count; at++) {
    const folder = join(tree, String(at));
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, 'Dockerfile'),
      [
        `# syntax=docker/dockerfile:1`,
        `ARG VERSION=${at}`,
        'FROM --platform=$BUILDPLATFORM golang:1.25 AS build',
        'WORKDIR /src',
        'COPY go.mod go.sum ./',
        'RUN --mount=type=cache,target=/go/pkg/mod go mod download',
        'COPY . .',
        'ARG TARGETOS TARGETARCH VERSION',
        'RUN --mount=type=cache,target=/root/.cache/go-build \\',
        '    GOOS=$TARGETOS GOARCH=$TARGETARCH go build -ldflags "-X main.version=$VERSION" -o /out/app ./cmd/app',
        `FROM debian:stable-slim`,
        'RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*',
        'COPY --from=build --chmod=755 /out/app /usr/bin/app',
        at % 50 === 0 ? 'COPY --parnets a /b' : 'USER 65532:65532',
        'EXPOSE 8080/tcp',
        'ENTRYPOINT ["/usr/bin/app"]',
        '',
      ].join('\n'),
    );
  }
  chmodSync(scratch, 0o755);
  const { took } = timed([bin, 'lint', '--json', '--buildkit', 'v0.32.0', tree]);
  console.log(
    `\n\`bk-doctor lint\` of ${count} Dockerfiles: ${took.toFixed(1)} s (${Math.round(count / took)} a second)`,
  );
}

/** So many manifests of which every one, and of which one in five, runs BuildKit; half of those with something to be found. */
function manifests(count) {
  const manifest = (at, isOurs) =>
    [
      'apiVersion: apps/v1',
      'kind: Deployment',
      `metadata: {name: ${isOurs ? 'buildkitd' : 'web'}-${at}, namespace: ci}`,
      'spec:',
      '  replicas: 1',
      '  selector: {matchLabels: {app: one}}',
      '  template:',
      '    metadata: {labels: {app: one}}',
      '    spec:',
      '      containers:',
      `        - name: ${isOurs ? 'buildkitd' : 'web'}`,
      `          image: ${isOurs ? 'moby/buildkit:v0.32.0-rootless' : 'nginx:1.29'}`,
      ...(isOurs && at % 2 === 0 ? ['          args: [--oci-worker-no-process-sandbox]'] : []),
      '          readinessProbe:',
      `            exec: {command: [${isOurs ? 'buildctl, debug, workers' : 'curl, localhost'}]}`,
      '            initialDelaySeconds: 5',
      '          securityContext:',
      '            seccompProfile: {type: Unconfined}',
      '            appArmorProfile: {type: Unconfined}',
      `            runAsUser: ${at % 10 === 0 ? 2000 : 1000}`,
      '          volumeMounts:',
      '            - {name: state, mountPath: /home/user/.local/share/buildkit}',
      '      volumes:',
      '        - name: state',
      '          emptyDir: {}',
      '',
    ].join('\n');
  for (const every of [1, 5]) {
    const tree = join(scratch, `manifests-${every}`);
    for (let at = 0; at < count; at++) {
      const folder = join(tree, String(at % 50));
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, `${at}.yaml`), manifest(at, at % every === 0));
    }
    chmodSync(scratch, 0o755);
    const { took, cpu } = timed([bin, 'lint', '--json', tree]);
    const which = every === 1 ? 'all with BuildKit' : `one in ${every} with BuildKit`;
    console.log(
      `\n\`bk-doctor lint\` of ${count} manifests, ${which}: ${took.toFixed(1)} s (${((took * 1e3) / base).toFixed(0)} × \`node -e 0\`), ${cpu.toFixed(1)} s of a processor (${Math.round(count / cpu)} a second)`,
    );
  }
}

/** Seconds that a call of Node takes as a whole, and of a processor. */
function timed(argv) {
  const file = join(scratch, 'meter');
  writeFileSync(file, '');
  const started = process.hrtime.bigint();
  spawnSync(process.execPath, ['--import', meter, ...argv], { stdio: 'ignore', env: { ...clean, METER: file } });
  const took = Number(process.hrtime.bigint() - started) / 1e9;
  return { took, cpu: Number(readFileSync(file, 'utf8').split(' ')[1]) / 1e6 };
}

/** A log of so many megabytes, against grep -F with the same words. */
async function explained(megabytes) {
  const { runnerImport } = await import('vite');
  const { module } = await runnerImport(fileURLToPath(new URL('../src/symptoms/knowledge.ts', import.meta.url)));
  const words = new Set(module.knowledgeOf().signatures.map(({ signature }) => signature.anchor));
  const [log, list] = [join(scratch, 'build.log'), join(scratch, 'words')];
  writeFileSync(list, [...words].join('\n'));
  const line = (at) =>
    `2026-01-01T00:00:00.${at % 1000}Z #${at % 40} ${(at % 977) / 10} Get:${at} http://archive.ubuntu.com noble/main amd64 package-${at * 7919} [${at} kB]\n`;
  const piece = Array.from({ length: 10_000 }, (_none, at) => line(at)).join('');
  writeFileSync(log, '');
  for (let size = 0; size < megabytes * 1e6; size += piece.length) appendFileSync(log, piece);
  appendFileSync(log, 'buildkitd: could not lock /root/x/buildkitd.lock, another instance running?\n');
  const file = join(scratch, 'rss');
  // Processor time, which other work on the machine lengthens least. grep ends at its first hit where nobody reads it.
  const [ours, grep, exact] = [
    [process.execPath, '--import', meter, bin, 'explain', log],
    ['grep', '-c', '-i', '-F', '-f', list, log],
    ['grep', '-c', '-F', '-f', list, log],
  ].map((argv) => {
    const { stderr } = spawnSync('bash', ['-c', 'TIMEFORMAT="%U %S"; time "$@" 2>/dev/null', 'time', ...argv], {
      encoding: 'utf8',
      env: { ...clean, LANG: 'C', METER: file },
    });
    return stderr
      .trim()
      .split(' ')
      .reduce((sum, seconds) => sum + Number(seconds), 0);
  });
  const memory = Math.round(Number.parseInt(readFileSync(file, 'utf8'), 10) / 1024);
  console.log(
    `\n\`bk-doctor explain\` of ${megabytes} MB: ${ours.toFixed(1)} s of processor time (${Math.round(megabytes / ours)} MB/s), ${memory} MB of memory; with the same ${words.size} words \`grep -i -F\`: ${grep.toFixed(1)} s, \`grep -F\`: ${exact.toFixed(1)} s`,
  );
}
