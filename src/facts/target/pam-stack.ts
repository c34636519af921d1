import type { ReadingBudget } from './reading-budget.ts';

const DIRECTORIES = ['/etc/pam.d', '/usr/lib/pam.d', '/usr/share/pam.d'];
const MOST_FILES = 20;

/** Does the session of a PAM service, or what it includes, load this module? */
export async function loadsInSession(budget: ReadingBudget, service: string, module: string): Promise<boolean> {
  const open = [service];
  const seen = new Set<string>();
  for (let name = open.shift(); name !== undefined && seen.size < MOST_FILES; name = open.shift()) {
    if (seen.has(name) || name.includes('/')) continue;
    seen.add(name);
    const text = await firstText(budget, name);
    for (const row of text.split('\n')) {
      const words = row.trim();
      if (/^-?session\s/.test(words) && new RegExp(`\\b${module}\\.so\\b`).test(words)) return true;
      const included = /^(?:@include\s+|-?session\s+(?:include|substack)\s+)(\S+)/.exec(words)?.[1];
      if (included !== undefined) open.push(included);
    }
  }
  return false;
}

async function firstText(budget: ReadingBudget, name: string): Promise<string> {
  for (const directory of DIRECTORIES) {
    const text = await budget.read(`${directory}/${name}`, 'text');
    if (text !== null) return text;
  }
  return '';
}
