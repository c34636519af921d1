import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import { difference, isWorse } from '../../compare/diff.ts';
import { createMerger } from '../../compare/merge.ts';
import type { Names } from '../../names/names.ts';
import { differenceText, mergedText } from '../../report/comparison.ts';
import type { FailOn } from '../../report/exit-code.ts';
import { isRedacted, learnReport } from '../../report/redact.ts';
import { type Destination, destinationOf, sendComparison } from '../call/answer.ts';
import { globalsOf } from '../call/globals.ts';
import { only } from '../call/redaction.ts';
import { filesOf, readReport, reportOf } from '../call/report-file.ts';
import type { Session } from '../call/session.ts';
import { oneOf } from '../call/wording.ts';

/** `bk-doctor diff OLD NEW`: what is different between two reports of check or fix. */
export function registerDiff(program: Command, session: Session): void {
  program
    .command('diff')
    .summary('compare two reports')
    .description(
      'Says what is new, gone and different between two reports (check --json). The exit code is 1 where something became worse.',
    )
    .argument('<old>', 'the earlier report')
    .argument('<new>', 'the later one')
    .addOption(
      new Option(
        '--fail-on <severity>',
        'error or warning: which new problem makes the exit code 1 (default: error)',
      ).argParser((given) => oneOf('--fail-on', given, ['error', 'warning'])),
    )
    .action(async (old: string, later: string, options: { failOn?: FailOn }, command: Command) => {
      const globals = globalsOf(command);
      const destination = destinationOf(session, globals, 'answer', 'diff');
      const told = await namesTold(destination);
      const found = difference(reportOf('diff', old, told.learn), reportOf('diff', later, told.learn));
      await sendComparison(destination, globals, found, (look, shown) => differenceText(shown, look), told.names());
      session.finish(isWorse(found, options.failOn ?? 'error') ? 1 : 0);
    });
}

/** `bk-doctor merge REPORT…`: many reports in one table. */
export function registerMerge(program: Command, session: Session): void {
  program
    .command('merge')
    .summary('gather the reports of many hosts in one table')
    .description(
      'Says which conditions are on how many hosts, and which hosts differ from the rest. A directory stands for its files that end in .json. The exit code is 1 where a host is not ready, 3 where a file is no report.',
    )
    .argument('<report...>', 'reports (check --json), or directories of them')
    .action(async (paths: readonly string[], _options: unknown, command: Command) => {
      const globals = globalsOf(command);
      const destination = destinationOf(session, globals, 'answer', 'merge');
      const told = await namesTold(destination);
      const merger = createMerger();
      // One after another: of each only its line is kept.
      for (const file of filesOf(paths)) {
        const report = readReport(file, told.learn);
        if (typeof report === 'string') merger.refuse(file, report);
        else merger.add(report.host ?? told.nameOf(file), report);
      }
      const merged = merger.result();
      await sendComparison(
        destination,
        globals,
        merged,
        (look, shown) => mergedText(shown, globals, look),
        told.names(),
      );
      session.finish(
        merged.levels['not-ready'] > 0 ? 1 : merged.unread.length > 0 || merged.levels.unknown > 0 ? 3 : 0,
      );
    });
}

/** Learns the names of the reports that are read; nothing where names stay. */
async function namesTold({ redaction }: Destination): Promise<{
  readonly learn: (report: unknown) => void;
  /** Of a report that does not tell its host. */
  readonly nameOf: (file: string) => string;
  readonly names: () => Names | null;
}> {
  const names = redaction.ofAnswer ? await redaction.names(null) : null;
  let areAllRedacted = true;
  return {
    learn(report) {
      if (isRedacted(report)) return;
      areAllRedacted = false;
      if (names !== null) learnReport(report, names);
    },
    nameOf(file) {
      const name = basename(file).replace(/\.json$/, '');
      names?.learnFiles({ hostnames: [name] });
      return name;
    },
    // Stand-ins are no names: they stay as they are.
    names: () => (names !== null && areAllRedacted ? only(names) : names),
  };
}
