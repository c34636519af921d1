import { positionIn, positionOf } from '../../buildkit/config/position.ts';
import { joinKey, keyText } from '../../buildkit/config/schema-tree.ts';
import type { ProvenanceObstacle } from '../../facts/config/provenance-env.ts';
import { containerdWords } from '../containerd-words.ts';
import { type BuildkitdCase, WHOLE } from './buildkitd-case.ts';
import { overriddenBy } from './value-context.ts';
import { judgeValues } from './value-rules.ts';

/** Whether the values do what they say. */
export function judgeContent({ config, context, found }: BuildkitdCase): void {
  for (const problem of judgeValues(config.content, context)) {
    const { what, condition, effect, key, written, at, message, prints, value, index, choices, versions } = problem;
    found.add(
      condition,
      effect === 'stops' && versions === null ? 'error' : effect === 'note' ? 'info' : 'warning',
      keyText(written),
      `${message}${versions === null ? '' : ` This concerns ${versions}.`}`,
      { what, key, versions, prints: prints || null, value, index, choices },
      positionIn(config, at),
    );
  }
}

/** Whether a worker is left where the file switches one off. */
export function judgeWorkers({ config, settings: options, containerd, context, found }: BuildkitdCase): void {
  const key = 'worker.oci.enabled';
  const at = positionOf(config, key);
  const worker = containerd.value;
  if (!context.ociOff || at === null || options.oci.enabled.source !== 'file') return;
  if (worker === undefined || worker.usable) return;
  found.add(
    'runtime.no-worker',
    'error',
    key,
    `The OCI worker is switched off, and ${containerdWords(worker.obstacle)}: buildkitd finds no worker and does not start.`,
    { what: 'no-worker', key, versions: null, prints: 'no worker found, rebuild the buildkit daemon?' },
    at,
  );
}

/** Keys that something outside the file overrides. */
export function judgeOverridden({ config, settings: options, environment, found }: BuildkitdCase): void {
  for (const value of config.content.values) {
    const key = joinKey(value.path);
    const by = overriddenBy(key, options, environment.values);
    if (by === null) continue;
    const evidence = { ...WHOLE, what: 'overridden', key } as const;
    const message = `${key} does not count: ${by} takes its place.`;
    found.add('config.overridden', 'info', key, message, evidence, positionIn(config, value));
  }
}

/** The files that buildkitd reads beside its configuration. */
export function judgeProvenance({ config, provenance, found }: BuildkitdCase): void {
  const env = provenance.value;
  if (env == null || (env.obstacle === null && env.bad.length === 0)) return;
  const what =
    env.obstacle !== null
      ? `the directory ${env.path} cannot be listed (${wordsOf(env.obstacle)})`
      : env.bad.map(({ name, reading }) => `${env.path}/${name}: ${reading?.why ?? 'it is no JSON object'}`).join('; ');
  found.add(
    'config.invalid-value',
    env.surely ? 'error' : 'warning',
    'provenanceEnvDir',
    `buildkitd reads the *.json files in provenanceEnvDir at its start, from v0.25.0 on, and stops: ${what}.`,
    { ...WHOLE, what: 'provenance', key: 'provenanceEnvDir' },
    positionOf(config, 'provenanceEnvDir'),
  );
}

/** Specifications of devices, which are all read at the start. */
export function judgeCdi({ cdi, found }: BuildkitdCase): void {
  for (const { path, why, surely } of cdi.value ?? [])
    found.add(
      'config.cdi-invalid',
      surely ? 'error' : 'warning',
      path,
      `buildkitd${surely ? '' : ' in some versions from v0.20.0 on'} does not start with the CDI specification ${path}: ${why}.`,
      { ...WHOLE, what: 'cdi' },
      { path, line: 1, column: 1 },
    );
  if (cdi.unseen !== undefined) found.unseen.push(cdi.unseen);
}

function wordsOf(obstacle: ProvenanceObstacle): string {
  switch (obstacle.kind) {
    case 'no-directory':
      return `it is a ${obstacle.is}`;
    case 'denied':
      return 'permission denied';
    case 'unseen':
      return obstacle.reason.why;
  }
}
