import { type Command, Option } from 'commander';
import { assess, isSelected } from '../../examine/assess.ts';
import { createLook } from '../../examine/look.ts';
import { rights } from '../../facts/rights/rights.ts';
import type { Opened } from '../../host/open.ts';
import { UsageError } from '../../host/usage-error.ts';
import type { HostReader } from '../../model/look.ts';
import type { Report, TreatmentReport } from '../../model/say.ts';
import { reasonOf, Unseen } from '../../model/unseen.ts';
import { exitCode } from '../../report/exit-code.ts';
import type { Chosen } from '../../report/plan.ts';
import type { Commands } from '../../report/summary.ts';
import { roundText, stoppedText, unchangedText } from '../../report/treated.ts';
import { maskText } from '../../secrets/text.ts';
import { visible } from '../../text/visible.ts';
import type { Preview, TreatEvent, TreatOptions } from '../../treat/options.ts';
import { type Destination, destinationOf, sendReport } from '../call/answer.ts';
import { appearanceOf } from '../call/appearance.ts';
import { addExamineOptions, type Question, questionOf } from '../call/examine-options.ts';
import { type Globals, globalsOf, refuseRedact } from '../call/globals.ts';
import { callOf, commandsOf } from '../call/own-commands.ts';
import { examined, type ProgressLine, progressLine } from '../call/progress.ts';
import { recordingFile, takeDown } from '../call/recording-file.ts';
import { chosenForScript } from '../call/script-choice.ts';
import { Interrupted, type Session } from '../call/session.ts';
import { open } from './check.ts';

const CUT_SHORT =
  'it was ended before it was done: what was being changed then, the next run of fix, or bk-doctor undo, undoes';

interface Wishes {
  readonly yes: boolean;
  readonly risky: boolean;
  readonly plan: 'dry-run' | 'script' | null;
}

/** `bk-doctor fix`: plans, shows, asks, applies and examines again. */
export function registerFix(program: Command, session: Session): void {
  const command = program
    .command('fix')
    .summary('repair what check finds: plan, show, ask, apply, examine again')
    .description(
      'Repairs what check finds. Shows each change with its diff and asks; every change is journaled and can be undone with bk-doctor undo.',
    );
  addExamineOptions(addConsentOptions(command)).action(async (_options: unknown, command: Command) => {
    const asked = questionOf(command, session.catalog);
    session.finish((await repair(session, command, asked)).code);
  });
}

/** Who decides, and whether anything is done. */
export function addConsentOptions(command: Command): Command {
  const how = 'What is done:';
  return command
    .addOption(new Option('--yes', 'take the safe fixes without asking').helpGroup(how))
    .addOption(
      new Option('--risky', 'also what weakens or destroys something; asks all the same without --yes').helpGroup(how),
    )
    .addOption(new Option('--dry-run', 'only show the plan, with diffs').helpGroup(how))
    .addOption(new Option('--script', 'only print the plan as a shell script for an administrator').helpGroup(how));
}

/** What was found and done; `report` is null where the plan was only shown. */
export interface Repaired {
  readonly code: number;
  readonly report: Report | null;
  readonly opened: Opened | null;
}

/** Plans, shows, asks, applies and examines again, for `fix` and for what repairs before it does more (`verb`). */
export async function repair(
  session: Session,
  command: Command,
  asked: Question,
  verb: readonly string[] = ['fix'],
): Promise<Repaired> {
  const globals = globalsOf(command);
  const wishes = wishesOf(command, globals, asked, session);
  const destination = destinationOf(session, globals, wishes.plan === null ? 'report' : 'plan', 'fix');
  if (wishes.plan === null) return apply(session, globals, { ...asked, verb }, wishes, destination);
  const code = await plan(session, globals, { ...asked, verb }, wishes, destination);
  return { code, report: null, opened: null };
}

/** A question, and the command that answers it. */
type Asked = Question & { readonly verb: readonly string[] };

