import { ENTITLEMENTS } from '../entitlements.ts';
import { NEWEST, releaseText } from '../version.ts';
import { KEYS, type KeySpec } from './keys.ts';
import { splitKey } from './schema-tree.ts';

const TYPE: { readonly [type in KeySpec['type']]: string } = {
  bool: '`true` or `false`',
  int: 'whole number',
  string: 'text',
  'string[]': 'list of strings',
  size: 'size',
  duration: 'duration',
  'text-table': 'table of texts',
  'free-table': 'table',
};

function defaultOf({ default: given }: KeySpec): string {
  if (given === undefined) return '';
  const shown = (text: string): string => (/^[\w./-]+$|^[["]/.test(text) ? `\`${text}\`` : text);
  if (typeof given === 'string') return `Default: ${shown(given)}.`;
  return `Default: ${shown(given.rootful)}; rootless ${shown(given.rootless)}.`;
}

function valuesOf({ values }: KeySpec): string {
  if (values === undefined) return '';
  const names = values.map((item) => (typeof item === 'string' ? `\`${item}\`` : `\`${item.value}\` (${item.since})`));
  return `Values: ${names.join(', ')}.`;
}

function row(spec: KeySpec): string {
  const last = splitKey(spec.key).at(-1) ?? '';
  const { deprecated: old, flag } = spec;
  const successor =
    old === undefined
      ? ''
      : old.write === 'same' || old.write === undefined
        ? old.successor
        : `${old.successor} = "${old.write}"`;
  const text = [
    spec.help,
    valuesOf(spec),
    spec.breaks ?? '',
    old === undefined ? '' : `Since ${old.since} an old key: use \`${successor}\`.`,
    flag === undefined ? '' : `Flag: \`--${flag}\`.`,
    defaultOf(spec),
  ]
    .filter((part) => part !== '')
    .join(' ');
  return `| \`${last}\` | ${TYPE[spec.type]} | ${spec.since} | ${text.replaceAll('|', '\\|')} |`;
}

/** The header under which keys stand in a file: "[worker.oci]", or "" at the top. */
function headerOf(key: string): string {
  const parts = splitKey(key).slice(0, -1);
  if (parts.length === 0) return '';
  const list = parts.at(-1)?.endsWith('[]') ?? false;
  const names = parts.map((part) => {
    const name = part.replace(/\[\]$/, '');
    return name === '*' ? '"HOST"' : /^[\w-]+$/.test(name) ? name : `"${name}"`;
  });
  return list ? `[[${names.join('.')}]]` : `[${names.join('.')}]`;
}

/** docs/buildkitd.toml.md, made from the table of keys. */
export function reference(): string {
  const groups = new Map<string, KeySpec[]>();
  for (const spec of KEYS) {
    const header = headerOf(spec.key);
    const group = groups.get(header);
    if (group === undefined) groups.set(header, [spec]);
    else group.push(spec);
  }
  const tables = [...groups].map(([header, specs]) => {
    const title = header === '' ? '## Top level' : `## \`${header}\``;
    return [
      title,
      '',
      '| key | type | since | what it does, and what breaks |',
      '|---|---|---|---|',
      ...specs.map(row),
      '',
    ].join('\n');
  });
  return [
    '# Every key of buildkitd.toml',
    '',
    `Made from the table that bk-doctor judges by (src/buildkit/config/keys.ts), checked against BuildKit up to ${releaseText(NEWEST)}. Do not edit: change the table and run \`npx vitest run test/buildkit/reference.test.ts -u\`.`,
    '',
    'What holds for every key:',
    '',
    '- A key or table that is not listed here is silently ignored. So is one that is newer than the buildkitd that reads it.',
    '- A value of the wrong type, and text that is no TOML, keep buildkitd from starting.',
    '- The file is `/etc/buildkit/buildkitd.toml`; for a rootless buildkitd `$XDG_CONFIG_HOME/buildkit/buildkitd.toml`, else `~/.config/buildkit/buildkitd.toml`. A missing file is fine. That file is parsed even when `--config` names another.',
    '- A flag given on the command line wins over the file.',
    '- Up to v0.27.1 a key must be written as here, all in lower case, all in upper case, or with its first letter in lower case. From v0.28.0 on letter case does not matter.',
    '- Names with a dot need quotation marks: `[registry."docker.io"]`, `[frontend."gateway.v0"]`.',
    '',
    'A *size* is a number of bytes or, since v0.12.0, text such as `"512MB"` (powers of 1024) or `"10%"`. A *duration* is a number of seconds or, since v0.12.0, text such as `"48h"`.',
    '',
    '## What the versions read differently',
    '',
    'BuildKit changed its TOML library with v0.28.0 (go-toml 1.9 to go-toml 2).',
    '',
    '| written | up to v0.27.1 | from v0.28.0 on |',
    '|---|---|---|',
    '| byte order mark, bytes that are not UTF-8 in comments, carriage returns as line ends | read | refused |',
    '| inline tables over several lines | read | refused |',
    '| a number with a leading zero, `04` (longer ones are refused everywhere) | read | refused |',
    '| `a.b = 1` and then `[a]` | read | refused |',
    '| `[table] key = 1` on one line | read | refused |',
    '| a size in hexadecimal, a duration with underscores | read | refused |',
    '| whole numbers from 2^63 on | turn negative | refused |',
    '| `[registry."[2001:db8::1]:5000"]` | refused | read |',
    '| `gcpolicy = []`, `[debug]` without keys | refused | read |',
    '| numbers that are none (`1.2.3`) and repeated keys, under names that nothing reads | refused | passed over |',
    '| `[worker.oci.gcconfig]`, `[worker.oci.networkconfig]` | read | ignored |',
    '',
    ...tables,
    '## Entitlements',
    '',
    'What `insecure-entitlements` may hold. Nothing else exists.',
    '',
    '| name | since | a build asks for it with | what it gives away |',
    '|---|---|---|---|',
    ...ENTITLEMENTS.map(
      ({ name, since, client, consequence }) => `| \`${name}\` | ${since} | ${client} | ${consequence.rootful} |`,
    ),
    '',
  ].join('\n');
}
