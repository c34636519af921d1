import type { As, HostReader, ReadingKind } from '../../model/look.ts';
import { asAbsent, tooMuch, unlessRefused } from '../../model/unseen.ts';

/** Reads small files until there were too many of them or of their text. What may not be read is told apart from what is absent. */
export interface ReadingBudget {
  readonly as: As;
  /** Throws Unseen beyond the limits, and where nobody answered. Null: absent, or refused. */
  read(path: string, kind: ReadingKind): Promise<string | null>;
  /** Names in a directory; null where there is none, or it may not be listed. */
  list(directory: string): Promise<readonly string[] | null>;
  /** Was a file there that may not be read? */
  refused(path: string): boolean;
}

const LONGEST = 256 * 1024;
const MOST_FILES = 2000;
const MOST_TEXT = 8 * 1024 * 1024;

/** `what` names the files in a sentence, as in "the units of bob". */
export function readingBudget(host: HostReader, what: string, as: As = 'target'): ReadingBudget {
  let files = 0;
  let length = 0;
  const refused = new Set<string>();
  const readAs = async (path: string, kind: ReadingKind, who: As): Promise<string | null> => {
    const { value, unseen } = await unlessRefused(host.read(path, who, LONGEST, kind));
    if (unseen === undefined) refused.delete(path);
    else refused.add(path);
    return value?.text ?? null;
  };
  return {
    as,
    async read(path, kind) {
      if (++files > MOST_FILES) throw tooMuch(`${what} are more than ${MOST_FILES} files`);
      let text = await readAs(path, kind, as);
      // The system's manager is root.
      if (text === null && refused.has(path) && as === 'target' && host.identity.self.uid === 0)
        text = await readAs(path, kind, 'self');
      length += text?.length ?? 0;
      if (length > MOST_TEXT) throw tooMuch(`${what} are more than ${MOST_TEXT / 1024 / 1024} MiB of text`);
      return text;
    },
    list: (directory) => host.list(directory, as).catch(asAbsent),
    refused: (path) => refused.has(path),
  };
}
