import { lineOf } from '../../buildkit/config/line-of.ts';
import { trialsOf } from '../../buildkit/config/mend.ts';
import type { ConfigValue } from '../../buildkit/config/read.ts';
import { keyText } from '../../buildkit/config/schema-tree.ts';
import { compareReleases, NEWEST } from '../../buildkit/version.ts';
import { configFile } from '../../facts/config/config-file.ts';
import { type Registry, registries } from '../../facts/config/registries.ts';
import type { PemFile } from '../../facts/config/tls.ts';
import { configEdit } from '../../facts/rights/config-edit.ts';
import { identity } from '../../facts/target/identity.ts';
import type { Check, Condition, Problem, Severity } from '../../model/decide.ts';
import type { UnseenReason } from '../../model/look.ts';
import type { TomlEdit } from '../../model/plan.ts';
import type { ConfigEvidence } from './evidence.ts';

export interface RegistriesEvidence extends ConfigEvidence {
  readonly host: string;
  readonly file: string | null;
}

const needs = { config: configFile, registries, edit: configEdit, identity };

/** Other names of Docker Hub; buildkitd looks up the name that stands in an image's reference. */
const HUB =
  /^(?:index\.docker\.io|registry-1\.docker\.io|registry\.hub\.docker\.com|hub\.docker\.com|docker\.com|registry\.docker\.io)$/i;

