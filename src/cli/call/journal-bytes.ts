/** Text again of what the journal writes as a list of bytes: `"MESSAGE":[27,91,…]`, which it does for colours. */
export interface JournalBytes {
  feed(piece: Buffer): Buffer;
  /** What waited for more. */
  end(): Buffer;
}

const FIELD = Buffer.from('"MESSAGE"');
/** Behind the field: as `-o json`, and as `-o json-pretty` writes it. */
const OPENING = /^\s{0,4}:\s{0,4}\[/;
const MOST_OPENING = 10;
const LF = 0x0a;
const BLANK = 0x20;

/** Null: what begins so is no journal as JSON. */
export function journalBytesOf(first: Buffer): JournalBytes | null {
  return /^\s{0,8}(?:\u001e|data: )?\{/.test(first.subarray(0, 16).toString('latin1')) ? new Journal() : null;
}

class Journal implements JournalBytes {
  #held: Buffer = Buffer.alloc(0);
  /** Of a list that is being read: the number so far, and how many lines it took; null outside of one. */
  #list: { value: number | null; lines: number } | null = null;

  feed(piece: Buffer): Buffer {
    const all = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece]);
    this.#held = Buffer.alloc(0);
    const text: Buffer[] = [];
    let at = 0;
    while (at < all.length) at = this.#list === null ? this.#upToList(all, at, text) : this.#throughList(all, at, text);
    return Buffer.concat(text);
  }

  end(): Buffer {
    return this.#held;
  }

  /** Where a list begins, or the end. */
  #upToList(all: Buffer, from: number, text: Buffer[]): number {
    const field = all.indexOf(FIELD, from);
    const behind = field < 0 ? '' : all.subarray(field + FIELD.length, field + FIELD.length + MOST_OPENING).toString();
    const opening = OPENING.exec(behind)?.[0];
    if (field < 0 || (opening === undefined && behind.length < MOST_OPENING)) {
      const end = field < 0 ? Math.max(from, all.length - FIELD.length + 1) : field;
      text.push(all.subarray(from, end));
      this.#held = Buffer.from(all.subarray(end));
      return all.length;
    }
    const end = field + FIELD.length + (opening?.length ?? 0);
    text.push(all.subarray(from, end));
    if (opening !== undefined) this.#list = { value: null, lines: opening.includes('\n') ? 1 : 0 };
    return end;
  }

  /** Behind the list, or the end. */
  #throughList(all: Buffer, from: number, text: Buffer[]): number {
    const list = this.#list;
    if (list === null) return from;
    const bytes: number[] = [];
    for (let at = from; at < all.length; at++) {
      const byte = all[at] as number;
      if (byte >= 0x30 && byte <= 0x39) {
        list.value = ((list.value ?? 0) * 10 + byte - 0x30) & 0xff;
        continue;
      }
      if (list.value !== null) bytes.push(list.value === LF ? BLANK : list.value);
      list.value = null;
      if (byte === LF) list.lines++;
      if (byte === 0x2c || byte === BLANK || byte === LF || byte === 0x09) continue;
      // Line ends of the list stand behind it, so that lines are counted as they are.
      text.push(Buffer.from(bytes), Buffer.alloc(list.lines, LF));
      this.#list = null;
      return at + 1;
    }
    text.push(Buffer.from(bytes));
    return all.length;
  }
}
