import { type ListenAddress, parseListenAddress } from '../../buildkit/address.ts';
import { positionOf } from '../../buildkit/config/position.ts';
import { type Release, surelyBefore } from '../../buildkit/version.ts';
import type { Position } from '../../model/decide.ts';
import type { Fact } from '../../model/look.ts';
import type { Source } from '../../model/say.ts';
import { unlessRefused } from '../../model/unseen.ts';
import { buildkitdVersion } from '../programs/buildkitd-version.ts';
import { environment } from '../target/environment.ts';
import { launcher } from '../target/launcher.ts';
import { configFile } from './config-file.ts';
import { isFlag, settings } from './settings.ts';

/** Something that buildkitd will listen on. */
export interface Listener {
  readonly use: 'grpc' | 'debug' | 'otel';
  /** As written. */
  readonly text: string;
  readonly address: ListenAddress;
  /** The dotted key of buildkitd.toml that holds it. */
  readonly key: string;
  /** Its place in a list; null for a single value. */
  readonly index: number | null;
  /** Where the file has it; null when it comes from elsewhere. */
  readonly at: Position | null;
  readonly source: Source;
  /** False where this buildkitd only warns when it cannot listen. */
  readonly needed: boolean;
}
export interface Listeners {
  readonly all: readonly Listener[];
  /** buildkitd runs in a network namespace that rootlesskit makes: its TCP addresses are not the host's. */
  readonly ownNetwork: boolean;
  /** rootlesskit copies up /run: what buildkitd makes directly below it is not seen from outside. */
  readonly ownRun: boolean;
  /** And nothing of that name was there before: runc can then keep its state in /run/runc. */
  readonly ownRunc: boolean;
  /** Ports that rootlesskit opens on the host for buildkitd, as written after --publish. */
  readonly published: readonly string[];
}

/** Releases in which listening changed (cmd/buildkitd). */
const OTEL_IN_RUNTIME_DIRECTORY: Release = [0, 13, 0];
const DEBUG_ADDRESS_WITH_SCHEME: Release = [0, 19, 0];

const isOn = (given: readonly string[] | undefined): boolean =>
  given !== undefined && !/^(0|f|false)$/i.test(given.at(-1) ?? '');

export const listeners: Fact<Listeners> = {
  id: 'listeners',
  async read(look) {
    const [options, config, { values }, release, by] = await Promise.all([
      look.get(settings),
      look.get(configFile),
      look.get(environment),
      look.get(buildkitdVersion),
      look.get(launcher),
    ]);
    const all: Listener[] = options.addresses.value.map((text, index) => ({
      use: 'grpc',
      text,
      address: parseListenAddress(text),
      key: options.addresses.key,
      index,
      at: options.addresses.at === null ? null : positionOf(config, options.addresses.key, index),
      source: options.addresses.source,
      needed: true,
    }));

    const fromVariable = surelyBefore(release, DEBUG_ADDRESS_WITH_SCHEME) ? undefined : values.BUILDKITD_DEBUGADDR;
    const debug =
      !isFlag(options.debugAddress.source) && fromVariable
        ? ({ ...options.debugAddress, value: fromVariable, source: 'unit', at: null } as const)
        : options.debugAddress;
    if (debug.value !== null && debug.value !== '') {
      const text = debug.value;
      // Before v0.19.0 the whole text was the TCP address; a scheme is then refused.
      const whole = surelyBefore(release, DEBUG_ADDRESS_WITH_SCHEME) || !text.includes('://');
      all.push({
        use: 'debug',
        text,
        address: whole ? { scheme: 'tcp', hostPort: text } : parseListenAddress(text),
        key: debug.key,
        index: null,
        at: debug.at,
        source: debug.source,
        needed: true,
      });
    }

    const old = surelyBefore(release, OTEL_IN_RUNTIME_DIRECTORY);
    const path = old ? `${options.root.value}/otel-grpc.sock` : options.otelSocket.value;
    all.push({
      use: 'otel',
      text: path,
      address: { scheme: 'unix', path },
      key: old ? options.root.key : options.otelSocket.key,
      index: null,
      at: (old ? options.root : options.otelSocket).at,
      source: old ? options.root.source : options.otelSocket.source,
      needed: !old,
    });

    const flags = by === 'rootlesskit' ? options.rootlesskitFlags : {};
    const ownRun = (flags['copy-up'] ?? []).some((directory) => directory.replace(/(?<!\/)\/+$/, '') === '/run');
    const runc = ownRun ? await unlessRefused(look.host.stat('/run/runc', 'target')) : null;
    return {
      all,
      ownNetwork: (flags.net?.at(-1) ?? 'host') !== 'host' && !isOn(flags['detach-netns']),
      ownRun,
      ownRunc: ownRun && runc?.value === null,
      published: [...(flags.publish ?? []), ...(flags.p ?? [])],
    };
  },
};
