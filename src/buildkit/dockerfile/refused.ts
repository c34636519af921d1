import { DuplicateDirective } from './directives.ts';
import { BadWord } from './shell-words.ts';

/** What BuildKit's reader of Dockerfiles does not take, in its own words. */
export class Refused extends Error {
  /** Starting at 1; 0 where nothing was read yet. */
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }

  /** Gives the words of a reader below their line. */
  static at<T>(line: number, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof DuplicateDirective || error instanceof BadWord || error instanceof Mistake)
        throw new Refused(error.message, line);
      throw error;
    }
  }
}

/** Something that an instruction may not say, in BuildKit's words. */
export class Mistake extends Error {}
