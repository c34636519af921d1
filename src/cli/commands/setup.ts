import { type Command, Option } from 'commander';
import { servicePlan } from '../../checks/service/setup-units.ts';
import { createLook } from '../../examine/look.ts';
import { serviceSetup } from '../../facts/rights/service-setup.ts';
import { identity } from '../../facts/target/identity.ts';
import { USUAL_NAME } from '../../facts/target/unit.ts';
import type { Opened } from '../../host/open.ts';
import { UsageError } from '../../host/usage-error.ts';
import type { SetupWish } from '../../model/look.ts';
import type { Report } from '../../model/say.ts';
import { visible } from '../../text/visible.ts';
import { addExamineOptions, questionOf } from '../call/examine-options.ts';
import { globalsOf } from '../call/globals.ts';
import { progressLine } from '../call/progress.ts';
import type { Session } from '../call/session.ts';
import { explainedText } from './explain.ts';
import { addConsentOptions, repair } from './fix.ts';

const ID = 'service/setup';

/** `bk-doctor setup`: from a ready host to a running service, and back. */
export function registerSetup(program: Command, session: Session): void {
  const what = 'Which service:';
  const command = program
    .command('setup')
    .summary('from a ready host to a running service: repair, write the unit, start, prove')
    .description(
      'Makes a systemd service of buildkitd: repairs what check finds, writes the unit, enables and starts it, waits until it is ready, and builds a small image with it. Shows everything and asks; bk-doctor undo takes all of it back.',
    )
    .addOption(
      new Option('--system', "a unit of the system's manager, for an account that does not log in").helpGroup(what),
    )
    .addOption(new Option('--socket', 'the first client starts it').helpGroup(what))
    .addOption(
      new Option(
        '--net <driver>',
        'network of rootlesskit: slirp4netns, pasta, gvisor-tap-vsock … or host (default: slirp4netns where it works, else host)',
      ).helpGroup(what),
    )
    .addOption(
      new Option('--name <name>', 'name of the unit; another one has a state directory and a socket of its own')
        .default(USUAL_NAME)
        .helpGroup(what),
    )
    .addOption(new Option('--clients', 'also tell the Docker CLI and the shell where it is').helpGroup(what))
    .addOption(new Option('--remove', 'take the service away; the cache is kept').helpGroup(what));
  addExamineOptions(addConsentOptions(command)).action(async (_options: unknown, command: Command) => {
    session.finish(await setup(session, command));
  });
}

interface Given {
  readonly system?: true;
  readonly socket?: true;
  readonly net?: string;
  readonly name: string;
  readonly clients?: true;
  readonly remove?: true;
}

function wishOf(given: Given): SetupWish {
  const { name, net = null } = given;
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,60}$/.test(name) || /\.(?:service|socket)$/.test(name))
    throw new UsageError(
      `--name: "${visible(name)}" is no name of a unit; write letters, digits, "_", "." and "-", without .service`,
    );
  if (net !== null && !/^[a-z][a-z0-9-]{0,30}$/.test(net))
    throw new UsageError(
      `--net: "${visible(net)}" is no network driver of rootlesskit; write slirp4netns, pasta, gvisor-tap-vsock or host`,
    );
  if (given.remove && (given.socket || given.clients || net !== null))
    throw new UsageError('--remove takes a service away: leave --socket, --net and --clients out');
  return {
    name,
    net,
    system: given.system ?? false,
    socket: given.socket ?? false,
    clients: given.clients ?? false,
    remove: given.remove ?? false,
  };
}

async function setup(session: Session, command: Command): Promise<number> {
  const { setupCatalog } = await import('../../setup-catalog.ts');
  const extended: Session = { ...session, catalog: [...session.catalog, ...setupCatalog] };
  const wish = wishOf(command.opts<Given>());
  const question = questionOf(command, extended.catalog);
  if (question.replay !== null || question.from !== null)
    throw new UsageError('setup makes a service on this host: leave --replay and --from out');
  const only = wish.remove ? [ID] : question.only;
  const asked = { ...question, only, request: { ...question.request, setup: wish } };
  const { code, report, opened } = await repair(extended, command, asked, ['setup', ...flagsOf(wish)]);
  if (report === null || opened === null || wish.remove) return code;
  const made = report.checks.find(({ id }) => id === ID);
  if (made?.status !== 'pass' && made?.status !== 'warn') {
    await explainFailure(session, report, opened, wish);
    return code === 0 ? 1 : code;
  }
  return (await proved(session, command, opened)) ? code : 1;
}

function flagsOf({ name, system, socket, net, clients, remove }: SetupWish): readonly string[] {
  return [
    ...(system ? ['--system'] : []),
    ...(socket ? ['--socket'] : []),
    ...(net === null ? [] : ['--net', net]),
    ...(name === USUAL_NAME ? [] : ['--name', name]),
    ...(clients ? ['--clients'] : []),
    ...(remove ? ['--remove'] : []),
  ];
}

/** What is started and ends has said why, in a journal that outlives the unit. */
async function explainFailure(session: Session, report: Report, { host }: Opened, wish: SetupWish): Promise<void> {
  const treated = report.treatments.find(({ check, result }) => check === ID && result === 'failed');
  if (treated === undefined) return;
  const { target } = host.identity;
  const name = `${wish.name}.service`;
  const match = [`_SYSTEMD_USER_UNIT=${name}`, `_UID=${target.uid}`, '+', `_SYSTEMD_UNIT=${name}`];
  const args = ['--no-pager', '--quiet', '--output=cat', '--lines=40', ...match];
  const told = await host.run('journalctl', args, 'self').catch(() => null);
  const [best] = told === null ? [] : await explainedText(told.stdout, session.catalog);
  const last = told?.stdout.trim().split('\n').at(-1) ?? '';
  if (best !== undefined)
    session.notice(`the journal of ${name} says "${visible(best.excerpt)}": ${best.definition} (${best.condition})`);
  else if (last !== '') session.notice(`the last line in the journal of ${name} is "${visible(last.slice(0, 300))}"`);
}

/** A build with the service itself. */
async function proved(session: Session, command: Command, opened: Opened): Promise<boolean> {
  const look = createLook({ host: opened.host, request: opened.request });
  const made = await look.get(serviceSetup);
  const plan = made === null ? null : servicePlan(made, await look.get(identity), opened.request);
  if (plan === null) return false;
  const line = progressLine(session, globalsOf(command).quiet);
  const { verify } = await import('../../verify/index.ts');
  const trial = await session
    .patiently(
      () => verify(opened, session.signal, (stage) => line.show(`building with the service: ${stage}`), plan.address),
      'the build with the service was ended',
    )
    .finally(() => line.clear());
  const failed = trial.stages.find(({ ok }) => !ok);
  if (failed === undefined) {
    session.notice(`an image was built with the service at ${plan.address}`);
    return true;
  }
  if (failed.message?.startsWith('missing: ') === true) {
    session.notice(`the service runs at ${plan.address}; no image was built with it (${failed.message})`);
    return true;
  }
  const why = [failed.message ?? failed.name, ...trial.log.slice(-3)].map(visible).join('; ');
  session.streams.stderr.write(`bk-doctor: the service runs, but a build with it failed: ${why}\n`);
  return false;
}
