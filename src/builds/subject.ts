import type { DocumentSubject } from '../documents/subject.ts';
import type { Fact } from '../model/look.ts';
import { actionRequests } from './commands/actions.ts';
import { commandsIn } from './commands/commands-in.ts';
import type { Finding } from './model/finding.ts';
import { type BuildSetting, type BuildText, type BuildTextKind, buildTextKind, judgeTexts } from './project.ts';

/** A file among others that describe builds with it: a Dockerfile, the command, the configuration. */
export interface BuildSubject extends DocumentSubject {
  /** What is found in this file of all builds, were this its text. */
  readonly findings: (text: string) => readonly Finding[];
}

/** What a text has to do with builds; null where it has nothing to do with them. */
export const buildKind: Fact<BuildTextKind | null, DocumentSubject> = {
  id: 'document/build-kind',
  read: async ({ path, text }) => buildTextKind({ path, text }),
};

export const buildFindings: Fact<readonly Finding[], BuildSubject> = {
  id: 'document/builds',
  read: async ({ text, findings }) => findings(text),
};

/** Judges many files together, and tells each its own; a file is judged anew only where its text changes. */
export function buildsAmong(
  texts: readonly BuildText[],
  setting: BuildSetting,
): (path: string) => BuildSubject['findings'] {
  const kinds = new Map<string, BuildTextKind | null>(texts.map((text) => [text.path, buildTextKind(text)]));
  const relevant = texts.filter(({ path }) => kinds.get(path) !== null);
  let first: ReadonlyMap<string, readonly Finding[]> | null = null;
  return (path) => {
    const own = relevant.find((text) => text.path === path);
    if (own === undefined) return () => [];
    return (text) => {
      first ??= byFile(judgeTexts(relevant, setting));
      const before = first.get(path) ?? [];
      if (text === own.text || (before.length === 0 && buildsTheSame(path, own.text, text))) return before;
      const now = relevant.map((other) => (other === own ? { path, text } : other));
      return judgeTexts(now, setting).filter(({ file }) => file === path);
    };
  };
}

/** Do two texts of one file hold the same commands, and nothing else of builds? To judge all files anew takes long. */
function buildsTheSame(path: string, before: string, now: string): boolean {
  if (buildTextKind({ path, text: before }) !== 'script' || buildTextKind({ path, text: now }) !== 'script')
    return false;
  const says = (text: string): string =>
    JSON.stringify([
      ...commandsIn(path, text).map(({ words }) => words.map((word) => word.text)),
      ...actionRequests(path, text),
      ...(text.match(/--allow-insecure-entitlement[^\n]*/g) ?? []),
    ]);
  return says(before) === says(now);
}

function byFile(findings: readonly Finding[]): ReadonlyMap<string, readonly Finding[]> {
  const files = new Map<string, Finding[]>();
  for (const finding of findings) {
    const before = files.get(finding.file);
    if (before === undefined) files.set(finding.file, [finding]);
    else before.push(finding);
  }
  return files;
}
