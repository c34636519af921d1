import { type Release, surelyBefore } from '../../buildkit/version.ts';
import type { StateEntry } from '../../facts/cache/databases.ts';
import type { BoltDamage } from '../../model/look.ts';
import { evidenceOf, type FilesystemCase, type FilesystemFindings } from './filesystem-case.ts';

/** Since these releases a database that does not open is set aside (util/db/boltutil SafeOpen); others have to open. */
const RECOVERS: { readonly [use: string]: Release } = {
  'cache-database': [0, 14, 0],
  'history-database': [0, 27, 0],
};
/** What bbolt finds as it opens: only there is it caught. */
const FOUND_AT_OPENING: ReadonlySet<BoltDamage> = new Set(['header', 'freelist']);

const DAMAGE: { readonly [damage in BoltDamage]: string } = {
  header: 'both of its meta pages are invalid',
  freelist: 'its list of free pages is none',
  page: 'a page in use is not what it should be',
  cut: 'the file ends before pages in use',
};

/** Does this buildkitd set such a thing aside, and begin anew? */
function setsAside({ version }: FilesystemCase, { use }: StateEntry): boolean {
  const recovers = RECOVERS[use];
  return recovers !== undefined && !(version.value && surelyBefore(version.value, recovers));
}

/** Something of buildkitd's own state that it could not use. */
export function judgeState(facts: FilesystemCase, entry: StateEntry, { add }: FilesystemFindings): void {
  const { directory, disk, identity: who } = facts;
  const wanted = entry.use === 'directory' ? 'directory' : 'file';
  const aside = setsAside(facts, entry);
  const subject = directory.path;
  const { path } = entry;
  if (entry.stat === null)
    add(
      'storage.not-a-directory',
      'error',
      subject,
      `${path}, which buildkitd opens, is a link that leads nowhere.`,
      evidenceOf(facts, 'dangling', { path }),
    );
  else if (entry.stat.kind !== wanted)
    add(
      'storage.not-a-directory',
      aside ? 'warning' : 'error',
      subject,
      `${path} is a ${entry.stat.kind}, where buildkitd wants a ${wanted} of its own${aside ? '; it sets it aside at its next start' : ''}.`,
      evidenceOf(facts, 'not-a-directory', { path }),
    );
  else if (entry.readOnlyMount !== undefined && !disk.readOnly)
    add(
      'storage.read-only',
      'error',
      subject,
      `${path}, in which buildkitd writes, lies on a read-only mount (${entry.readOnlyMount}).`,
      evidenceOf(facts, 'read-only', { path, mount: entry.readOnlyMount }),
    );
  else if (entry.obstacle === 'unwritable' && !disk.readOnly)
    add(
      'storage.permission',
      'error',
      subject,
      `${path} cannot be written by ${who.target.name ?? `uid ${who.target.uid}`} although its owner and mode allow it: an attribute (lsattr), an access list or a security module forbids it.`,
      evidenceOf(facts, 'unwritable', { path }),
    );
  else if (entry.sound === false) judgeDamage(facts, entry, { add });
}

function judgeDamage(facts: FilesystemCase, entry: StateEntry, { add }: Pick<FilesystemFindings, 'add'>): void {
  const { path, damage = 'header' } = entry;
  const aside = setsAside(facts, entry) && FOUND_AT_OPENING.has(damage);
  add(
    'storage.state-corrupted',
    aside ? 'warning' : 'error',
    facts.directory.path,
    `The database ${path} is damaged: ${DAMAGE[damage]}. ${
      aside
        ? 'buildkitd sets it aside at its next start and begins a new one.'
        : 'buildkitd ends when it comes to it, at its start or in a build.'
    }`,
    evidenceOf(facts, 'damaged', { path }),
  );
}

/** Whether the directories of snapshots are those that their database knows. */
export function judgeSnapshots(facts: FilesystemCase, { add }: FilesystemFindings): void {
  const state = facts.snapshots.value;
  if (state == null || state.known === null) return;
  const { directory, known, missing, active, first, inTheWay } = state;
  if (inTheWay !== null)
    add(
      'storage.state-corrupted',
      'error',
      facts.directory.path,
      `${inTheWay} stands where the next snapshot is to be made, since ${directory}/metadata.db does not know it: no build can make its snapshots.`,
      evidenceOf(facts, 'snapshots-in-the-way', { path: directory }),
    );
  else if (first !== null)
    add(
      'storage.state-corrupted',
      active > 0 ? 'error' : 'warning',
      facts.directory.path,
      `${missing} of ${known} snapshots have no directory any more (${first} is the first): ${
        active > 0 ? 'builds that go on using them fail' : 'steps that are taken from the cache fail'
      } with "no such file or directory".`,
      evidenceOf(facts, 'snapshots-missing', { path: directory }),
    );
}
