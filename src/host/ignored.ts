/** Whether a path below the folder of a .gitignore is ignored by it; null: it says nothing of that path. */
export type Ignoring = (path: string, isDirectory: boolean) => boolean | null;

interface Rule {
  readonly pattern: RegExp;
  readonly negated: boolean;
  readonly directories: boolean;
}

/** Reads the text of a .gitignore (gitignore(5)). */
export function ignoring(text: string): Ignoring {
  const rules = text.split(/\r?\n/).flatMap((line) => ruleOf(line) ?? []);
  return (path, isDirectory) => {
    const last = rules.findLast(({ pattern, directories }) => (isDirectory || !directories) && pattern.test(path));
    return last === undefined ? null : !last.negated;
  };
}

/** Longer lines are no patterns of anybody. */
const LONGEST = 500;

function ruleOf(line: string): Rule | null {
  let text = line.trimEnd();
  // A blank at the end counts where it is escaped.
  if (text.endsWith('\\') && text.length < line.length) text += ' ';
  if (text === '' || text.startsWith('#') || text.length > LONGEST) return null;
  const negated = text.startsWith('!');
  if (negated) text = text.slice(1);
  const directories = text.endsWith('/');
  if (directories) text = text.slice(0, -1);
  const anchored = text.includes('/');
  const body = text
    .replace(/^\//, '')
    .split(/(\*\*\/|\/\*\*|\*+|\?)/)
    .map((part) => {
      if (part === '**/') return '(?:[^/]+/)*';
      if (part === '/**') return '/.*';
      if (/^\*+$/.test(part)) return '[^/]*';
      return part === '?' ? '[^/]' : part.replace(/\\(.)/g, '$1').replace(/[.+^${}()|\\]/g, '\\$&');
    })
    .join('');
  try {
    return { pattern: new RegExp(`^${anchored ? '' : '(?:.*/)?'}${body}$`), negated, directories };
  } catch {
    return null;
  }
}