function wishesOf(command: Command, globals: Globals, { replay }: Question, { streams }: Session): Wishes {
  const { format } = globals;
  const given = command.opts<{ yes?: true; risky?: true; dryRun?: true; script?: true }>();
  if (given.dryRun && given.script) throw new UsageError('--dry-run and --script contradict each other: choose one');
  if (given.script && format.name !== 'terminal')
    throw new UsageError(`--script prints a shell script, not ${format.name}: leave one of them out`);
  if (given.script) refuseRedact(globals, '--script prints what is to be done with real names');
  const plan = given.dryRun ? 'dry-run' : given.script ? 'script' : null;
  if (plan === null && replay !== null)
    throw new UsageError(
      '--replay is of another time or host, where nothing can be applied: add --dry-run or --script',
    );
  if (plan === null && !given.yes && !(streams.stdin.isTTY && streams.stderr.isTTY))
    throw new UsageError(
      `${command.name()} asks before it changes anything, and there is no terminal to ask on: add --yes, --dry-run or --script`,
    );
  if (plan === null && !given.yes) refuseRedact(globals, 'fix asks with real names what it may change');
  return { yes: given.yes ?? false, risky: given.risky ?? false, plan };
}

async function plan(
  session: Session,
  globals: Globals,
  asked: Asked,
  { risky, plan }: Wishes,
  destination: Destination,
): Promise<number> {
  const recording = recordingFile(session, asked.record);
  const opened = await open(session, asked);
  const progress = progressLine(session, globals.quiet);
  const report = await examine(progress);
  const writeRecording = await takeDown(session, recording, opened, destination);
  const [{ script }, { fixesOf }, { withDiffs }] = await Promise.all([
    import('../../apply/index.ts'),
    import('../../treat/order.ts'),
    import('../../treat/treat.ts'),
  ]);
  if (report.checks.some(({ fixes }) => fixes.some(({ risk }) => risk !== 'manual')))
    session.notice('this is the first round of at most three: curing these findings can bring up others');
  if (plan === 'script') {
    const { treatments, left } = chosenForScript(
      fixesOf(report, {
        catalog: session.catalog,
        isSelected: (id) => isSelected(asked, id),
        notes: asked.only.length > 0,
      }),
      risky,
    );
    if (left > 0)
      session.notice(`${left} risky ${left === 1 ? 'fix is' : 'fixes are'} left out: --risky includes them`);
    const call = callOf({ ...asked, elsewhere: opened.replayed }, report.target);
    await destination.send(
      await script(treatments, {
        host: opened.host,
        rights: await createLook({ host: opened.host, request: opened.request }).get(rights),
        doctor: call,
      }),
      { secrets: opened.secrets, names: null },
    );
  } else {
    const shown = await withDiffs(report, previewOn(opened.host));
    await sendReport(session, destination, globals, shown, {
      order: orderOf(session, asked, shown, fixesOf),
      commands: commandsOf({ ...asked, elsewhere: opened.replayed, verify: true }, report.target, session.streams.env),
      kind: 'plan',
      opened,
    });
  }
  writeRecording();
  return exitCode(report, asked.failOn);

  async function examine(line: ProgressLine): Promise<Report> {
    return assess(opened, session.catalog, asked, {
      inventory: globals.verbose || asked.record !== null || destination.file !== null,
      progress: examined(line),
    }).finally(() => line.clear());
  }
}

/** Who decides what is done: the flags, or the person at the terminal. */
function decisions(
  session: Session,
  globals: Globals,
  line: ProgressLine,
  { yes, risky }: Pick<Wishes, 'yes' | 'risky'>,
): Pick<TreatOptions, 'automatic' | 'consent' | 'leftover'> {
  const asking = async (): Promise<typeof import('../call/consent.ts')> => {
    line.clear();
    return import('../call/consent.ts');
  };
  return {
    automatic: yes ? { risky } : null,
    consent: async (planned) => (await asking()).choose(session, globals, planned, risky),
    ...(yes ? {} : { leftover: async (transaction) => (await asking()).whatOfLeftover(session, transaction) }),
  };
}

