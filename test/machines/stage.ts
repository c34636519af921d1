import { expect } from 'vitest';
import { commandLine } from '../../src/text/shell.ts';
import type { DoctorReport } from '../e2e/world.ts';
import type { Done, Machine } from './machine.ts';

/** How alice comes in; `service`: a system service with User= and nothing else. */
export type Login = 'ssh' | 'su' | 'sudo' | 'service' | 'root';

export interface Question {
  readonly login?: Login;
  /** Flags of bk-doctor for the same question. */
  readonly flags?: readonly string[];
  /** What the judge is told: its variables. */
  readonly judge?: { readonly [name: string]: string };
  /** A condition that the report must name. */
  readonly blames?: string;
  /** False: root is not asked about alice as well. */
  readonly byRoot?: boolean;
}

/** What was compared, for the table. */
export interface Row {
  readonly scenario: string;
  readonly what: string;
  readonly truth: string;
  readonly said: string;
  readonly agrees: boolean;
}

interface Truth {
  readonly ready: boolean;
  readonly snapshotter: string | null;
  readonly said: string;
}

/** One scenario in one machine: what happens there, what bk-doctor says, and whether that is the same. */
export class Stage {
  readonly machine: Machine;
  readonly #scenario: string;
  readonly #rows: Row[];

  constructor(machine: Machine, scenario: string, rows: Row[]) {
    this.machine = machine;
    this.#scenario = scenario;
    this.#rows = rows;
  }

  must(script: string): Promise<string> {
    return this.machine.must(script);
  }

  /** A command as alice, who comes in so. */
  as(login: Login, command: string): Promise<Done> {
    const { machine } = this;
    if (login === 'ssh') return machine.ssh('alice', command);
    if (login === 'root') return machine.root(command);
    if (login === 'su') return machine.root(commandLine(['su', '-', 'alice', '-c', command]));
    if (login === 'sudo') return machine.root(commandLine(['sudo', '-i', '-u', 'alice', 'sh', '-c', command]));
    return machine.root(
      commandLine(['systemd-run', '--quiet', '--wait', '--pipe', '--property=User=alice', 'sh', '-c', command]),
    );
  }

  async truth(question: Question = {}): Promise<Truth> {
    const variables = Object.entries(question.judge ?? {}).map(([name, value]) => `${name}=${value}`);
    const { stdout, stderr } = await this.as(question.login ?? 'ssh', commandLine(['env', ...variables, 'judge']));
    const [first = '', ...rest] = `${stdout}${stderr}`.trim().split('\n');
    const built = /^built ?(\S*)/.exec(first);
    return { ready: built !== null, snapshotter: built?.[1] || null, said: [first, ...rest].join(' ').slice(0, 200) };
  }

  async ask(login: Login, words: readonly string[]): Promise<DoctorReport> {
    const done = await this.as(login, commandLine(['bk-doctor', ...words, '--json']));
    try {
      return JSON.parse(done.stdout) as DoctorReport;
    } catch {
      throw new Error(`bk-doctor ${words.join(' ')} gave no JSON (exit ${done.code}): ${done.stdout}${done.stderr}`);
    }
  }

  /** The verdict is what really happens: asked by whose the set-up is, and by root for them. */
  async agrees(what: string, question: Question = {}): Promise<Truth> {
    const truth = await this.truth(question);
    const { login = 'ssh', flags = [], byRoot = login !== 'root' && login !== 'service' } = question;
    this.#compare(what, truth, await this.ask(login, ['check', ...flags]), question);
    if (byRoot) {
      const report = await this.ask('root', ['check', '--user', 'alice', ...flags]);
      this.#compare(`${what}, asked by root`, truth, report, question);
    }
    return truth;
  }

  #compare(what: string, truth: Truth, report: DoctorReport, { blames }: Question): void {
    const { ready, level, snapshotter, reasons } = report.verdict;
    const found = report.checks.flatMap(({ problems }) => problems.map(({ condition }) => condition));
    const agrees =
      ready === truth.ready &&
      (!truth.ready || truth.snapshotter === null || snapshotter === truth.snapshotter) &&
      (blames === undefined || found.includes(blames));
    const said = `${level}${snapshotter === null ? '' : ` ${snapshotter}`}${reasons.length === 0 ? '' : ` (${reasons.join(', ')})`}`;
    this.#note(what, truth.said, said, agrees);
    const why = report.checks.filter(({ status }) => ['fail', 'unknown'].includes(status));
    expect.soft(agrees, `${what}: ${truth.said}; bk-doctor: ${said} ${JSON.stringify(why)}`).toBe(true);
  }

  #note(what: string, truth: string, said: string, agrees: boolean): void {
    this.#rows.push({ scenario: this.#scenario, what, truth, said, agrees });
    process.stderr.write(`  ${agrees ? '✓' : '✗'} ${this.#scenario}: ${what}: ${truth} | ${said}\n`);
  }

  /** Something that must be so, in the table. */
  holds(what: string, truth: string, is: boolean): void {
    this.#note(what, truth, is ? 'as it should be' : 'not as it should be', is);
    expect.soft(is, `${what}: ${truth}`).toBe(true);
  }

  /** All that a repair may change. */
  traces(): Promise<string> {
    return this.must('traces');
  }

  /** root repairs what is wrong for alice: then it really works, and the undoing leaves no trace. */
  async cures(what: string, question: Question & { readonly fix?: readonly string[] } = {}): Promise<void> {
    const { flags = [], fix = ['--yes'], login = 'ssh' } = question;
    const before = await this.traces();
    const whose = login === 'root' ? [] : ['--user', 'alice'];
    const done = await this.machine.root(commandLine(['bk-doctor', 'fix', ...fix, ...whose, ...flags]));
    await this.agrees(`${what}, repaired`, question);
    const truth = await this.truth(question);
    this.holds(`${what}, repaired`, `${truth.said}; fix: exit ${done.code}`, truth.ready);
    const undone = await this.machine.root('bk-doctor undo');
    const left = differences(before, await this.traces());
    this.holds(
      `${what}, undone`,
      `exit ${undone.code}; ${left.length === 0 ? 'no trace' : left.slice(0, 6).join('; ')}`,
      left.length === 0,
    );
  }
}

/** Lines of which one text has more than the other. */
export function differences(before: string, after: string): readonly string[] {
  const [old, now] = [before, after].map((text) => text.split('\n')) as [string[], string[]];
  const gone = new Set(old);
  const here = new Set(now);
  return [
    ...old.filter((line) => !here.has(line)).map((line) => `- ${line}`),
    ...now.filter((line) => !gone.has(line)).map((line) => `+ ${line}`),
  ];
}
