/** Profiles of AppArmor as they stand on disk: just enough to know which programs they are for (apparmor.d(5)). */

export interface Profile {
  readonly name: string;
  /** The pattern of paths that it attaches to; null: none of its own. */
  readonly attachment: string | null;
  readonly flags: readonly string[];
  /** Has the rule `userns,`, or allows everything. */
  readonly allowsUserns: boolean;
  /** The same of `mount`, in any form. */
  readonly allowsMount: boolean;
  /** Of its opening brace. */
  readonly line: number;
  /** Files below /etc/apparmor.d whose rules are a part of it. */
  readonly includes: readonly string[];
}

/** The profiles of one file, without child profiles and hats. Never throws; what cannot be read is passed over. */
export function parseProfiles(text: string): readonly Profile[] {
  const profiles: Profile[] = [];
  const plain = text.replace(/(^|\s)#(?!include)[^\n]*/g, '$1');
  const variables = new Map<string, string>(BUILT_IN);
  for (const [, name = '', values = ''] of plain.matchAll(/^[ \t]*@\{(\w+)\}[ \t]*\+?=([^\n]*)$/gm))
    variables.set(name, alternation([...(variables.has(name) ? [variables.get(name) ?? ''] : []), ...words(values)]));
  const heads =
    /^[ \t]*(profile[ \t]+)?("[^"\n]*"|[^\s{"#,]\S*)(?:[ \t]+("[^"\n]*"|[/@]\S*))?(?:[ \t]+xattrs=\([^)\n]*\))?(?:[ \t]+(?:flags=)?\(([^)\n]*)\))?[ \t]*\{[ \t]*$/gm;
  let from = 0;
  for (let head = heads.exec(plain); head !== null; head = heads.exec(plain)) {
    if (head.index < from) continue;
    const [, keyword, first = '', second, flags = ''] = head;
    const name = unquote(first);
    if (keyword === undefined && !/^[/@]/.test(name)) continue;
    const end = endOfBlock(plain, heads.lastIndex);
    const body = plain.slice(heads.lastIndex, end);
    from = end;
    const attachment = second !== undefined ? unquote(second) : /^[/@]/.test(name) ? name : null;
    profiles.push({
      name,
      attachment: attachment === null ? null : expand(attachment, variables),
      flags: flags.split(/[\s,]+/).filter(Boolean),
      ...rulesIn(body),
      line: plain.slice(0, heads.lastIndex).trimEnd().split('\n').length,
    });
  }
  return profiles;
}

/** What rules of a profile, or of a file that it includes, let through. */
export function rulesIn(text: string): Pick<Profile, 'allowsUserns' | 'allowsMount' | 'includes'> {
  const allows = (rule: string): boolean =>
    new RegExp(`^[ \\t]*(?:(?:allow|audit)[ \\t]+)*(?:${rule}(?=[ \\t,])|all[ \\t]*,)`, 'm').test(text) &&
    !new RegExp(`^[ \\t]*(?:audit[ \\t]+)?deny[ \\t]+${rule}[ \\t]*,`, 'm').test(text);
  return {
    allowsUserns: allows('userns'),
    allowsMount: allows('mount'),
    includes: [...text.matchAll(/^[ \t]*#?include(?:[ \t]+if[ \t]+exists)?[ \t]+<([^>\n]+)>/gm)].map(
      ([, path = '']) => path,
    ),
  };
}

/** The release of AppArmor's rules that a file is written for, as "4.0"; null: it does not say. */
export function abiOf(text: string): string | null {
  const named = /^[ \t]*abi[ \t]+(?:<([^>\n]+)>|"([^"\n]+)")[ \t]*,/m.exec(text);
  return named === null ? null : (named[1] ?? named[2] ?? '').replace(/^.*\//, '');
}

/** Values of tunables/global and its parts, as far as paths of programs begin with them. */
const BUILT_IN: readonly (readonly [string, string])[] = [
  ['bin', '/{,usr/}{,s}bin'],
  ['sbin', '/{,usr/}sbin'],
  ['lib', '/{,usr/}lib{,exec,32,64}'],
  ['HOMEDIRS', '/home/'],
  ['HOME', '{/home/*/,/root/}'],
  ['run', '/run/'],
  ['exec_path', ''],
];

const words = (text: string): string[] => (text.match(/"[^"]*"|\S+/g) ?? []).map(unquote);
const alternation = (values: readonly string[]): string =>
  values.length === 1 ? (values[0] ?? '') : `{${values.join(',')}}`;

function unquote(text: string): string {
  return text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

function expand(pattern: string, variables: ReadonlyMap<string, string>, depth = 0): string {
  if (depth > 8 || pattern.length > 4096) return pattern;
  const next = pattern.replace(/@\{(\w+)\}/g, (whole, name: string) => variables.get(name) ?? whole);
  return next === pattern ? pattern : expand(next, variables, depth + 1);
}

function endOfBlock(text: string, from: number): number {
  let depth = 1;
  // Braces of a pattern close on their own line; those of a block stand at line ends and line starts.
  for (let at = from; at < text.length; at++) {
    if (text[at] === '{') depth++;
    else if (text[at] === '}' && --depth === 0) return at + 1;
  }
  return text.length;
}

/** Does an attachment (AARE: `*`, `**`, `?`, `[…]`, `{a,b}`, `\x`) cover the path? False for what is no valid pattern. */
export function matchesAttachment(pattern: string, path: string): boolean {
  let source = '';
  let depth = 0;
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] ?? '';
    if (char === '\\') {
      at++;
      source += literal(pattern[at] ?? '\\');
    } else if (char === '*') {
      const deep = pattern[at + 1] === '*';
      if (deep) at++;
      source += deep ? '.*' : '[^/]*';
    } else if (char === '?') source += '[^/]';
    else if (char === '[') {
      const end = pattern.indexOf(']', at + 2);
      if (end < 0) return false;
      source += `[${pattern.slice(at + 1, end).replace(/[\\\]]/g, '\\$&')}]`;
      at = end;
    } else if (char === '{') {
      depth++;
      source += '(?:';
    } else if (char === '}') {
      depth--;
      source += ')';
    } else if (char === ',' && depth > 0) source += '|';
    else source += literal(char);
  }
  if (depth !== 0) return false;
  try {
    return new RegExp(`^${source}$`).test(path);
  } catch {
    return false;
  }
}

/** A slash after a slash is none: doubled ones come from variables that end in one. */
const literal = (char: string): string => (char === '/' ? '(?:/|(?<=/))' : char.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
