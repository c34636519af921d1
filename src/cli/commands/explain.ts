import type { Command } from 'commander';
import { assess } from '../../examine/assess.ts';
import type { Opened } from '../../host/open.ts';
import { UsageError } from '../../host/usage-error.ts';
import type { Catalog } from '../../model/catalog.ts';
import type { CheckReport } from '../../model/say.ts';
import type { Diagnosis, Explanation } from '../../symptoms/diagnose.ts';
import { destinationOf, sendExplanation } from '../call/answer.ts';
import { addTargetOptions, questionOf } from '../call/examine-options.ts';
import { globalsOf } from '../call/globals.ts';
import type { Session } from '../call/session.ts';
import { open } from './check.ts';

/** `bk-doctor explain [FILE…]`: from a failing log to the cause and the remedy. */
export function registerExplain(program: Command, session: Session): void {
  addTargetOptions(
    program
      .command('explain')
      .summary('read a failing log and name the cause and the remedy')
      .description(
        'Reads the log of a failing build or daemon (files, or standard input; also gzip) and names the cause, the line that proves it, and what to do. Changes nothing.',
      )
      .argument('[file...]', 'logs; - or none is standard input')
      .option('--check', 'also look whether this host has it'),
  ).action(async (files: readonly string[], _options: unknown, command: Command) => {
    session.finish(await explain(session, files, command));
  });
}

async function explain(session: Session, files: readonly string[], command: Command): Promise<number> {
  const globals = globalsOf(command);
  const { check } = command.opts<{ check?: true }>();
  const asked = questionOf(command, session.catalog);
  if (check === undefined) refuseWithoutCheck(command);
  const destination = destinationOf(session, globals, 'explanation', 'explain');
  const explanation = await explained(session, files);
  const conditions = new Set(explanation.diagnoses.flatMap(({ checks }) => checks));
  let opened: Opened | null = null;
  let answer = explanation;
  if (check !== undefined && conditions.size > 0) {
    opened = await open(session, asked);
    const selected = { only: [...conditions], skip: [] };
    const { checks } = await assess(opened, session.catalog, selected, { inventory: false });
    answer = confirmed(explanation, checks);
  }
  await sendExplanation(destination, globals, answer, opened);
  return answer.diagnoses.length === 0 ? 1 : 0;
}

/** What is told of a host means nothing where no host is looked at. */
function refuseWithoutCheck(command: Command): void {
  const given = command.options.find(
    (option) => option.attributeName() !== 'check' && command.getOptionValueSource(option.attributeName()) === 'cli',
  );
  if (given !== undefined)
    throw new UsageError(`${given.long ?? given.flags} says what of a host is examined: add --check`);
}

/** All logs together: what one of them shows explains another. */
async function explained(session: Session, files: readonly string[]): Promise<Explanation> {
  const [{ diagnosesOf }, { judged }, { knowledgeOf }, { readerOf }, { logFile, readLog }] = await Promise.all([
    import('../../symptoms/diagnose.ts'),
    import('../../symptoms/judge.ts'),
    import('../../symptoms/knowledge.ts'),
    import('../../symptoms/reader.ts'),
    import('../call/log-input.ts'),
  ]);
  const named = files.length === 0 ? ['-'] : files;
  const inputs = named.map((path) => (path === '-' ? session.streams.stdin : logFile(path)));
  const knowledge = knowledgeOf();
  const readings = [];
  for (const [index, input] of inputs.entries()) {
    const path = named[index] ?? '-';
    const reader = readerOf(knowledge, textOf, path === '-' ? null : path);
    await readLog(input, reader, session.signal).catch((error: NodeJS.ErrnoException) => {
      throw new UsageError(`"${path}" cannot be read: ${error.code ?? error.message}`);
    });
    readings.push(reader.end());
  }
  const judgement = judged(readings.flatMap(({ sightings }) => sightings));
  return {
    schema: 1,
    diagnoses: diagnosesOf(judgement, session.catalog),
    failure: judgement.failure,
    surroundings: judgement.surroundings,
    lines: readings.reduce((sum, { lines }) => sum + lines, 0),
  };
}

/** What a short text says, best first. */
export async function explainedText(text: string, catalog: Catalog): Promise<readonly Diagnosis[]> {
  const [{ diagnosesOf }, { judged }, { knowledgeOf }, { readerOf }] = await Promise.all([
    import('../../symptoms/diagnose.ts'),
    import('../../symptoms/judge.ts'),
    import('../../symptoms/knowledge.ts'),
    import('../../symptoms/reader.ts'),
  ]);
  const reader = readerOf(knowledgeOf(), textOf);
  reader.feed(Buffer.from(text));
  return diagnosesOf(judged(reader.end().sightings), catalog);
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}

/** What the host has comes first; what could not be looked at stays open. */
function confirmed(explanation: Explanation, checks: readonly CheckReport[]): Explanation {
  const judge = (diagnosis: Diagnosis): Diagnosis => {
    const made = checks.filter(({ id }) => diagnosis.checks.includes(id));
    const found = made.some(({ problems }) => problems.some(({ condition }) => condition === diagnosis.condition));
    const known = made.length > 0 && made.every(({ status }) => status !== 'unknown');
    return { ...diagnosis, confirmed: found ? true : known ? false : null };
  };
  const judgedAll = explanation.diagnoses.map(judge);
  const rank = ({ confirmed: is }: Diagnosis): number => (is === true ? 0 : is === null ? 1 : 2);
  return { ...explanation, diagnoses: judgedAll.toSorted((a, b) => rank(a) - rank(b)) };
}
