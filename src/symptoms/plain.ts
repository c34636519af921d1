const ESC = 0x1b;
const LF = 0x0a;
const CR = 0x0d;
const BLANK = 0x20;
/** What begins a string that only the terminal, or the CI service in its place, obeys: ESC ], P, X, ^ and _. */
const STRINGS: ReadonlySet<number> = new Set([0x5d, 0x50, 0x58, 0x5e, 0x5f]);

/** Bytes without what only a terminal obeys (colours, movements, titles), and with plain blanks for those that do not break. */
export function plain(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(ESC) && !bytes.includes(0xc2)) return bytes;
  const clean = new Uint8Array(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === 0xc2 && bytes[at + 1] === 0xa0) {
      clean[length++] = BLANK;
      at++;
    } else if (byte === ESC) {
      const end = endOfEscape(bytes, at);
      // To the right over cells that nothing was written to: a blank.
      if (bytes[at + 1] === 0x5b && bytes[end] === 0x43) clean[length++] = BLANK;
      at = end;
    } else clean[length++] = byte;
  }
  return clean.subarray(0, length);
}

function isEnd(byte: number | undefined): boolean {
  return byte === LF || byte === CR;
}

/** The last byte of an escape sequence. */
function endOfEscape(bytes: Uint8Array, start: number): number {
  const kind = bytes[start + 1];
  const limit = Math.min(bytes.length, start + 256);
  if (kind === 0x5b) {
    for (let at = start + 2; at < limit; at++)
      if ((bytes[at] as number) >= 0x40 && (bytes[at] as number) <= 0x7e) return at;
    return limit - 1;
  }
  if (kind !== undefined && STRINGS.has(kind)) {
    for (let at = start + 2; at < limit; at++) {
      if (bytes[at] === 0x07) return at;
      if (bytes[at] === ESC && bytes[at + 1] === 0x5c) return at + 1;
      if (isEnd(bytes[at])) return at - 1;
    }
    return start + 1;
  }
  return kind === undefined || isEnd(kind) ? start : start + 1;
}
