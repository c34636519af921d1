import { compareReleases, NEWEST } from '../../buildkit/version.ts';
import type { Registry } from '../../facts/config/registries.ts';
import { addTo, type RegistryCase } from './registry-case.ts';
import { bareHost, countingName, mirrorName } from './registry-names.ts';

/** Whether the table has the name that is looked up. */
export function judgeName(registry: RegistryCase, { host }: Registry): void {
  const real = countingName(host);
  if (real === host || real === '' || registry.mirrorHosts.has(host)) return;
  const isDirect = host === 'registry-1.docker.io';
  const why =
    host !== bareHost(host)
      ? 'a table is found by host and port alone'
      : 'images of Docker Hub are looked up as docker.io';
  addTo(
    registry,
    'config.registry-name-invalid',
    'warning',
    ['registry', host],
    `The table for ${JSON.stringify(host)} ${isDirect ? `counts only for images named ${host}/…` : 'is never used'}: ${why}.`,
    { what: 'table-name' },
  );
}

/** Whether each mirror is written as buildkitd reads it. */
export function judgeMirrors(registry: RegistryCase, { host, mirrors }: Registry): void {
  for (const [index, mirror] of mirrors.entries()) judgeMirror(registry, host, mirror, index);
}

function judgeMirror(registry: RegistryCase, host: string, mirror: string, index: number): void {
  const path = ['registry', host, 'mirrors'];
  const { scheme, bare, host: at } = mirrorName(mirror);
  const scarce = compareReleases(registry.config.content.releases[0] ?? NEWEST, [0, 12, 0]) < 0;
  const invalid = 'config.registry-mirror-invalid';
  if (bare === '' || /\s/.test(mirror) || at === '')
    addTo(registry, invalid, 'warning', path, `The mirror ${JSON.stringify(mirror)} of ${host} is no host.`, {
      what: 'no-host',
      mirror,
      index,
    });
  else if (scheme !== null) {
    const plain = scheme === 'http' && !registry.plainHosts.has(at);
    addTo(
      registry,
      invalid,
      'warning',
      path,
      `The mirror ${JSON.stringify(mirror)} of ${host} is written with a scheme, which buildkitd drops${scarce ? ' (before v0.12.0 it takes the whole text for the host)' : ''}.${plain ? ` It is asked by HTTPS, unless [registry.${JSON.stringify(at)}] says http = true.` : ''}`,
      { what: 'scheme', mirror, index },
    );
  } else if (bare === host)
    addTo(registry, 'config.registry-no-effect', 'info', path, `${host} is named as its own mirror.`, {
      what: 'own-mirror',
      mirror,
      index,
    });
  else if (scarce && bare.includes('/'))
    addTo(
      registry,
      invalid,
      'warning',
      path,
      `The mirror ${JSON.stringify(mirror)} of ${host} has a path, which works from v0.12.0 on only.`,
      { what: 'mirror-path', mirror, index, versions: 'versions up to v0.11.6' },
    );
}

/** What http and insecure do to each other and to the certificates. */
export function judgeSwitches(registry: RegistryCase, { host, http, insecure, ca, pairs }: Registry): void {
  const base = ['registry', host];
  const condition = 'config.registry-no-effect';
  if (http === true && insecure !== true && (ca.length > 0 || pairs.length > 0))
    addTo(
      registry,
      condition,
      'warning',
      [...base, 'http'],
      `http = true speaks to ${host} without TLS, so that its certificates have no effect.`,
      { what: 'http-certificates' },
    );
  if (insecure === true && http !== true && ca.length > 0)
    addTo(
      registry,
      condition,
      'info',
      [...base, 'insecure'],
      `insecure = true does not verify the certificate of ${host}, so that ca has no effect.`,
      { what: 'insecure-ca' },
    );
  if (insecure === true && http === true)
    addTo(
      registry,
      condition,
      'info',
      [...base, 'insecure'],
      `insecure and http are both true for ${host}: buildkitd tries unverified TLS and plain HTTP.`,
      { what: 'http-insecure' },
    );
}
