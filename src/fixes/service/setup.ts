import type { SetupEvidence } from '../../checks/service/setup.ts';
import { type ServicePlan, servicePlan } from '../../checks/service/setup-units.ts';
import { asRead, type ServiceSetup, serviceSetup } from '../../facts/rights/service-setup.ts';
import type { UnitPlace } from '../../facts/rights/unit-edit.ts';
import { session } from '../../facts/start/session.ts';
import { identity } from '../../facts/target/identity.ts';
import { request } from '../../facts/target/request.ts';
import type { FactsOf } from '../../model/decide.ts';
import type { Identity } from '../../model/look.ts';
import type { Fix, Step, Treatment } from '../../model/plan.ts';
import { advice, tell } from '../advice.ts';
import { quoted } from '../quoted.ts';
import { enableLinger } from '../runtime/session-runtime.ts';
import { systemctl } from './drop-in.ts';

const needs = { identity, request, session, setup: serviceSetup };
type Facts = FactsOf<typeof needs>;

/** Writes the units, enables and starts them; or takes them away. Each step has its way back. */
export const setUpService: Fix<typeof needs, SetupEvidence> = {
  needs,
  title: 'Set up the service, or take it away',
  plan(problems, facts) {
    return problems.flatMap(({ evidence }, index): readonly Treatment[] => treat(evidence, index, facts));
  },
};

function treat({ kind, units, other, unit }: SetupEvidence, index: number, facts: Facts): readonly Treatment[] {
  const { setup, identity, request } = facts;
  if (setup === null) return [];
  const { place, wish } = setup;
  const user = place?.scope === 'user' ? '--user ' : '';
  switch (kind) {
    case 'no-programs':
      return [advice([index], 'Install what is missing, and call setup again')];
    case 'no-systemd':
      return [advice([index], ...withoutSystemd(other ?? ''))];
    case 'no-manager':
      return [advice([index], ...managerWords(other, identity))];
    case 'other-unit':
      return [
        advice(
          [index],
          `Keep ${other ?? 'it'}, and mend it with bk-doctor fix; or name another service, which has a state directory of its own:\nbk-doctor setup --name ${wish.name}-2`,
        ),
      ];
    case 'by-hand':
      return [advice([index], `Stop it when no build runs, and call setup again:\nkill ${other ?? ''}`)];
    case 'complaint':
      return [advice([index], `Ask systemd:\nsystemd-analyze ${user}verify ${unit}`)];
    case 'present':
      return place === null ? [] : [{ for: [index], risk: 'safe', steps: removal(setup, place, units) }];
    case 'differs':
    case 'not-up': {
      const plan = servicePlan(setup, identity, request);
      if (plan === null || place === null) return [];
      const replaces = units.filter((one) => setup.files[one] != null && kind === 'differs');
      const steps = installation(plan, place, facts, setup);
      return replaces.length === 0
        ? [{ for: [index], risk: 'safe', steps }]
        : [
            {
              for: [index],
              risk: 'risky',
              consequence: `What stands in ${replaces.join(' and ')} is replaced, and a buildkitd that runs by it is started anew.`,
              steps,
            },
          ];
    }
  }
}

function installation(plan: ServicePlan, place: UnitPlace, facts: Facts, setup: ServiceSetup): readonly Step[] {
  const { as, owner, directory } = place;
  const written = plan.units.filter(({ name, text }) => asRead(setup.files[name]?.text ?? '') !== asRead(text));
  const ran = plan.started.filter((name) => setup.states[name]?.active === 'active');
  const made: Step = { do: 'directory', as, path: directory, mode: 0o755, owner };
  const puts = written.map(
    ({ name, text }): Step => ({
      do: 'edit',
      as,
      path: `${directory}/${name}`,
      expects: setup.files[name]?.digest ?? null,
      edit: { edit: 'whole', text },
      mode: 0o644,
      owner,
    }),
  );
  const call = (words: readonly string[], undo: readonly string[] | null, why: string): Step =>
    systemctl(place, words, undo, why);
  const reload = (why: string): Step => call(['daemon-reload'], ['daemon-reload'], why);
  return [
    ...lingering(facts, place, setup),
    // What ran before runs again after an undo.
    ...(ran.length > 0 && written.length > 0
      ? [call(['daemon-reload'], ['restart', ...ran], 'Let systemd read its units as they are')]
      : []),
    ...(written.length > 0 ? [reload('Let systemd read its units as they are (and again after an undo)')] : []),
    ...(setup.placeMissing ? [made] : []),
    ...puts,
    ...(written.length > 0 ? [reload('Let systemd read the new units')] : []),
    ...plan.enabled
      .filter((name) => setup.states[name]?.file !== 'enabled')
      .map((name) =>
        call(
          ['enable', name],
          ['disable', name],
          `Let ${name} start at every boot${place.scope === 'user' ? ' or login' : ''}`,
        ),
      ),
    ...plan.started.map((name) =>
      ran.includes(name)
        ? call(['restart', name], null, `Start ${name} anew, and wait until it is ready`)
        : call(['start', name], ['stop', name], `Start ${name}, and wait until it is ready`),
    ),
    ...clients(plan, facts, setup),
  ];
}

