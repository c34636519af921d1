/** One part of a pattern: any run of characters (null), or a test of one. */
type Part = ((char: string) => boolean) | null;

/** Does a name match a pattern of glob(7)? In time that grows with both lengths alone; a leading dot has to be written. */
export function matchesGlob(pattern: string, name: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) return false;
  const parts = partsOf(pattern);
  let [at, part, starAt, starPart] = [0, 0, 0, -1];
  while (at < name.length) {
    const test = parts[part];
    if (test === null) {
      [starPart, starAt] = [part, at];
      part++;
    } else if (test?.(name[at] ?? '') === true) {
      at++;
      part++;
    } else if (starPart >= 0) {
      starAt++;
      [part, at] = [starPart + 1, starAt];
    } else return false;
  }
  return parts.slice(part).every((one) => one === null);
}

function partsOf(pattern: string): readonly Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] ?? '';
    const end = char === '[' ? pattern.indexOf(']', at + 2) : -1;
    if (char === '*') parts.push(null);
    else if (char === '?') parts.push(() => true);
    else if (end > 0) {
      parts.push(classOf(pattern.slice(at + 1, end)));
      at = end;
    } else {
      const literal = char === '\\' && at + 1 < pattern.length ? (pattern[++at] ?? '') : char;
      parts.push((one) => one === literal);
    }
  }
  return parts;
}

function classOf(text: string): (char: string) => boolean {
  const negated = /^[!^]/.test(text);
  const chars = negated ? text.slice(1) : text;
  return (char) => {
    for (let at = 0; at < chars.length; at++) {
      const [low = '', dash, high] = [chars[at], chars[at + 1], chars[at + 2]];
      if (dash === '-' && high !== undefined) {
        if (char >= low && char <= high) return !negated;
        at += 2;
      } else if (char === low) return !negated;
    }
    return negated;
  };
}
