import { describe, expect, test } from 'vitest';
import { canMakeWorlds, type Done, missingTools, World } from '../e2e/world.ts';
import { FORMS, type Form, version } from './forms.ts';

/** The commands that the program tells a person to type. */
const printedIn = (text: string): readonly string[] =>
  text
    .replaceAll('\n  ', ' ')
    .split('\n')
    .flatMap((line) => /^(?:Next|To undo|then): (?:.*then: )?(.*)$/.exec(line)?.[1] ?? []);

const CONFIG = '[worker.oci]\n  maxparallelism = 3\n';
const FOLDER = '/usr/local/lib/bk-doctor/bk-doctor';
const hasDaemon = missingTools(['buildkitd', 'buildctl']).length === 0;

function everyday(world: World, { start, printed = start, root: administrators = start }: Form): void {
  const words = (args: string): readonly string[] => ['sh', '-c', `exec ${start} ${args}`];
  const root = (args: string): Done => world.asRoot(words(args), { timeout: 120_000 });
  const alice = (args: string): Done => world.asUser(words(args), { timeout: 120_000 });
  const goesOn = (text: string): void => {
    const commands = printedIn(text);
    expect(commands, text).not.toEqual([]);
    for (const command of commands) {
      const named = command.split(/[ ']/).filter((word) => /(^|\/)(bk-doctor|bk-doctor\.js|bkd)$/.test(word));
      expect(named, command).toHaveLength(1);
      expect([printed, administrators, `/usr/bin/${start}`, `/usr/local/bin/${start}`, FOLDER]).toContain(named[0]);
    }
  };

  expect(alice('--version')).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
  expect(alice('show idmap/ranges').stdout).toContain('/etc/subuid');
  expect(alice('completion bash').stdout).toContain('complete -F _bk_doctor bk-doctor');
  // Where an administrator would have it.
  world.script(`ln -s /usr/local/lib/bk-world/buildkit/* /usr/local/bin/ 2>/dev/null || true
    sed -i '/^alice:/d' /etc/subuid /etc/subgid
    mkdir -p ~alice/.config/buildkit; printf '${CONFIG.replaceAll('\n', '\\n')}' >~alice/.config/buildkit/buildkitd.toml
    chown -R alice: ~alice/.config`);

  const ailing = alice('check');
  expect(ailing, ailing.stderr).toMatchObject({ code: 1, stderr: '' });
  expect(ailing.stdout).toContain('alice has no range in /etc/subuid');
  goesOn(ailing.stdout);

  // Root looks through a process that has become alice, changes what is root's, and edits hers as her.
  const treated = root('fix --yes --user alice');
  expect(treated.stdout, treated.stderr).toContain('cured  idmap/ranges');
  expect(treated.stdout).toContain('cured  config/buildkitd');
  goesOn(treated.stdout);
  const file = world.script(
    'stat -c %U ~alice/.config/buildkit/buildkitd.toml; cat ~alice/.config/buildkit/buildkitd.toml',
  );
  expect(file).toBe(`alice\n${CONFIG.replace('maxparallelism', 'max-parallelism')}`);
  const report = JSON.parse(root('check --json --user alice').stdout);
  expect(report.target).toMatchObject({ user: 'alice', uid: 4242 });
  const statuses = Object.fromEntries(
    report.checks.map((check: { id: string; status: string }) => [check.id, check.status]),
  );
  expect(statuses).toMatchObject({ 'idmap/ranges': 'pass', 'userns/probe': 'pass', 'snapshotter/overlayfs': 'pass' });
  expect(Object.entries(statuses).filter(([, status]) => status === 'unknown')).toEqual([]);

  if (hasDaemon) {
    const verified = root('verify --user alice');
    expect(verified.stdout, verified.stderr).toContain('PASSED');
  }
  expect(root('history').stdout).toContain('idmap/ranges');
  const undone = root('undo');
  expect(undone, undone.stderr).toMatchObject({ code: 0 });
  expect(world.script('cat ~alice/.config/buildkit/buildkitd.toml; grep -c ^alice: /etc/subuid || true')).toBe(
    `${CONFIG}0\n`,
  );
}

describe.skipIf(!canMakeWorlds())('what a person does every day', () => {
  test.each(FORMS)('$name', { timeout: 300_000 }, (form) => {
    const world = new World();
    try {
      const before = `export OUT=/usr/local/lib/bk-world/checkout/out SCRATCH=${world.scratch}; cd /; `;
      // Its own changes to files of dpkg, rpm and man are theirs.
      const ours = (): string =>
        world.script(`find /usr /etc -xdev -name '*bk[-_]doctor*' -o -xdev -name bkd | grep -v bk-world | sort`);
      const clean = ours();
      world.script(before + form.install);
      expect(ours()).not.toBe(clean);
      everyday(world, form);
      world.script(before + form.uninstall);
      expect(ours()).toBe(clean);
    } finally {
      world.close();
    }
  });

  test('npx says that it was npx, and of what', { timeout: 120_000 }, () => {
    const world = new World();
    try {
      const file = `/usr/local/lib/bk-world/checkout/out/bk-doctor-${version}.tgz`;
      const done = world.asRoot(
        ['sh', '-c', `cd /; npx --yes --offline --package=${file} bk-doctor check --no-probe`],
        {
          env: { HOME: world.scratch, npm_config_update_notifier: 'false' },
          timeout: 100_000,
        },
      );
      expect(printedIn(done.stdout).join('\n'), done.stderr).toContain(`npx --package=${file} bk-doctor `);
    } finally {
      world.close();
    }
  });
});
