import { splitHostPort } from '../buildkit/address.ts';
import { cacheDirectory } from '../facts/config/cache-directory.ts';
import { configFile } from '../facts/config/config-file.ts';
import { settings } from '../facts/config/settings.ts';
import { binaries } from '../facts/programs/binaries.ts';
import { probeArgs } from '../facts/start/namespace.ts';
import { runtimeBinary } from '../facts/start/runtime-binary.ts';
import { environment } from '../facts/target/environment.ts';
import { launcher } from '../facts/target/launcher.ts';
import { start } from '../facts/target/start.ts';
import type { Look } from '../model/look.ts';

/** How buildkitd is started for a trial: as the person would, but with a root, a socket and a state directory of its own. */
export interface TrialPlan {
  readonly buildkitd: string;
  readonly buildctl: string;
  /** Null: buildkitd is started without rootlesskit. */
  readonly rootlesskit: { readonly path: string; readonly args: readonly string[] } | null;
  /** The person's flags, without those that name places. */
  readonly flags: readonly string[];
  /** Null: no configuration file. */
  readonly config: string | null;
  /** An existing directory on the cache's file system, where the scratch root is made. */
  readonly near: string;
  readonly environment: { readonly [name: string]: string };
  /** The address of a buildkitd that runs already: it is built with, and left as it is. */
  readonly running?: string;
}

/** Flags that would touch what the person's own daemon uses. */
const PLACES = /^--?(addr|root|config|otel-socket-path|debugaddr|group|tlscert|tlskey|tlscacert)$/;

function withoutPlaces(args: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    const name = arg.split('=')[0] ?? '';
    if (!PLACES.test(name)) kept.push(arg);
    else if (!arg.includes('=')) at++;
  }
  return kept;
}

const NOBODY = '127.0.0.1:1';

/**
 * A trial sends nothing anywhere: its traces go to where nobody listens, and are soon given up. What buildkitd does not
 * take at its start is left, so that it ends as it would.
 */
export function withoutCollector(values: { readonly [name: string]: string }): { [name: string]: string } {
  const quiet = Object.entries(values).map(([name, value]): [string, string] => {
    if (value !== '' && /^OTEL_.*_ENDPOINT$/.test(name)) return [name, `http://${NOBODY}`];
    if (name !== 'JAEGER_TRACE' || value === '') return [name, value];
    return [
      name,
      /^https?:\/\//.test(value) ? `http://${NOBODY}` : splitHostPort(value).error === null ? NOBODY : value,
    ];
  });
  const traced = quiet.some(([name]) => name.startsWith('OTEL_'));
  // Without an address the exporter has one of its own.
  const asked = ['TRACES', 'METRICS'].filter((signal) => values[`OTEL_${signal}_EXPORTER`] === 'otlp');
  return {
    ...Object.fromEntries(quiet),
    ...Object.fromEntries(asked.map((signal) => [`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`, `http://${NOBODY}`])),
    ...(traced ? { OTEL_EXPORTER_OTLP_TIMEOUT: '200' } : {}),
  };
}

/** The plan, or what is missing for it. */
export async function planTrial(
  look: Look,
): Promise<{ readonly plan: TrialPlan; readonly missing?: undefined } | { readonly missing: readonly string[] }> {
  const [found, runtime, { values }, options, config, started, by, cache] = await Promise.all([
    look.get(binaries),
    look.get(runtimeBinary),
    look.get(environment),
    look.get(settings),
    look.get(configFile),
    look.get(start),
    look.get(launcher),
    look.get(cacheDirectory),
  ]);
  const { buildkitd, buildctl, rootlesskit } = found;
  const missing = [
    ...(buildkitd?.executable ? [] : ['buildkitd']),
    ...(buildctl?.executable ? [] : ['buildctl']),
    ...(by === 'none' || rootlesskit?.executable ? [] : ['rootlesskit']),
    ...(runtime?.executable || options.containerd.enabled.value === true ? [] : ['runc']),
  ];
  if (missing.length > 0 || !buildkitd || !buildctl) return { missing };
  const { LISTEN_FDS: _, BUILDKITD_FLAGS: __, ...rest } = values;
  return {
    plan: {
      buildkitd: buildkitd.path,
      buildctl: buildctl.path,
      rootlesskit:
        by === 'rootlesskit' && rootlesskit
          ? { path: rootlesskit.path, args: probeArgs(options.rootlesskitArgs) }
          : null,
      flags: withoutPlaces(started?.buildkitd.args ?? []),
      config: config.file === null && config.unreadable === null ? null : config.path,
      near: cache.nearest,
      environment: withoutCollector(rest),
    },
  };
}
