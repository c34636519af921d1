import type { As, HostReader, ReadingKind } from '../../model/look.ts';
import { tooMuch, unlessTooMuch } from '../../model/unseen.ts';

/** Reads small files until there were too many of them or of their text. What may not be read is as good as absent. */
export interface ReadingBudget {
  readonly as: As;
  /** Throws Unseen (too much) beyond the limits. */
  read(path: string, kind: ReadingKind): Promise<string | null>;
}

const LONGEST = 256 * 1024;
const MOST_FILES = 2000;
const MOST_TEXT = 8 * 1024 * 1024;

/** `what` names the files in a sentence, as in "the units of bob". */
export function readingBudget(host: HostReader, what: string, as: As = 'target'): ReadingBudget {
  let files = 0;
  let length = 0;
  return {
    as,
    async read(path, kind) {
      if (++files > MOST_FILES) throw tooMuch(`${what} are more than ${MOST_FILES} files`);
      const text = (await host.read(path, as, LONGEST, kind).catch(unlessTooMuch))?.text ?? null;
      length += text?.length ?? 0;
      if (length > MOST_TEXT) throw tooMuch(`${what} are more than ${MOST_TEXT / 1024 / 1024} MiB of text`);
      return text;
    },
  };
}
