import type { Severity } from '../../model/decide.ts';
import type { Report, Status } from '../../model/say.ts';
import { visible } from '../../text/visible.ts';
import type { Format } from '../format.ts';

type Labels = { readonly [name: string]: string };
interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

const STATUSES: readonly Status[] = ['pass', 'warn', 'fail', 'unknown', 'skip'];
const SEVERITIES: readonly Severity[] = ['error', 'warning', 'info'];
const READY = new Map<boolean | null, number>([
  [true, 1],
  [false, 0],
  [null, Number.NaN],
]);

function prometheus(report: Report): string {
  const { verdict, checks, durationMs, startedAt, tool, target, host } = report;
  const problems = checks.flatMap((check) => check.problems);
  const alone = (value: number): readonly Sample[] => [{ labels: {}, value }];
  return [
    metric('bk_doctor_ready', 'Whether buildkitd would start and build here; NaN where it could not be told.', [
      ...alone(READY.get(verdict.ready) ?? Number.NaN),
    ]),
    metric('bk_doctor_proved', 'Whether the namespaces were really tried, rather than judged from files.', [
      ...alone(Number(verdict.proved)),
    ]),
    metric(
      'bk_doctor_check_status',
      'The status of each check: 1 for the one that it has.',
      checks.flatMap(({ id, status }) =>
        STATUSES.map((each) => ({ labels: { check: id, status: each }, value: Number(each === status) })),
      ),
    ),
    metric(
      'bk_doctor_problems',
      'How many problems were found, by severity.',
      SEVERITIES.map((severity) => ({
        labels: { severity },
        value: problems.filter((problem) => problem.severity === severity).length,
      })),
    ),
    metric('bk_doctor_run_duration_seconds', 'How long the examination took.', alone(durationMs / 1000)),
    metric(
      'bk_doctor_last_run_timestamp_seconds',
      'When the examination began, in seconds since 1970.',
      alone(Date.parse(startedAt) / 1000),
    ),
    metric('bk_doctor_info', 'What was examined, and by which release; always 1.', [
      {
        labels: {
          version: tool.version,
          mode: target.mode,
          snapshotter: verdict.snapshotter ?? '',
          kernel: host.kernel,
          os: `${host.os.id} ${host.os.version ?? ''}`.trim(),
        },
        value: 1,
      },
    ]),
  ].join('');
}

function metric(name: string, help: string, samples: readonly Sample[]): string {
  const lines = samples.map(({ labels, value }) => `${name}${labelText(labels)} ${numberText(value)}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const escaped = (value: string): string => visible(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"');
const numberText = (value: number): string => (Number.isNaN(value) ? 'NaN' : String(value));

/** Metrics for the textfile collector of node_exporter: no time stamps, no messages, no names. */
export const prometheusFormat: Format = {
  name: 'prometheus',
  hidesNames: true,
  carriesNoNames: true,
  ending: '.prom',
  // The collector is another account.
  mode: 0o644,
  shows: { report: ({ report }) => prometheus(report) },
};
