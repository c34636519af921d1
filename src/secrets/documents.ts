import type { OnSecret } from '../text/secret-words.ts';
import { fromBase64 } from './encoded.ts';
import { maskJson } from './json.ts';
import { maskText } from './text.ts';
import { maskToml } from './toml.ts';
import { maskEnvironmentFile, maskUnit } from './unit.ts';

/** A word of letters alone (`id-token: write`) is anybody's: every sentence would lose it. */
const isAnybodys = (secret: string): boolean => /^[A-Za-z]{1,15}$/.test(secret);

/** Tells of the secrets in a file that somebody wrote, by what kind of file its name says it is. */
export function learnSecrets(path: string, text: string, tell: OnSecret): void {
  const found: OnSecret = (secret, likely) => {
    if (!isAnybodys(secret)) tell(secret, likely);
  };
  if (/\.toml$/.test(path)) maskToml(text, found);
  else if (/\.(?:service|socket|container|pod|kube|conf)$/.test(path)) maskUnit(text, found);
  else if (/(?:^|\/)config\.json$/.test(path)) maskJson(text, found);
  else if (/(?:^|[./])env(?:\.\w+)?$/.test(path)) maskEnvironmentFile(text, found);
  maskText(text, found);
  if (/\bkind["']?:\s*["']?Secret\b/.test(text)) learnManifest(text, found);
}

/** Everything that a Secret of Kubernetes holds is one. */
function learnManifest(text: string, found: OnSecret): void {
  for (const document of text.split(/^---.*$/m)) {
    if (!/^kind:\s*["']?Secret\b/m.test(document)) continue;
    let inside = false;
    for (const line of document.split('\n')) {
      if (/^\S/.test(line)) inside = /^(?:data|stringData):\s*$/.test(line);
      const value = inside ? /^\s+[^\s:]{1,200}:\s+(\S.*)$/.exec(line)?.[1] : undefined;
      if (value === undefined) continue;
      const bare = value.trim().replace(/^(["'])(.*)\1$/, '$2');
      found(bare);
      const held = fromBase64(bare);
      if (held !== null) found(held.trim());
    }
  }
}

/** The lines of such a file as they may be shown: each stays where it was. */
export function maskLines(text: string, hide: (line: string) => string): string {
  const whole = maskText(text);
  const lines = text.split('\n');
  const shown = whole.split('\n').length === lines.length ? whole : lines.map((line) => maskText(line)).join('\n');
  return shown.split('\n').map(hide).join('\n');
}
