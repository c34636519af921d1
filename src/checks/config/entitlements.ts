import { trialsOf } from '../../buildkit/config/mend.ts';
import { acrossReleases, releasesOf } from '../../buildkit/config/releases.ts';
import { joinKey, keyText } from '../../buildkit/config/schema-tree.ts';
import { adviceOnEntitlement, ENTITLEMENTS } from '../../buildkit/entitlements.ts';
import { isSince, type Release } from '../../buildkit/version.ts';
import { configFile } from '../../facts/config/config-file.ts';
import { settings } from '../../facts/config/settings.ts';
import { buildkitdVersion } from '../../facts/programs/buildkitd-version.ts';
import { configEdit } from '../../facts/rights/config-edit.ts';
import { identity } from '../../facts/target/identity.ts';
import type { Check, Problem } from '../../model/decide.ts';
import type { TomlEdit } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { editDistance } from '../../text/nearest.ts';
import type { ConfigEvidence } from './evidence.ts';

export interface EntitlementsEvidence extends ConfigEvidence {
  readonly name: string;
}

const needs = { config: configFile, settings, edit: configEdit, identity, version: optional(buildkitdVersion) };

export const configEntitlements: Check<typeof needs, EntitlementsEvidence> = {
  id: 'config/entitlements',
  title: 'Allowed entitlements exist',
  why: 'A step that wants the host network or full privileges needs an entitlement that both buildkitd and the client allow; a name that does not exist is dropped from the file without a word.',
  decides: true,
  conditions: ['entitlement.unknown', 'entitlement.allowed'],
  needs,
  examine({ config, settings: options, edit, identity: who, version }) {
    const { source, value: names } = options.entitlements;
    const problems: Problem<EntitlementsEvidence>[] = [];
    const releases = releasesOf(version.value ?? config.bracket);
    const entry = config.content.values.find(({ path }) => joinKey(path) === 'insecure-entitlements');
    const text = config.file?.text ?? '';
    const tried = trialsOf(text);
    const fromFile = source === 'file' && entry !== undefined;
    for (const [index, name] of names.entries()) {
      const evidence: EntitlementsEvidence = {
        key: 'insecure-entitlements',
        line: fromFile ? (entry.itemLines[index] ?? entry.line) : null,
        column: null,
        path: config.path,
        versions: null,
        prints: null,
        changes: null,
        consequence: null,
        alone: false,
        advice: null,
        edit: null,
        name,
      };
      const where = fromFile ? `${config.path}:${evidence.line}` : 'The flag --allow-insecure-entitlement';
      const unknownIn = acrossReleases<true>(
        releases,
        (at) => (isKnown(name, at, fromFile) ? [] : [true]),
        () => '',
      )[0];
      if (unknownIn === undefined) {
        const known = ENTITLEMENTS.find((entitlement) => entitlement.name === name);
        if (known === undefined || name === 'device') continue;
        problems.push({
          condition: 'entitlement.allowed',
          severity: 'info',
          subject: name,
          message: `${where}: builds may use ${name}: ${known.consequence[who.mode]} A build still has to ask for it: ${known.client}.`,
          evidence: { ...evidence, advice: null },
        });
        continue;
      }
      const { versions } = unknownIn;
      const meant = meantBy(name);
      const written = [...(entry?.written ?? ['insecure-entitlements']), String(index)];
      const changes: TomlEdit[] | null =
        meant === null || !fromFile
          ? null
          : names.includes(meant)
            ? [{ change: 'remove', path: written }]
            : [{ change: 'set', path: written, value: meant }];
      const possible = changes !== null && edit !== null && tried(text, changes) !== null;
      const known = ENTITLEMENTS.find((entitlement) => entitlement.name === (meant ?? name));
      const exists = known !== undefined && known.name === name;
      const advice = exists
        ? `${name} is known from ${known.since} on${fromFile ? '' : ' (as a flag, device from v0.24.0 on)'}; remove it, or install a newer BuildKit.`
        : adviceOnEntitlement(name, meant);
      problems.push({
        condition: 'entitlement.unknown',
        severity: fromFile || versions !== null ? 'warning' : 'error',
        subject: fromFile ? keyText(written) : name,
        message: exists
          ? `${where}: this buildkitd has no entitlement ${JSON.stringify(name)} yet${fromFile ? ', and drops it without a word' : ', and does not start'}.${versions === null ? '' : ` This concerns ${versions}.`}`
          : `${where}: an entitlement ${JSON.stringify(name)} does not exist; ${fromFile ? 'buildkitd drops it without a word' : 'buildkitd does not start'}. ${advice}`,
        evidence: {
          ...evidence,
          versions,
          prints: fromFile ? null : `invalid entitlement : ${name}`,
          changes: possible ? changes : null,
          consequence: possible ? (names.includes(meant ?? '') ? null : (known?.consequence[who.mode] ?? null)) : null,
          advice,
          edit: possible ? edit : null,
        },
      });
    }
    return { problems, unseen: [] };
  },
};

function isKnown(name: string, at: Release, fromFile: boolean): boolean {
  const found = ENTITLEMENTS.find((entitlement) => entitlement.name === name);
  return found !== undefined && isSince(at, fromFile ? found.sinceRelease : found.flagSince);
}

/** The real entitlement that a misspelt name means; null where nothing is near enough. */
function meantBy(name: string): string | null {
  const folded = name.toLowerCase().replace(/[^a-z]/g, '');
  const exact = ENTITLEMENTS.find((entitlement) => entitlement.name.replace(/[^a-z]/g, '') === folded);
  if (exact !== undefined) return exact.name;
  const near = ENTITLEMENTS.find(
    (entitlement) => folded.length > 5 && editDistance(name.toLowerCase(), entitlement.name) <= 2,
  );
  return near?.name ?? null;
}
