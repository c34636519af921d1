import { errnoInText } from '../../knowledge/errors/errno.ts';
import type { NamespaceAnswer, Outcome, Survey } from '../../model/look.ts';
import { parseIdMap } from '../../text/id-map.ts';
import { surveyReader } from '../looks/survey.ts';

const MOST_ANSWERS = 100;
const LONGEST = 16 * 1024;
const MOST_UNREAD = 1024 * 1024;
/** Where the script puts the subordinate ids: inside id N is SHIFT + N. */
const SHIFT = 1_000_000;

type IdMap = NamespaceAnswer['uidMap'];

/** What the script inside the namespaces answers: NUL-separated records of a key, a tab and the answer. */
export interface NamespaceAnswers {
  take(chunk: Buffer): void;
  get(key: string): string | undefined;
  /** How a step inside ended; null when it was not tried. */
  outcome(key: string): Outcome | null;
  idMap(key: 'uidmap' | 'gidmap'): IdMap;
  /** The foreign owners that were named; null when the survey did not come to its end. `stderr` names what was not entered. */
  survey(stderr: string): Survey | null;
}

/** Reads the answers as they come. */
export function namespaceAnswers(): NamespaceAnswers {
  const answers = new Map<string, string>();
  const maps = new Map<string, IdMap>();
  const idMap = (key: string): IdMap => parseIdMap(answers.get(key) ?? '');
  // The survey asks for every entry.
  const knownMap = (key: string): IdMap => {
    const known = maps.get(key) ?? idMap(key);
    if (answers.has(key)) maps.set(key, known);
    return known;
  };
  const survey = surveyReader({ outside: (id, of) => outsideOf(id, knownMap(`${of}map`)) });
  let rest: Buffer = Buffer.alloc(0);
  let ended = false;
  const takeRecord = (record: Buffer): void => {
    const tab = record.indexOf(9);
    const key = record.subarray(0, tab).toString('utf8');
    if (key === 'foreign') survey.take(Buffer.concat([record.subarray(tab + 1), Buffer.of(0)]));
    else if (answers.size < MOST_ANSWERS)
      answers.set(key, record.subarray(tab + 1, tab + 1 + LONGEST).toString('utf8'));
  };
  return {
    take(chunk) {
      if (ended) return;
      const all = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let from = 0;
      for (let at = all.indexOf(0); at >= 0; at = all.indexOf(0, from)) {
        takeRecord(all.subarray(from, at));
        from = at + 1;
      }
      rest = all.subarray(from);
      // No script of ours says so much at once: the launcher speaks for itself.
      ended = rest.length > MOST_UNREAD;
    },
    get: (key) => answers.get(key),
    outcome(key) {
      const answer = answers.get(key) ?? (WORKSPACE.has(key) ? answers.get('workspace') : undefined);
      if (answer === undefined) return null;
      if (answer === 'ok') return { ok: true };
      const message = withoutHint(answer.replace(/^fail /, ''));
      return { ok: false, errno: errnoInText(message), message };
    },
    idMap,
    survey: (stderr) => (answers.get('survey')?.startsWith('end') ? survey.finish(stderr) : null),
  };
}

/** These need the temporary directory, so its failure is theirs. */
const WORKSPACE: ReadonlySet<string> = new Set(['overlay', 'fuse', 'bind', 'chown']);

/** mount(8) ends with a hint for a person. */
function withoutHint(words: string): string {
  const at = words.indexOf('dmesg(1) may have more information');
  return at < 0 ? words.trim() : words.slice(0, at).trim().replace(/\.$/, '');
}

/** An id of the shifted namespace in our own terms; null for the overflow id, behind which every foreign owner hides. */
function outsideOf(id: number, map: IdMap): number | null {
  const inside = id === 0 ? 0 : id - SHIFT;
  for (const [from, to, count] of map) if (inside >= from && inside < from + count) return to + inside - from;
  return null;
}
