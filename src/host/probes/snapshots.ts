import * as fs from 'node:fs';
import type { Probes, SnapshotsAnswer } from '../../model/look.ts';
import { withBolt } from './bolt.ts';
import { type BoltFile, damageOf, recordsOf, recordsOfBucket } from './bolt-pages.ts';
import { probeLock } from './files.ts';

/** More snapshots than are looked at one by one. */
const MOST = 10_000;
/** The kind of a snapshot that is being written to, in containerd's records. */
const ACTIVE = 2;
/** Where the value of a bucket has the last number that it gave. */
const SEQUENCE = 8;

/** What the database knows: the snapshots, and the last number that was given. */
interface Known {
  readonly snapshots: readonly { readonly id: number; readonly kind: number }[];
  readonly last: number;
}

const NOTHING: Known = { snapshots: [], last: 0 };
const UNSEEN: SnapshotsAnswer = { known: null, missing: 0, active: 0, first: null, inTheWay: null };

/**
 * Does every snapshot that containerd's records know have its directory, and can the next ones be made? A snapshotter names
 * them by number.
 */
export async function probeSnapshots(
  { directory, below }: Probes['snapshots']['input'],
  limitMs?: number,
): Promise<SnapshotsAnswer> {
  const database = `${directory}/metadata.db`;
  const known = fs.existsSync(database) ? withBolt(database, knownTo) : NOTHING;
  if (known === null || known.snapshots.length > MOST) return UNSEEN;
  const missing = known.snapshots.filter(({ id }) => !isThere(`${directory}/snapshots/${id}${below}`));
  // Where containerd's own records begin anew, buildkitd tidies up at its start what they do not know.
  const tidies = !fs.existsSync(`${directory}/../containerdmeta.db`);
  const inTheWay = tidies
    ? undefined
    : nextNumbers(known.last)
        .map((id) => `${directory}/snapshots/${id}`)
        .find(isFilled);
  if (missing.length === 0 && inTheWay === undefined) return { ...UNSEEN, known: known.snapshots.length };
  if ((await probeLock(database, limitMs)).held) return UNSEEN;
  return {
    known: known.snapshots.length,
    missing: missing.length,
    active: missing.filter(({ kind }) => kind === ACTIVE).length,
    first: missing[0] === undefined ? null : `${directory}/snapshots/${missing[0].id}`,
    inTheWay: inTheWay ?? null,
  };
}

/** The snapshots of a small build. */
const nextNumbers = (last: number): readonly number[] => [1, 2, 3, 4, 5].map((step) => last + step);

/** A directory with something in it takes the place of no other. */
function isFilled(path: string): boolean {
  try {
    return fs.readdirSync(path).length > 0;
  } catch {
    return false;
  }
}

/** Only what is certainly not there is missing. */
function isThere(path: string): boolean {
  try {
    fs.lstatSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

function knownTo(bolt: BoltFile | null | 'empty'): Known | null {
  if (bolt === 'empty') return NOTHING;
  // That it is damaged is another question's answer.
  if (bolt === null || damageOf(bolt) !== null) return null;
  const bucket = recordsOf(bolt, ['v1']).find(({ key, isBucket }) => isBucket && key === 'snapshots');
  return bucket === undefined
    ? NOTHING
    : { snapshots: snapshotsOf(bolt), last: Number(bucket.value.readBigUInt64LE(SEQUENCE)) };
}

function snapshotsOf(bolt: BoltFile): Known['snapshots'] {
  const found: { id: number; kind: number }[] = [];
  for (const { value, isBucket } of recordsOf(bolt, ['v1', 'snapshots'])) {
    if (!isBucket) continue;
    const records = recordsOfBucket(bolt, value);
    const field = (name: string): Buffer | undefined => records.find(({ key }) => key === name)?.value;
    const id = field('id');
    if (id !== undefined) found.push({ id: unsignedVarint(id), kind: field('kind')?.[0] ?? 0 });
  }
  return found;
}

/** As encoding/binary of Go writes it: seven bits a byte, the least first. */
function unsignedVarint(bytes: Buffer): number {
  let value = 0;
  let scale = 1;
  for (const byte of bytes) {
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
    scale *= 128;
  }
  return value;
}