/** A user's manager has to run, and to go on after a logout; only root may see to that. */
function lingering({ identity, session }: Facts, place: UnitPlace, setup: ServiceSetup): readonly Step[] {
  const { self, target } = identity;
  const { loginctl, linger } = session;
  if (place.scope !== 'user' || self.uid !== 0 || target.name === null || loginctl === null || !setup.logind) return [];
  const lingers =
    linger === true
      ? []
      : [
          enableLinger(
            loginctl,
            target.name,
            `Keep the systemd of ${target.name} running after a logout, and at every boot`,
          ),
        ];
  const start: Step = {
    do: 'run',
    as: 'root',
    argv: ['systemctl', 'start', `user@${target.uid}.service`],
    undo: null,
    why: `Wait until the systemd of ${target.name} runs`,
  };
  return [...lingers, ...(place.runs ? [] : [start])];
}

/** How clients find it; with --clients the Docker CLI and the shell are told. */
function clients(plan: ServicePlan, { identity }: Facts, { wish, programs, profile }: ServiceSetup): readonly Step[] {
  const { address, usual } = plan;
  const name = wish.name;
  const words = [
    `Clients find it at ${address}${usual ? ', where buildctl of this account looks anyway' : ''}`,
    ...(usual ? [] : [`export BUILDKIT_HOST=${quoted(address)}`]),
    `buildctl --addr ${quoted(address)} debug workers`,
    `docker buildx create --name ${name} --driver remote ${quoted(address)}`,
  ];
  if (!wish.clients) return [tell(words.join('\n'))];
  const { target } = identity;
  const docker: Step = {
    do: 'run',
    as: 'target',
    argv: ['docker', 'buildx', 'create', '--name', name, '--driver', 'remote', address],
    undo: ['docker', 'buildx', 'rm', '--force', name],
    why: `Tell the Docker CLI of the builder ${name}`,
  };
  const shell: Step = {
    do: 'edit',
    as: 'target',
    path: `${target.home ?? ''}/.profile`,
    expects: profile?.digest ?? null,
    edit: { edit: 'append', line: `export BUILDKIT_HOST=${quoted(address)}` },
    mode: 0o644,
    owner: { uid: target.uid, gid: target.gid },
  };
  return [
    ...(programs.docker === null ? [] : [docker]),
    ...(usual || target.home === null ? [] : [shell]),
    tell(words.join('\n')),
  ];
}

/** The cache stays. */
function removal(setup: ServiceSetup, place: UnitPlace, units: readonly string[]): readonly Step[] {
  const call = (words: readonly string[], undo: readonly string[] | null, why: string): Step =>
    systemctl(place, words, undo, why);
  const state = (name: string) => setup.states[name];
  // What a socket would start again comes last.
  const order = [...units].sort((a, b) => Number(b.endsWith('.socket')) - Number(a.endsWith('.socket')));
  const files = units.flatMap((name): readonly Step[] => {
    const file = setup.files[name];
    return file == null
      ? []
      : [{ do: 'remove', as: place.as, path: `${place.directory}/${name}`, expects: file.digest }];
  });
  return [
    ...(place.runs ? order : []).flatMap((name) => [
      ...(state(name)?.active === 'active' ? [call(['stop', name], ['start', name], `Stop ${name}`)] : []),
      ...(state(name)?.file === 'enabled'
        ? [call(['disable', name], ['enable', name], `Let ${name} start no more`)]
        : []),
    ]),
    ...(place.runs ? [call(['daemon-reload'], ['daemon-reload'], 'Let systemd read its units as they are')] : []),
    ...files,
    ...(place.runs ? [call(['daemon-reload'], ['daemon-reload'], 'Let systemd forget the units')] : []),
    tell('The cache and the configuration are kept'),
  ];
}

function withoutSystemd(command: string): readonly string[] {
  return [
    `Let what supervises services here start it, as this account:\n${command}`,
    'OpenRC: a script in /etc/init.d with supervisor=supervise-daemon, command=, command_args= and command_user=, then rc-update add buildkit default',
    'runit: a directory /etc/sv/buildkit with a file "run" that does "exec chpst -u NAME" before that line, linked into /var/service',
    'In a container: bk-doctor template docker prints a file that starts the image of BuildKit and starts it again when it ends',
  ];
}

function managerWords(scope: string | null, { target }: Identity): readonly string[] {
  if (scope !== 'user') return ['Ask what is the matter with it:\nsystemctl is-system-running'];
  const name = target.name ?? String(target.uid);
  return [
    `As root, start it, now and at every boot:\nloginctl enable-linger ${name}`,
    `Or make it a service of the system's, which needs no login:\nsudo bk-doctor setup --system --user ${name}`,
  ];
}
