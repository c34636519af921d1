interface Node {
  readonly next: Map<string, Node>;
  fail: Node | null;
  /** Length of the longest word that ends here; 0: none does. */
  length: number;
}

/** Finds all of many words in one pass (Aho and Corasick): time grows with the text, whatever the words. Places come last first, and do not overlap. */
export function finderOf(words: Iterable<string>): (text: string) => readonly (readonly [from: number, to: number])[] {
  const root: Node = { next: new Map(), fail: null, length: 0 };
  for (const word of words) {
    let at = root;
    for (let index = 0; index < word.length; index++) {
      const char = word[index] ?? '';
      let next = at.next.get(char);
      if (next === undefined) {
        next = { next: new Map(), fail: root, length: 0 };
        at.next.set(char, next);
      }
      at = next;
    }
    at.length = word.length;
  }
  linkFailures(root);
  return (text) => placesIn(text, root);
}

function linkFailures(root: Node): void {
  const queue: Node[] = [...root.next.values()];
  for (let at = 0; at < queue.length; at++) {
    const node = queue[at];
    if (node === undefined) break;
    for (const [char, child] of node.next) {
      let back = node.fail;
      while (back !== null && !back.next.has(char)) back = back.fail;
      child.fail = back?.next.get(char) ?? root;
      child.length = Math.max(child.length, child.fail.length);
      queue.push(child);
    }
  }
}

function placesIn(text: string, root: Node): readonly (readonly [number, number])[] {
  const found: [number, number][] = [];
  let node = root;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    while (node !== root && !node.next.has(char)) node = node.fail ?? root;
    node = node.next.get(char) ?? root;
    if (node.length > 0 && isWhole(text, at + 1 - node.length, at + 1)) found.push([at + 1 - node.length, at + 1]);
  }
  const places: [number, number][] = [];
  for (const [from, to] of found.reverse()) {
    const later = places.at(-1);
    if (later !== undefined && to > later[0]) later[0] = Math.min(later[0], from);
    else places.push([from, to]);
  }
  return places;
}

/** Digits within a longer number are another number. */
function isWhole(text: string, from: number, to: number): boolean {
  if (!/^\d+$/.test(text.slice(from, Math.min(to, from + 20)))) return true;
  return !/\w/.test(text[from - 1] ?? '') && !/\w/.test(text[to] ?? '');
}
