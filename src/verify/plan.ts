import { binaries, runtimeBinary } from '../facts/binaries.ts';
import { cacheDirectory } from '../facts/cache-directory.ts';
import { configFile } from '../facts/config-file.ts';
import { environment } from '../facts/environment.ts';
import { launcher, probeArgs } from '../facts/namespace.ts';
import { settings } from '../facts/settings.ts';
import { unit } from '../facts/unit.ts';
import type { Look } from '../model.ts';

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

/** The plan, or what is missing for it. */
export async function planTrial(
  look: Look,
): Promise<{ readonly plan: TrialPlan; readonly missing?: undefined } | { readonly missing: readonly string[] }> {
  const [found, runtime, { values }, options, config, service, by, cache] = await Promise.all([
    look.get(binaries),
    look.get(runtimeBinary),
    look.get(environment),
    look.get(settings),
    look.get(configFile),
    look.get(unit),
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
  const { LISTEN_FDS: _, BUILDKITD_FLAGS: flags = '', ...rest } = values;
  return {
    plan: {
      buildkitd: buildkitd.path,
      buildctl: buildctl.path,
      rootlesskit:
        by === 'rootlesskit' && rootlesskit
          ? { path: rootlesskit.path, args: probeArgs(options.rootlesskitArgs) }
          : null,
      flags: withoutPlaces(service?.buildkitd.args ?? flags.split(/\s+/).filter(Boolean)),
      config: config.file === null && config.unreadable === null ? null : config.path,
      near: cache.nearest,
      environment: rest,
    },
  };
}