export const configRegistries: Check<typeof needs, RegistriesEvidence> = {
  id: 'config/registries',
  title: 'Registries and mirrors are written as buildkitd reads them',
  why: 'A mirror or a registry table that does not match is passed over without a word, and a certificate file that is missing makes every pull from that registry fail.',
  decides: false,
  conditions: [
    'config.registry-mirror-invalid',
    'config.registry-name-invalid',
    'config.registry-no-effect',
    'tls.registry-ca-untrusted',
    'tls.registry-pair',
  ],
  needs,
  examine({ config, registries: all, edit, identity: who }) {
    const problems: Problem<RegistriesEvidence>[] = [];
    const unseen: UnseenReason[] = [];
    const text = config.file?.text ?? '';
    const tried = trialsOf(text);
    const hosts = new Set(all.map(({ host }) => host));
    const plainHosts = new Set(all.flatMap(({ host, http }) => (http === true ? [host] : [])));
    const mirrorHosts = new Set(all.flatMap(({ mirrors }) => mirrors.map(mirrorHost)));
    const report = (
      condition: Condition,
      severity: Severity,
      path: readonly string[],
      message: string,
      more: Partial<RegistriesEvidence> & { readonly wish?: readonly TomlEdit[] | null; readonly item?: number } = {},
    ): void => {
      const { wish = null, item, ...rest } = more;
      const changes = wish === null || edit === null || tried(text, wish) === null ? null : wish;
      const line = lineFor(path, item);
      problems.push({
        condition,
        severity,
        subject: keyText(item === undefined ? path : [...path, String(item)]),
        message: `${config.path}${line === null ? '' : `:${line}`}: ${message}`,
        evidence: {
          key: keyText(path),
          line,
          column: null,
          path: config.path,
          versions: null,
          prints: null,
          changes,
          consequence: null,
          alone: false,
          advice: null,
          edit: changes === null ? null : edit,
          host: path[1] ?? '',
          file: null,
          ...rest,
        },
      });
    };
    const entries = new Map(config.content.values.map((value) => [value.path.join('\0'), value]));
    const firstOf = new Map<string | undefined, ConfigValue>();
    for (const value of config.content.values)
      if (value.path[0] === 'registry' && !firstOf.has(value.path[1])) firstOf.set(value.path[1], value);
    const entryOf = (path: readonly string[]) => entries.get(path.join('\0'));
    const writtenAs = (path: readonly string[]): readonly string[] => entryOf(path)?.written ?? path;
    const lineFor = (path: readonly string[], item?: number): number | null => {
      const entry = entryOf(path);
      if (entry !== undefined) return item === undefined ? entry.line : (entry.itemLines[item] ?? entry.line);
      const first = firstOf.get(path[1]);
      if (path.length === 2 && first !== undefined) return first.line;
      const below = config.content.values.find((value) => path.every((part, at) => value.path[at] === part));
      return below?.line ?? lineOf(config.content, path.join('.'));
    };

    for (const registry of all) {
      const base = ['registry', registry.host];
      hostProblem(registry, base);
      for (const [item, mirror] of registry.mirrors.entries()) mirrorProblem(registry, mirror, item, base);
      if (registry.http === true && registry.insecure !== true && (registry.ca.length > 0 || registry.pairs.length > 0))
        report(
          'config.registry-no-effect',
          'warning',
          [...base, 'http'],
          `http = true speaks to ${registry.host} without TLS, so that its certificates have no effect.`,
          {
            advice: 'Remove http = true if the registry speaks TLS; else remove ca and keypair.',
          },
        );
      if (registry.insecure === true && registry.http !== true && registry.ca.length > 0)
        report(
          'config.registry-no-effect',
          'info',
          [...base, 'insecure'],
          `insecure = true does not verify the certificate of ${registry.host}, so that ca has no effect.`,
          {
            advice: 'Remove insecure = true: with ca, the certificate can be verified.',
          },
        );
      if (registry.insecure === true && registry.http === true)
        report(
          'config.registry-no-effect',
          'info',
          [...base, 'insecure'],
          `insecure and http are both true for ${registry.host}: buildkitd tries unverified TLS and plain HTTP.`,
          {
            advice: 'Keep http for a registry without TLS, insecure for one whose certificate cannot be verified.',
          },
        );
      for (const [item, file] of registry.ca.entries()) caProblem(registry, file, item, base);
      for (const [index, pair] of registry.pairs.entries()) pairProblem(registry, pair, index, base);
      for (const [item, directory] of registry.directories.entries()) directoryProblem(registry, directory, item, base);
    }
    return { problems, unseen };

    function hostProblem({ host, mirrors, http, insecure }: Registry, base: readonly string[]): void {
      const bare = host.replace(/^[a-z]+:\/\//i, '').replace(/\/[\s\S]*$/, '');
      const real = HUB.test(bare) ? 'docker.io' : bare;
      if (real === host || real === '' || mirrorHosts.has(host)) return;
      const from = firstOf.get(host)?.written.slice(0, 2) ?? base;
      const weakens = http === true || insecure === true;
      const direct = host === 'registry-1.docker.io';
      const why =
        host !== bare ? 'a table is found by host and port alone' : 'images of Docker Hub are looked up as docker.io';
      report(
        'config.registry-name-invalid',
        'warning',
        base,
        `The table for ${JSON.stringify(host)} ${direct ? `counts only for images named ${host}/…` : 'is never used'}: ${why}.`,
        {
          alone: true,
          wish: hosts.has(real) ? null : [{ change: 'rename', path: from, to: [...from.slice(0, 1), real] }],
          consequence: weakens
            ? `${real} is then spoken to without ${http === true ? 'encryption' : 'verifying its certificate'}: whoever is on the way can change images.`
            : null,
          advice: `Write [registry.${JSON.stringify(real)}]${mirrors.length > 0 ? ', with its mirrors' : ''}.`,
        },
      );
    }

    function mirrorProblem({ host }: Registry, mirror: string, item: number, base: readonly string[]): void {
      const path = [...base, 'mirrors'];
      const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(mirror)?.[1]?.toLowerCase();
      const bare = scheme === undefined ? mirror : mirror.slice(scheme.length + 3).replace(/(?<!\/)\/+$/, '');
      const at = mirrorHost(mirror);
      const written = [...writtenAs(path), String(item)];
      const scarce = compareReleases(config.content.releases[0] ?? NEWEST, [0, 12, 0]) < 0;
      if (bare === '' || /\s/.test(mirror) || at === '')
        report(
          'config.registry-mirror-invalid',
          'warning',
          path,
          `The mirror ${JSON.stringify(mirror)} of ${host} is no host.`,
          {
            item,
            advice: 'Write mirrors as host, host:port or host:port/path.',
          },
        );
      else if (scheme !== undefined) {
        const plain = scheme === 'http' && !plainHosts.has(at);
        report(
          'config.registry-mirror-invalid',
          'warning',
          path,
          `The mirror ${JSON.stringify(mirror)} of ${host} is written with a scheme, which buildkitd drops${scarce ? ' (before v0.12.0 it takes the whole text for the host)' : ''}.${plain ? ` It is asked by HTTPS, unless [registry.${JSON.stringify(at)}] says http = true.` : ''}`,
          {
            item,
            wish: [{ change: 'set', path: written, value: bare }],
            advice: plain
              ? `Write ${JSON.stringify(bare)}, and [registry.${JSON.stringify(at)}] with http = true if it speaks no TLS.`
              : `Write ${JSON.stringify(bare)}.`,
          },
        );
      } else if (bare === host)
        report('config.registry-no-effect', 'info', path, `${host} is named as its own mirror.`, {
          item,
          advice: 'Remove it: the registry itself is asked anyway.',
        });
      else if (scarce && bare.includes('/'))
        report(
          'config.registry-mirror-invalid',
          'warning',
          path,
          `The mirror ${JSON.stringify(mirror)} of ${host} has a path, which works from v0.12.0 on only.`,
          {
            item,
            versions: 'versions up to v0.11.6',
            advice: 'Name a mirror without path, or install a newer BuildKit.',
          },
        );
    }

    function caProblem({ host }: Registry, file: PemFile, item: number, base: readonly string[]): void {
      const why = unusable(file, 'certificate');
      if (why === undefined || why === null) return;
      const path = [...base, 'ca'];
      report(
        'tls.registry-ca-untrusted',
        'warning',
        path,
        `The certificate file ${file.path} for ${host}: ${why}${file.stat === null ? ', and every pull from there fails' : ''}.`,
        {
          item,
          file: file.path,
          prints: file.stat === null || !file.readable ? `failed to read ${file.path}` : null,
          advice: `Put the registry's CA certificate in PEM form at ${file.path}, readable by the account of buildkitd; or remove it from ca.`,
        },
      );
    }

    function pairProblem(
      { host }: Registry,
      pair: Registry['pairs'][number],
      index: number,
      base: readonly string[],
    ): void {
      const path = [...base, 'keypair', String(index)];
      const say = (name: string, file: string | null, message: string): void =>
        report('tls.registry-pair', 'warning', [...path, name], message, {
          file,
          prints: file === null ? null : 'failed to load keypair',
          advice: `Give both key and cert of one pair in [[registry.${JSON.stringify(host)}.keypair]], as PEM files that the account of buildkitd can read.`,
        });
      if (pair.cert === null || pair.key === null) {
        const missing = pair.cert === null ? 'cert' : 'key';
        say(
          missing === 'cert' ? 'key' : 'cert',
          null,
          `A key pair for ${host} lacks ${missing}: every pull from there fails.`,
        );
        return;
      }
      for (const [name, file] of [
        ['cert', pair.cert],
        ['key', pair.key],
      ] as const) {
        const why = unusable(file, name === 'cert' ? 'certificate' : 'private key');
        if (why === undefined || why === null) continue;
        say(name, file.path, `${file.path}, ${name} of a pair for ${host}: ${why}; every pull from there fails.`);
        return;
      }
      if (pair.match?.matches === false)
        say(
          'key',
          pair.key.path,
          `The key ${pair.key.path} does not belong to the certificate ${pair.cert.path}: every pull from ${host} fails.`,
        );
    }

    function directoryProblem(
      { host }: Registry,
      { path: directory, names }: Registry['directories'][number],
      item: number,
      base: readonly string[],
    ): void {
      const path = [...base, 'tlsconfigdir'];
      if (names === null) {
        if (directory.startsWith('/'))
          report(
            'config.registry-no-effect',
            'warning',
            path,
            `The directory ${directory} for ${host} is not there or may not be listed, and is passed over.`,
            {
              item,
              file: directory,
              advice: `Make ${directory}, with NAME.crt for a CA and NAME.cert with NAME.key for a client pair.`,
            },
          );
        return;
      }
      const alone = names.filter((name) => name.endsWith('.cert') && !names.includes(name.replace(/\.cert$/, '.key')));
      if (alone.length > 0)
        report(
          'tls.registry-pair',
          'warning',
          path,
          `${directory}/${alone[0]} has no key ${alone[0]?.replace(/\.cert$/, '.key')} beside it: every pull from ${host} fails.`,
          {
            item,
            file: `${directory}/${alone[0]}`,
            prints: 'failed to load keypair',
            advice: `Put the key beside the certificate, or rename a CA from .cert to .crt.`,
          },
        );
      else if (!names.some((name) => /\.(?:crt|cert)$/.test(name)))
        report(
          'config.registry-no-effect',
          'warning',
          path,
          `${directory} for ${host} has no file named *.crt or *.cert, and nothing else is read.`,
          {
            item,
            file: directory,
            advice: 'Name CA files NAME.crt, and client pairs NAME.cert with NAME.key.',
          },
        );
    }

    /** Undefined: it could not be seen. Null: nothing is wrong with it. */
    function unusable(file: PemFile, what: 'certificate' | 'private key'): string | null | undefined {
      if (file.unseen !== null) {
        unseen.push(file.unseen);
        return undefined;
      }
      const { stat, pem, readable } = file;
      if (stat === null) return 'it does not exist';
      if (stat.kind !== 'file') return `it is a ${stat.kind}`;
      if (!readable) {
        if (who.mode === 'rootless' && stat.uid === who.target.uid) return undefined;
        return 'the account that runs buildkitd may not read it';
      }
      if (pem === null) return undefined;
      if (pem.error !== null) return `it cannot be read (${pem.error})`;
      const count = what === 'certificate' ? pem.certificates.length : pem.privateKeys;
      return count > 0 ? null : `it holds no ${what} in PEM form`;
    }
  },
};

/** The host of a mirror, with its port: what its own table would be called. */
const mirrorHost = (mirror: string): string => mirror.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').replace(/\/[\s\S]*$/, '');