async function apply(
  session: Session,
  globals: Globals,
  asked: Asked,
  { yes, risky }: Wishes,
  destination: Destination,
): Promise<Repaired> {
  const recording = recordingFile(session, asked.record);
  const opened = await open(session, asked);
  const line = progressLine(session, globals.quiet);
  const [{ Busy, Refused }, { treat }, { applyContext }] = await Promise.all([
    import('../../apply/index.ts'),
    import('../../treat/treat.ts'),
    import('../call/apply-context.ts'),
  ]);
  let last: Report | null = null;
  const made: TreatmentReport[] = [];
  let refused: string | null = null;
  const examine = async (): Promise<Report> => {
    last = await assess(opened, session.catalog, asked, {
      inventory: globals.verbose || asked.record !== null || destination.file !== null,
      progress: examined(line),
    }).finally(() => line.clear());
    return last;
  };
  const commandsFor = ({ target }: Report): Commands =>
    commandsOf({ ...asked, elsewhere: false, verify: true }, target, session.streams.env);
  const commandsNow = (): Commands | null => (last === null ? null : commandsFor(last));
  const context = await applyContext(session, opened, (text) => line.show(text));
  const report = await session
    .patiently(
      () =>
        treat({
          examine,
          catalog: session.catalog,
          isSelected: (id) => isSelected(asked, id),
          notes: asked.only.length > 0,
          ...decisions(session, globals, line, { yes, risky }),
          preview: previewOn(opened.host),
          context,
          tell: (event) => {
            if (event.event === 'judged') made.push(event.treatment);
            tell(session, line, event);
          },
        }),
      CUT_SHORT,
    )
    .then(
      (treated) => treated.report,
      (error: unknown) => {
        if (error instanceof Interrupted) throw stopped(session, globals, made, commandsNow());
        if (!(error instanceof Busy || error instanceof Refused)) throw error;
        refused = error.message;
        return last ?? examine();
      },
    )
    .finally(() => line.clear());
  if (refused !== null && globals.format.name !== 'terminal')
    session.streams.stderr.write(`bk-doctor: nothing was changed: ${visible(maskText(refused))}\n`);
  const writeRecording = await takeDown(session, recording, opened, destination);
  await sendReport(session, destination, globals, report, {
    commands: commandsFor(report),
    kind: 'report',
    lead: refused === null ? unchangedText(report) : `Nothing was changed: ${refused}`,
    opened,
  });
  writeRecording();
  return { code: refused === null ? exitCode(report, asked.failOn) : 1, report, opened };
}

/** The person stopped at a question: what was done before stays, and how to undo it is told. */
function stopped(
  session: Session,
  globals: Globals,
  made: readonly TreatmentReport[],
  commands: Commands | null,
): Interrupted {
  const { stderr, env } = session.streams;
  const told = commands === null ? null : stoppedText(made, commands, appearanceOf(stderr, env, globals.color));
  if (told === null) return new Interrupted('stopped: nothing was changed');
  session.streams.stderr.write(told);
  return new Interrupted('');
}

function tell(session: Session, line: ProgressLine, event: TreatEvent): void {
  switch (event.event) {
    case 'examining':
      line.show(`examining, round ${event.round}`);
      break;
    case 'asking-again':
      line.clear();
      if (event.treated.length > 0) session.notice(roundText(event));
      break;
    case 'applying':
      line.show(`treating ${event.check}`);
      break;
    case 'judged':
      line.show(`${event.treatment.check}: ${event.treatment.result}`);
      break;
    case 'leftover': {
      line.clear();
      const { transaction, done, message } = event;
      const words = { finished: 'finished', 'taken-back': 'undone', left: 'left as it is' }[done];
      const why = message === null ? '' : `: ${message}`;
      session.notice(`an earlier run was cut short: its treatment of ${transaction.check} is ${words}${why}`);
      break;
    }
  }
}

/** What would be carried out without another question, in the order in which it can work. */
function orderOf(
  { catalog }: Session,
  asked: Question,
  report: Report,
  fixesOf: typeof import('../../treat/order.ts').fixesOf,
): readonly Chosen[] {
  const notes = asked.only.length > 0;
  return fixesOf(report, { catalog, isSelected: (id) => isSelected(asked, id), notes })
    .filter(({ fix }) => fix.risk !== 'manual' && fix.steps.some((step) => step.do !== 'tell'))
    .map(({ check, fix }) => ({
      check,
      fix: report.checks.find(({ id }) => id === check)?.fixes.indexOf(fix) ?? -1,
    }));
}

/** A plan whose files cannot be read is shown without its diff. */
function previewOn(host: HostReader): Preview {
  return async (steps) => {
    const { preview } = await import('../../apply/index.ts');
    try {
      return await preview(steps, host);
    } catch (error) {
      const why = error instanceof Unseen ? error.why : `internal error: ${reasonOf(error).why}`;
      return { diff: `# cannot be shown: ${visible(why)}\n` };
    }
  };
}
