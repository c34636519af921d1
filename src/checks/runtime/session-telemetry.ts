import { splitHostPort } from '../../buildkit/address.ts';
import { compareReleases, isSince, NEWEST, type Release, releaseRangeText } from '../../buildkit/version.ts';
import type { SessionCase } from './session-case.ts';

type Values = { readonly [name: string]: string };
interface Complaint {
  readonly variable: string;
  /** What buildkitd says, or does. */
  readonly words: string;
}

const EXPORTERS = ['otlp', 'jaeger', 'none'];
const PROTOCOLS = ['grpc', 'http/protobuf'];
/** Metrics are exported as traces are, and OTEL_IGNORE_ERROR is not read any more. */
const METRICS: Release = [0, 14, 0];
/** OTEL_IGNORE_ERROR is read again, but an exporter that was named and is not there is then used all the same. */
const IGNORED_AGAIN: Release = [0, 32, 0];
/** Where the bracket is open to below. */
const ASSUMED_MIN: Release = [0, 12, 0];

/** OpenTelemetry's variables: buildkitd gives up at an exporter or protocol that it does not have (util/tracing/detect). */
export function judgeTelemetry({ facts, add }: SessionCase): void {
  const { min, max } = facts.buildkitdVersion;
  const from = min ?? ASSUMED_MIN;
  const to = max ?? NEWEST;
  const releases = [from, METRICS, IGNORED_AGAIN].filter(
    (at, index) => index === 0 || (compareReleases(at, from) > 0 && compareReleases(at, to) <= 0),
  );
  const { values, variables } = facts.environment;
  const complaints = releases.map((at) => complaintOf(values, at));
  const found = complaints.findLast((one) => one !== null);
  if (found == null) return;
  const { variable, words } = found;
  const always = complaints.every((one) => one !== null);
  const start = complaints.findIndex((one) => one !== null);
  const next = releases[complaints.findLastIndex((one) => one !== null) + 1] ?? null;
  add(
    'env.telemetry',
    always ? 'error' : 'warning',
    variable,
    `${variable} is ${JSON.stringify(values[variable] ?? '')}: ${always ? 'buildkitd' : `buildkitd in ${releaseRangeText(start === 0 ? null : (releases[start] ?? null), next)}`} ${words}`,
    { kind: 'telemetry', variable, source: variables[variable]?.source ?? null },
  );
}

function complaintOf(values: Values, at: Release): Complaint | null {
  const ignores = /^(1|t|true)$/i.test(values.OTEL_IGNORE_ERROR ?? '');
  if (!isSince(at, METRICS)) return ignores ? null : exporterComplaint(values, 'TRACES', 'tracer');
  return (['TRACES', 'METRICS'] as const).reduce<Complaint | null>((before, signal) => {
    if (before !== null) return before;
    const complaint = exporterComplaint(values, signal, 'exporter');
    if (complaint === null || !ignores || !isSince(at, IGNORED_AGAIN)) return complaint;
    return values[`OTEL_${signal}_EXPORTER`]
      ? { ...complaint, words: 'panics as soon as it exports (OTEL_IGNORE_ERROR leaves it without an exporter)' }
      : null;
  }, null);
}

function exporterComplaint(values: Values, signal: 'TRACES' | 'METRICS', noun: string): Complaint | null {
  const variable = `OTEL_${signal}_EXPORTER`;
  const name = values[variable] ?? '';
  if (name !== '' && !EXPORTERS.includes(name))
    return { variable, words: `ends with "unsupported opentelemetry ${noun} ${name}"` };
  if (name === 'none') return null;
  if (name === 'jaeger' && signal === 'METRICS')
    return { variable, words: 'panics at its start: Jaeger takes no metrics' };
  const endpoint = values.OTEL_EXPORTER_OTLP_ENDPOINT || values[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`];
  if (name === 'otlp' || (name === '' && endpoint)) {
    const own = `OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`;
    const from = values[own] ? own : 'OTEL_EXPORTER_OTLP_PROTOCOL';
    const protocol = values[from] || 'grpc';
    if (PROTOCOLS.includes(protocol)) return null;
    return { variable: from, words: `ends with "unsupported otlp protocol ${protocol}"` };
  }
  const trace = signal === 'TRACES' ? (values.JAEGER_TRACE ?? '') : '';
  if (trace === '' || /^https?:\/\//.test(trace)) return null;
  const { error } = splitHostPort(trace);
  return error === null ? null : { variable: 'JAEGER_TRACE', words: `ends with "${error}"` };
}
