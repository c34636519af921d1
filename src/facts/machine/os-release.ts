import type { OsRelease } from '../../knowledge/os-release.ts';
import type { Fact } from '../../model/look.ts';

/** Values may be bare, single- or double-quoted; comments, blank lines and a missing final newline occur. Never throws. */
export function parseOsRelease(text: string): OsRelease {
  const values = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const found = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line);
    if (found?.[1] === undefined || found[2] === undefined) continue;
    values.set(found[1], unquote(found[2].trim()));
  }
  const get = (key: string): string | null => values.get(key) || null;
  const version = get('VERSION_ID');
  const id = (get('ID') ?? 'linux').toLowerCase();
  return {
    id,
    idLike: (get('ID_LIKE') ?? '').toLowerCase().split(/\s+/).filter(Boolean),
    version: version === null || version.startsWith('TEMPLATE_') ? null : version,
    name: get('PRETTY_NAME') ?? get('NAME') ?? id,
    variantId: get('VARIANT_ID'),
    ubuntuCodename: get('UBUNTU_CODENAME'),
  };
}

function unquote(value: string): string {
  const quote = value[0];
  if ((quote !== '"' && quote !== "'") || value.length < 2 || !value.endsWith(quote)) return value;
  const inner = value.slice(1, -1);
  return quote === '"' ? inner.replace(/\\(["$`\\])/g, '$1') : inner;
}

export const osRelease: Fact<OsRelease> = {
  id: 'os-release',
  async read({ host }) {
    const file = (await host.read('/etc/os-release', 'self')) ?? (await host.read('/usr/lib/os-release', 'self'));
    return parseOsRelease(file?.text ?? '');
  },
};
