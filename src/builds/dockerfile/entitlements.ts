import { adviceOnEntitlement, ENTITLEMENTS, entitlementNamed, meantEntitlement } from '../../buildkit/entitlements.ts';
import { isSince } from '../../buildkit/version.ts';
import type { Daemon } from '../model/daemon.ts';
import type { Finding } from '../model/finding.ts';
import type { Asked, BuildRequest, Place } from '../model/request.ts';
import { placeOf } from '../model/request.ts';

/** A step, or the whole build, that wants more than the sandbox allows. */
export interface Want {
  readonly entitlement: string;
  readonly at: Place;
  readonly by: string;
}

/** What steps want, the command asks for and the daemon grants, held against each other. */
export function entitlementFindings(
  wants: readonly Want[],
  request: BuildRequest | null,
  daemon: Daemon,
): readonly Finding[] {
  const findings: Finding[] = [];
  const asked = request?.allow ?? [];
  const unknown = asked.filter((entry) => entry.known && !isKnown(entry.value, daemon) && !isOfBuildx(entry, request));
  findings.push(...unknown.map((entry) => unknownEntitlement(entry)));
  for (const { name } of ENTITLEMENTS) {
    const wanted = wants.filter(({ entitlement }) => entitlement === name);
    const allow = asked.find((entry) => entry.known && base(entry.value) === name);
    const granted = grants(daemon, name);
    if (granted === false) {
      const places =
        wanted.length > 0
          ? wanted
          : allow === undefined
            ? []
            : [
                {
                  at: allow,
                  by: request?.client === 'compose' ? 'The build of the service' : `--allow ${allow.value}`,
                },
              ];
      findings.push(...places.map(({ at, by }) => missing(name, at, by, daemon, request)));
    }
    const [first] = wanted;
    if (request !== null && !request.open && allow === undefined && first !== undefined)
      findings.push(notRequested(name, first, request));
  }
  return findings;
}

const base = (value: string): string => value.replace(/=.*$/s, '');

function isKnown(value: string, daemon: Daemon): boolean {
  const known = entitlementNamed(base(value));
  if (known === null) return false;
  return known.name === 'device' ? isSince(daemon.release, known.sinceRelease) : !value.includes('=');
}

/** What buildx takes for itself, and asks no daemon for. */
const isOfBuildx = ({ value }: Asked, request: BuildRequest | null): boolean =>
  value === 'buildx.local.delete' && request?.client !== 'buildctl';

function grants({ config, engine }: Daemon, name: string): boolean | null {
  if (name === 'device') return config === null ? null : config.cdi;
  if (config === null) return engine === null ? null : name === 'network.host';
  return config.entitlements.includes(name);
}

function unknownEntitlement(asked: Asked): Finding {
  return {
    ...placeOf(asked),
    condition: 'entitlement.unknown',
    severity: 'error',
    message: `There is no entitlement ${asked.value}: the client ends with "unknown entitlement ${asked.value}" before it asks the daemon.`,
    needs: {},
    remedy: [adviceOnEntitlement(asked.value, meantEntitlement(asked.value))],
  };
}

function missing(name: string, at: Place, by: string, { config }: Daemon, request: BuildRequest | null): Finding {
  // A Dockerfile alone, or a file of targets, says nothing of the daemon that will build it.
  const ofFile = request?.open && (request.client === 'compose' || request.client === 'bake');
  const sure = (request !== null && !ofFile) || (config !== null && config.file !== null);
  const file = config?.file ?? 'buildkitd.toml';
  return {
    ...placeOf(at),
    condition: 'entitlement.missing',
    severity: sure ? 'error' : 'warning',
    message: `${by} needs the entitlement ${name}, ${sure ? 'and the daemon does not allow it' : 'which a daemon allows only where its configuration says so'}.`,
    needs: { entitlement: name },
    remedy: [
      name === 'device'
        ? `Remove disabled = true of [cdi] in ${file}.`
        : `Allow it in ${file} with insecure-entitlements = ["${name}"], or start buildkitd with --allow-insecure-entitlement ${name}.`,
    ],
  };
}

/** Told where it has to be changed: at the command, or in the Dockerfile where a file of bake or Compose starts the build. */
function notRequested(name: string, { at, by }: Want, { client, at: command }: BuildRequest): Finding {
  const where = by.startsWith('RUN') ? ` in line ${at.line} of ${at.file}` : '';
  return {
    ...placeOf(client === 'bake' || client === 'compose' ? at : command),
    condition: 'entitlement.not-requested',
    severity: 'error',
    message: `${by}${where} needs the entitlement ${name}, and the command does not ask for it.`,
    needs: { entitlement: name, flag: `--allow ${name}` },
    remedy: [
      client === 'bake'
        ? `Add entitlements = ["${name}"] to the target, and --allow ${name} to the command.`
        : `Add --allow ${name} to the command.`,
    ],
  };
}
