/** Finds all of many words at once in bytes, whatever their case: one step a byte (Aho and Corasick). */
export interface Automaton {
  /** State × class → state. */
  readonly next: Uint16Array;
  /** Byte → class. */
  readonly classes: Uint8Array;
  /** Classes of a state lie 2^shift apart. */
  readonly shift: number;
  /** States from this one on are looked at: they end a word, or a line. */
  readonly special: number;
  readonly lineEnd: number;
  /** The words that end in a state, by number. */
  readonly ends: readonly (readonly number[])[];
  /** How much of a word has been read in a state. */
  readonly depths: Uint8Array;
}

interface Node {
  readonly children: Map<number, Node>;
  readonly words: number[];
  readonly depth: number;
  fail: Node | null;
  id: number;
}

/** Words are lower case; line ends begin anew. */
export function automatonOf(words: readonly string[]): Automaton {
  const classes = classesOf(words);
  const root = treeOf(words, classes);
  const nodes = breadthFirst(root);
  const ends = nodes.map((node) => {
    if (node.fail !== null) node.words.push(...node.fail.words);
    return node.words;
  });
  // Plain states first, so that one comparison tells the others; line ends are a state of their own that acts like the root.
  const plain = nodes.filter(({ words }) => words.length === 0);
  const ending = nodes.filter(({ words }) => words.length > 0);
  const ordered = [...plain, ...ending];
  ordered.forEach((node, id) => {
    node.id = id;
  });
  const lineEnd = ordered.length;
  const count = Math.max(...classes) + 1;
  const shift = Math.ceil(Math.log2(count));
  const next = new Uint16Array((ordered.length + 1) << shift);
  const depths = new Uint8Array(ordered.length + 1);
  for (const node of nodes) {
    depths[node.id] = node.depth;
    for (let kind = 0; kind < count; kind++) {
      const child = node.children.get(kind);
      const fallen = node === root || node.fail === null ? root.id : next[(node.fail.id << shift) | kind];
      next[(node.id << shift) | kind] = kind === LINE_END ? lineEnd : (child?.id ?? fallen ?? root.id);
    }
  }
  next.copyWithin(lineEnd << shift, root.id << shift, (root.id << shift) + count);
  const byId: (readonly number[])[] = [];
  nodes.forEach((node, index) => {
    byId[node.id] = ends[index] ?? [];
  });
  byId[lineEnd] = [];
  return { next, classes, shift, special: plain.length, lineEnd, ends: byId, depths };
}

const OTHER = 0;
const LINE_END = 1;

function classesOf(words: readonly string[]): Uint8Array {
  const classes = new Uint8Array(256).fill(OTHER);
  classes[0x0a] = LINE_END;
  classes[0x0d] = LINE_END;
  let count = 2;
  for (const character of [...new Set(words.join(''))].sort()) {
    const code = character.charCodeAt(0);
    classes[code] = count;
    classes[character.toUpperCase().charCodeAt(0)] = count;
    count++;
  }
  const blank = classes[0x20];
  if (blank !== undefined) classes[0x09] = blank;
  return classes;
}

function treeOf(words: readonly string[], classes: Uint8Array): Node {
  const create = (depth: number): Node => ({ children: new Map(), words: [], depth, fail: null, id: 0 });
  const root = create(0);
  words.forEach((word, number) => {
    let node = root;
    for (let at = 0; at < word.length; at++) {
      const kind = classes[word.charCodeAt(at)] ?? OTHER;
      const child: Node = node.children.get(kind) ?? create(node.depth + 1);
      node.children.set(kind, child);
      node = child;
    }
    node.words.push(number);
  });
  return root;
}

/** The nodes in the order of their depth, each with the node of its longest end that begins a word. */
function breadthFirst(root: Node): readonly Node[] {
  const nodes: Node[] = [root];
  for (let at = 0; at < nodes.length; at++) {
    const node = nodes[at];
    if (node === undefined) break;
    for (const [kind, child] of node.children) {
      let fail = node.fail;
      while (fail !== null && !fail.children.has(kind)) fail = fail.fail;
      child.fail = fail?.children.get(kind) ?? root;
      nodes.push(child);
    }
  }
  return nodes;
}
