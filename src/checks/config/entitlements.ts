import { positionIn } from '../../buildkit/config/position.ts';
import type { ConfigValue } from '../../buildkit/config/read.ts';
import { acrossReleases, releasesOf } from '../../buildkit/config/releases.ts';
import { joinKey, keyText } from '../../buildkit/config/schema-tree.ts';
import { adviceOnEntitlement, entitlementNamed, meantEntitlement } from '../../buildkit/entitlements.ts';
import { isSince, type Release } from '../../buildkit/version.ts';
import { configFile } from '../../facts/config/config-file.ts';
import { settings } from '../../facts/config/settings.ts';
import { buildkitdVersion } from '../../facts/programs/buildkitd-version.ts';
import { identity } from '../../facts/target/identity.ts';
import type { Check, FactsOf } from '../../model/decide.ts';
import { optional } from '../../model/unseen.ts';
import { type Findings, findings } from '../findings.ts';
import type { ConfigEvidence } from './evidence.ts';

/** Evidence of config/entitlements. */
export interface EntitlementsEvidence extends ConfigEvidence {
  readonly name: string;
  /** Its place in the list of the file; null when a flag gives it. */
  readonly index: number | null;
}

const needs = { config: configFile, settings, identity, version: optional(buildkitdVersion) };

export const configEntitlements: Check<typeof needs, EntitlementsEvidence> = {
  id: 'config/entitlements',
  title: 'Allowed entitlements exist',
  why: 'A step that wants the host network or full privileges needs an entitlement that both buildkitd and the client allow; a name that does not exist is silently dropped from the file.',
  decides: true,
  conditions: ['entitlement.unknown', 'entitlement.allowed'],
  needs,
  examine(facts) {
    const { config, settings: options, version } = facts;
    const { source, value: names } = options.entitlements;
    const found = findings<EntitlementsEvidence>();
    const releases = releasesOf(version.value ?? config.bracket);
    const inFile = config.content.values.find(({ path }) => joinKey(path) === 'insecure-entitlements');
    const entry = source === 'file' ? (inFile ?? null) : null;
    for (const [index, name] of names.entries()) {
      const unknownIn = acrossReleases<true>(
        releases,
        (at) => (isKnown(name, at, entry !== null) ? [] : [true]),
        () => '',
      )[0];
      if (unknownIn === undefined) addAllowed(found, facts, name, index, entry);
      else addUnknown(found, facts, name, index, entry, unknownIn.versions);
    }
    return found;
  },
};

type Facts = FactsOf<typeof needs>;

function isKnown(name: string, at: Release, fromFile: boolean): boolean {
  const known = entitlementNamed(name);
  return known !== null && isSince(at, fromFile ? known.sinceRelease : known.flagSince);
}

/** A sentence about a name; of the flag that gives it where the file does not. */
const about = (entry: ConfigValue | null, sentence: string): string =>
  entry === null
    ? `The flag --allow-insecure-entitlement: ${sentence}`
    : sentence.charAt(0).toUpperCase() + sentence.slice(1);

const positionOfItem = ({ config }: Facts, entry: ConfigValue | null, index: number) =>
  entry === null ? null : positionIn(config, entry.items[index] ?? entry);

function addAllowed(
  found: Findings<EntitlementsEvidence>,
  facts: Facts,
  name: string,
  index: number,
  entry: ConfigValue | null,
): void {
  const known = entitlementNamed(name);
  if (known === null || name === 'device') return;
  found.add(
    'entitlement.allowed',
    'info',
    name,
    about(
      entry,
      `builds may use ${name}: ${known.consequence[facts.identity.mode]} A build still has to ask for it: ${known.client}.`,
    ),
    { key: 'insecure-entitlements', versions: null, prints: null, name, index: entry === null ? null : index },
    positionOfItem(facts, entry, index),
  );
}

function addUnknown(
  found: Findings<EntitlementsEvidence>,
  facts: Facts,
  name: string,
  index: number,
  entry: ConfigValue | null,
  versions: string | null,
): void {
  const fromFile = entry !== null;
  const drops = fromFile ? 'buildkitd silently drops it' : 'buildkitd does not start';
  const message =
    entitlementNamed(name) !== null
      ? `this buildkitd has no entitlement ${JSON.stringify(name)} yet${fromFile ? ' and silently drops it' : ', and does not start'}.${versions === null ? '' : ` This concerns ${versions}.`}`
      : `an entitlement ${JSON.stringify(name)} does not exist; ${drops}. ${adviceOnEntitlement(name, meantEntitlement(name))}`;
  found.add(
    'entitlement.unknown',
    fromFile || versions !== null ? 'warning' : 'error',
    fromFile ? keyText([...entry.written, String(index)]) : name,
    about(entry, message),
    {
      key: 'insecure-entitlements',
      versions,
      prints: fromFile ? null : `invalid entitlement : ${name}`,
      name,
      index: fromFile ? index : null,
    },
    positionOfItem(facts, entry, index),
  );
}
