import { containerdLacks } from '../../facts/config/containerd-lacks.ts';
import { containerdWorker } from '../../facts/config/containerd-worker.ts';
import { type Setting, settings } from '../../facts/config/settings.ts';
import { binaries } from '../../facts/programs/binaries.ts';
import { buildkitdVersion } from '../../facts/programs/buildkitd-version.ts';
import type { Binary } from '../../facts/programs/find-in-path.ts';
import { type NamedElsewhere, namedElsewhere } from '../../facts/programs/named-elsewhere.ts';
import { runtimeBinary } from '../../facts/start/runtime-binary.ts';
import { type Program, software } from '../../facts/start/software.ts';
import { environment } from '../../facts/target/environment.ts';
import { launcher } from '../../facts/target/launcher.ts';
import type { Condition, FactsOf, Severity } from '../../model/decide.ts';
import { optional } from '../../model/unseen.ts';
import { octal } from '../../text/octal.ts';
import { type Findings, findings } from '../findings.ts';
import { failureWords } from './failure-words.ts';

/** What was seen of a missing, broken or too old program. */
export interface BinariesEvidence {
  readonly program: string;
  /** The key of buildkitd.toml that is concerned; null where it does not come from there. */
  readonly key: string | null;
  readonly path: string | null;
  readonly version: string | null;
  /** The permission that the file lacks, as chmod(1) takes it. */
  readonly lacks: 'a+x' | 'a+r' | null;
  /** A runtime that is there, and that buildkitd does not take by itself. */
  readonly unused: {
    readonly path: string;
    /** buildkitd.toml names it already, and lacks only the switch. */
    readonly named: boolean;
    /** It knows what this buildkitd passes to it. */
    readonly fits: boolean;
  } | null;
  /** The unit names a place where it is not. */
  readonly named: NamedElsewhere | null;
}

export const binariesNeeds = {
  binaries,
  runtimeBinary,
  settings,
  launcher,
  environment,
  software,
  buildkitdVersion,
  containerdWorker,
  containerdLacks: optional(containerdLacks),
  elsewhere: namedElsewhere,
};

type Details = Partial<Omit<BinariesEvidence, 'program' | 'key'>>;

/** One examination of the programs: its facts and what was found so far. */
export interface BinariesCase extends Pick<Findings<BinariesEvidence>, 'problems' | 'unseen'> {
  readonly facts: FactsOf<typeof binariesNeeds>;
  /** PATH, as people read it. */
  readonly path: string;
  /** `setting`: what names the program, or switches it on. */
  add(
    condition: Condition,
    severity: Severity,
    program: string,
    message: string,
    more?: Details,
    setting?: Setting<unknown>,
  ): void;
}

export function openBinaries(facts: FactsOf<typeof binariesNeeds>): BinariesCase {
  const { problems, unseen, add: find } = findings<BinariesEvidence>();
  return {
    facts,
    problems,
    unseen,
    path: facts.environment.values.PATH || 'empty',
    add(condition, severity, program, message, more, setting) {
      const key = setting?.source === 'file' ? setting.key : null;
      const evidence = { program, key, path: null, version: null, lacks: null, unused: null, named: null, ...more };
      find(condition, severity, program, message, evidence, evidence.named?.at ?? setting?.at);
    },
  };
}

/** A program that PATH has to have. */
export function judgePresence(
  { add, path, facts }: BinariesCase,
  condition: Condition,
  severity: Severity,
  program: string,
  binary: Binary | null,
  use: string,
): void {
  const named = facts.elsewhere.find((one) => one.program === program);
  if (named !== undefined) {
    const there = named.found === null ? 'and no other is in PATH' : `while ${program} is ${named.found}`;
    const details = { path: named.path, named };
    add(
      condition,
      severity,
      program,
      `${named.unit} starts ${named.path}, which does not exist, ${there}: ${use}`,
      details,
    );
  } else if (binary === null) add(condition, severity, program, `${program} is not in PATH (${path}): ${use}`);
  else if (!binary.executable)
    add(condition, severity, program, `${binary.path} is not executable (mode ${octal(binary.stat.mode)}): ${use}`, {
      path: binary.path,
      lacks: 'a+x',
    });
}

/** A program that is there, and does not run. */
export function judgeStart({ add }: BinariesCase, condition: Condition, name: string, program: Program | null): void {
  const failed = program?.failed ?? null;
  if (program === null || failed === null) return;
  const limit = failed.by === 'end' ? failed.limit : null;
  add(limit ?? condition, 'error', name, `${program.path} cannot even print its version: ${failureWords(failed)}`, {
    path: program.path,
  });
}
