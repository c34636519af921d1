import { describe, expect, test } from 'vitest';
import type { HostReader } from '../../src/model/look.ts';
import type { Report } from '../../src/model/say.ts';
import { Unanswered } from '../../src/model/unseen.ts';
import { assessed } from '../assessed.ts';
import type { Machine } from '../hosts/machine.ts';
import { MACHINES, openMachine } from '../hosts/machines.ts';
import { oneIn } from '../thoroughly.ts';

/**
 * Looks without which a host may be called ready, and why. Whatever is not named here decides: not answered, it makes the
 * verdict unknown.
 */
const DECIDES_NOTHING: readonly (readonly [why: string, question: RegExp])[] = [
  [
    'values at the next boot',
    /"(\/etc|\/run|\/usr\/lib|\/usr\/local\/lib|\/lib)\/sysctl\.d\b|\/proc\/cmdline"|"\/etc\/(init\.d\/|sv|runit)|\/openrc"/,
  ],
  ['what machine this is', /"\/proc\/(cpuinfo|meminfo|sys\/kernel\/hostname)"|"\/sys\/(class\/dmi|hypervisor)\//],
  ['which AppArmor profiles are loaded: the launch, which is really tried, shows what they do', /apparmor\/profiles"/],
  ['of clients: their checks are unknown by themselves', /docker|^\["probe","connect"/],
  [
    'limits of a session, whose check is unknown by itself',
    /"\/proc\/(key-users|self\/limits|self\/cgroup)"|"\/(etc|usr\/[a-z]+)\/(pam\.d|security)\b|\/proc\/sys\/kernel\/keys\/|"\/sys\/fs\/cgroup\//,
  ],
  [
    'that a buildkitd.toml lies where nobody reads it',
    /^\["stat","(\/etc|(\/home\/\w+|\/root)\/\.config)\/.*buildkitd\.toml"/,
  ],
  [
    'what a fix has dropped in before, and where a unit is enabled: the directory above tells whether it is there',
    /^\["list","[^"]*\/(buildkit\.(service|socket)\.d|multi-user\.target\.wants)"/,
  ],
  ['who may change the configuration, for a fix', /^\["stat","(\/home\/\w+\/\.config|\/etc)\/buildkit"/],
];
/** Root needs no leave to make user namespaces, and is not asked whether it has. */
const OF_USERS = /userns|user_namespace|parameters\/(enable|enabled|unpriv_enable)"|\/ns\/mnt"/;

type Question = readonly [verb: string, ...args: readonly unknown[]];
const named = (question: Question): string => JSON.stringify(question.slice(0, 4));

/** The same host, which keeps what it is asked, and does not answer one question. */
function without(host: HostReader, unanswered: string | null): { host: HostReader; asked: Set<string> } {
  const asked = new Set<string>();
  const get = (target: HostReader, verb: keyof HostReader & string): unknown => {
    const value: unknown = target[verb];
    if (typeof value !== 'function' || verb === 'now' || verb === 'env') return value;
    return async (...args: readonly unknown[]) => {
      const name = named([verb, ...args]);
      asked.add(name);
      if (name === unanswered) throw new Unanswered(`${name} was not answered`);
      return (value as (...args: readonly unknown[]) => unknown).apply(target, [...args]);
    };
  };
  return { host: new Proxy(host, { get } as ProxyHandler<HostReader>), asked };
}

const machine = (id: string): Machine => {
  const found = MACHINES.find((one) => one.id === id);
  if (found === undefined) throw new Error(`${id} is no machine`);
  return found;
};
const HOSTS: { readonly [name: string]: Machine } = {
  'an ordinary user': machine('H02'),
  'a user with a unit of its own': {
    ...machine('H02'),
    id: 'unit',
    like: 'H02',
    listing: `
      /home/alice -> directory 0755 1000:1000
      /home/alice/.config/systemd/user -> directory 0755 1000:1000
      /home/alice/.config/systemd/user/buildkit.service -> [Service]⏎Environment=XDG_RUNTIME_DIR=/run/user/1000⏎ExecStart=/usr/bin/rootlesskit /usr/bin/buildkitd --root /home/alice/cache
    `,
  },
  root: machine('H32'),
  'SELinux enforcing': machine('H14'),
  'fuse-overlayfs': machine('H08-fuse'),
  'a pod': machine('H39'),
};

/** What is examined, as far as it is told: a part that is not known is told to be so. */
function changed(before: Report, { target }: Report): readonly string[] {
  return (['mode', 'user', 'launcher', 'unit', 'config', 'root', 'addresses', 'environment'] as const).filter(
    (part) => JSON.stringify(target[part]) !== JSON.stringify(before.target[part]),
  );
}

describe.each(Object.entries(HOSTS))('%s', (_, one) => {
  test('a look that nobody answers is absence for no check, and leads to no other target', {
    timeout: 120_000,
  }, async () => {
    const { host, request } = openMachine(one);
    const first = without(host, null);
    const before = await assessed(first.host, request);
    expect(before.verdict.ready).toBe(true);
    expect(first.asked.size).toBeGreaterThan(100);
    const wrong: string[] = [];
    const part = one === HOSTS['a user with a unit of its own'] ? oneIn(4) : 2 * oneIn(4);
    for (const [index, name] of [...first.asked].sort().entries()) {
      if (index % part !== 0) continue;
      const report = await assessed(without(host, name).host, request);
      const other = changed(before, report);
      // Another mistake than readiness, and as bad: a fault that nobody saw.
      if (report.verdict.level === 'not-ready') wrong.push(`not-ready: ${name}`);
      if (report.verdict.ready === null) continue;
      if (other.length > 0) wrong.push(`another ${other.join(' and ')}: ${name}`);
      if (one.mode === 'rootful' && OF_USERS.test(name)) continue;
      if (!DECIDES_NOTHING.some(([, question]) => question.test(name))) wrong.push(`${report.verdict.level}: ${name}`);
    }
    expect(wrong).toEqual([]);
  });
});
