import type { Fact } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { readUnsigned } from './subid-file.ts';

/** Where useradd would take subordinate ids from (login.defs(5)). Bounds are inclusive. */
export interface SubidLimits {
  readonly min: number;
  readonly max: number;
  readonly count: number;
}
export interface LoginDefs {
  readonly uid: SubidLimits;
  readonly gid: SubidLimits;
  /** The file that was read; null: none, so the compiled defaults hold. */
  readonly path: string | null;
}

/** Later lines win; a line is a name, blanks and a value. Never throws. */
export function parseLoginDefs(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [, name = '', value = ''] of text.matchAll(/^[ \t]*([A-Z][A-Z0-9_]*)[ \t]+"?([^\s"]+)"?[ \t]*\r?$/gm))
    values.set(name, value);
  return values;
}

export function subidLimits(values: ReadonlyMap<string, string>, kind: 'UID' | 'GID'): SubidLimits {
  const get = (name: string, fallback: number): number => {
    const value = readUnsigned(values.get(`SUB_${kind}_${name}`) ?? '');
    return value === null || value > 4294967294 ? fallback : value;
  };
  const [min, max] = [get('MIN', 100000), get('MAX', 600100000)];
  return { min, max: max < min ? 600100000 : max, count: get('COUNT', 65536) };
}

export const loginDefs: Fact<LoginDefs> = {
  id: 'login-defs',
  async read({ host }) {
    // The vendor's file stands where /etc has none (SUSE); drop-ins refine it.
    for (const path of ['/etc/login.defs', '/usr/etc/login.defs']) {
      const file = await host.read(path, 'self').catch(asAbsent);
      if (file === null) continue;
      const texts = [file.text];
      for (const name of (await host.list(`${path}.d`, 'self').catch(asAbsent)) ?? []) {
        const part = name.endsWith('.defs') ? await host.read(`${path}.d/${name}`, 'self').catch(asAbsent) : null;
        if (part !== null) texts.push(part.text);
      }
      const values = parseLoginDefs(texts.join('\n'));
      return { uid: subidLimits(values, 'UID'), gid: subidLimits(values, 'GID'), path };
    }
    return { uid: subidLimits(new Map(), 'UID'), gid: subidLimits(new Map(), 'GID'), path: null };
  },
};
