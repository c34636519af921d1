import type { ConfigProblem } from '../../buildkit/config/problem.ts';
import { keyText } from '../../buildkit/config/schema-tree.ts';

/** What a person can do about a key that buildkitd refuses or ignores; `path`: of the file. */
export function adviceOnKey({ kind, to, key, written, line }: ConfigProblem, path: string): string {
  const real = to === null ? null : keyText(to);
  const remove = `Remove ${keyText(written)}: it does nothing.`;
  switch (kind) {
    case 'syntax':
      return `Correct line ${line} of ${path}; nothing in the file counts until then.`;
    case 'wrong-type':
      return `Write ${key} with a value of the right type, or remove it.`;
    case 'newer':
      return `Remove ${key}, or install a newer BuildKit.`;
    case 'empty':
    case 'unknown':
      return remove;
    case 'invented':
      return real === null ? remove : `Write it as ${real}, or remove it.`;
    case 'misplaced':
    case 'misspelt':
    case 'letter-case':
    case 'embedded':
    case 'unquoted':
    case 'deprecated':
      return real === null ? remove : `Write it as ${real}.`;
    case 'no-effect':
      return `Remove ${key}.`;
  }
}
