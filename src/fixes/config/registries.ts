import type { ConfigReading } from '../../buildkit/config/read.ts';
import { plainHostsOf, type RegistriesEvidence } from '../../checks/config/registry-case.ts';
import { countingName, mirrorName } from '../../checks/config/registry-names.ts';
import { configFile } from '../../facts/config/config-file.ts';
import { registries } from '../../facts/config/registries.ts';
import { configEdit } from '../../facts/rights/config-edit.ts';
import type { FactsOf } from '../../model/decide.ts';
import type { Fix } from '../../model/plan.ts';
import { type Correction, NOTHING } from './corrections.ts';
import { planTried } from './trials.ts';

const needs = { config: configFile, registries, edit: configEdit };

/** Drops schemes from mirrors and gives registry tables the name that is looked up. */
export const correctRegistries: Fix<typeof needs, RegistriesEvidence> = {
  title: 'Write registries and mirrors as buildkitd reads them',
  needs,
  plan: (problems, facts) => planTried(problems, facts, ({ evidence }) => correctionOf(evidence, facts)),
};

function correctionOf(evidence: RegistriesEvidence, facts: FactsOf<typeof needs>): Correction {
  const { host, file } = evidence;
  const only = (advice: string): Correction => ({ ...NOTHING, advice });
  switch (evidence.what) {
    case 'table-name':
      return renaming(evidence, facts);
    case 'scheme':
      return withoutScheme(evidence, facts);
    case 'no-host':
      return only('Write mirrors as host, host:port or host:port/path.');
    case 'own-mirror':
      return only('Remove it: the registry itself is asked anyway.');
    case 'mirror-path':
      return only('Name a mirror without path, or install a newer BuildKit.');
    case 'http-certificates':
      return only('Remove http = true if the registry speaks TLS; else remove ca and keypair.');
    case 'insecure-ca':
      return only('Remove insecure = true: with ca, the certificate can be verified.');
    case 'http-insecure':
      return only('Keep http for a registry without TLS, insecure for one whose certificate cannot be verified.');
    case 'ca-file':
      return only(
        `Put the registry's CA certificate in PEM form at ${file ?? ''}, readable by the account of buildkitd; or remove it from ca.`,
      );
    case 'key-pair':
      return only(
        `Give both key and cert of one pair in [[registry.${JSON.stringify(host)}.keypair]], as PEM files that the account of buildkitd can read.`,
      );
    case 'directory-missing':
      return only(`Make ${file ?? ''}, with NAME.crt for a CA and NAME.cert with NAME.key for a client pair.`);
    case 'directory-key':
      return only('Put the key beside the certificate, or rename a CA from .cert to .crt.');
    case 'directory-names':
      return only('Name CA files NAME.crt, and client pairs NAME.cert with NAME.key.');
  }
}

/** The table gets the name that counts, where no other has it. */
function renaming({ host }: RegistriesEvidence, { config, registries: all }: FactsOf<typeof needs>): Correction {
  const real = countingName(host);
  const table = all.find((one) => one.host === host);
  const [first = 'registry', name = host] = writtenBelow(config.content, ['registry', host]);
  const weakens = table?.http === true || table?.insecure === true;
  return {
    alone: true,
    changes: all.some((one) => one.host === real)
      ? null
      : [{ change: 'rename', path: [first, name], to: [first, real] }],
    consequence: weakens
      ? `${real} is then spoken to without ${table.http === true ? 'encryption' : 'verifying its certificate'}: whoever is on the way can change images.`
      : null,
    advice: `Write [registry.${JSON.stringify(real)}]${(table?.mirrors.length ?? 0) > 0 ? ', with its mirrors' : ''}.`,
  };
}

function withoutScheme(
  { host, mirror, index }: RegistriesEvidence,
  { config, registries: all }: FactsOf<typeof needs>,
): Correction {
  const { scheme, bare, host: at } = mirrorName(mirror ?? '');
  const list = writtenBelow(config.content, ['registry', host, 'mirrors']);
  const isPlain = scheme === 'http' && !plainHostsOf(all).has(at);
  return {
    ...NOTHING,
    changes: [{ change: 'set', path: [...list, String(index)], value: bare }],
    advice: isPlain
      ? `Write ${JSON.stringify(bare)}, and [registry.${JSON.stringify(at)}] with http = true if it speaks no TLS.`
      : `Write ${JSON.stringify(bare)}.`,
  };
}

/** A key or table as the file spells it. */
function writtenBelow({ values }: ConfigReading, path: readonly string[]): readonly string[] {
  const entry = values.find((value) => path.every((part, depth) => value.path[depth] === part));
  return entry?.written.slice(0, path.length) ?? path;
}
