import { runTool } from './tools.ts';

/** How each package manager is asked which package a file belongs to. */
const QUESTIONS: readonly (readonly [tool: string, ...args: readonly string[]])[] = [
  ['dpkg-query', '-S'],
  ['rpm', '-qf'],
  ['apk', 'info', '-W'],
  ['pacman', '-Qqo'],
];

/** Null: no package manager here can tell. A path under /usr may be listed without that prefix. */
export function isOfPackage(path: string): boolean | null {
  let answer: boolean | null = null;
  for (const [tool, ...args] of QUESTIONS) {
    for (const name of path.startsWith('/usr/') ? [path, path.slice('/usr'.length)] : [path]) {
      const ran = runTool(tool, [...args, name]);
      if (ran === null) break;
      if (ran.code === 0) return true;
      answer = false;
    }
  }
  return answer;
}
