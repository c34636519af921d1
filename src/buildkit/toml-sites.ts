import { type AST, parseTOML } from 'toml-eslint-parser';

/** Where things of a TOML text stand. Paths are unquoted key parts, array indexes as decimal strings. */
export interface PairSite {
  readonly path: readonly string[];
  readonly node: AST.TOMLKeyValue;
  /** Path of the table or inline table whose body holds the pair. */
  readonly container: readonly string[];
  readonly inline: AST.TOMLInlineTable | null;
}
export interface ElementSite {
  readonly path: readonly string[];
  readonly node: AST.TOMLContentNode;
  readonly array: AST.TOMLArray;
  readonly index: number;
}
export interface HeaderSite {
  readonly path: readonly string[];
  readonly node: AST.TOMLTable;
}
export interface Sites {
  readonly top: AST.TOMLTopLevelTable;
  readonly pairs: readonly PairSite[];
  readonly elements: readonly ElementSite[];
  readonly headers: readonly HeaderSite[];
  readonly comments: readonly AST.Comment[];
  readonly tokens: readonly AST.Token[];
}

export const keyPart = (node: AST.TOMLBare | AST.TOMLQuoted): string =>
  node.type === 'TOMLBare' ? node.name : node.value;

export const samePath = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && startsWith(a, b);

export const startsWith = (path: readonly string[], prefix: readonly string[]): boolean =>
  path.length >= prefix.length && prefix.every((part, index) => path[index] === part);

/** Finds every key, array element and table header; throws toml-eslint-parser's ParseError. */
export function sitesOf(text: string): Sites {
  const program = parseTOML(text, { tomlVersion: '1.1' });
  const top = program.body[0];
  const pairs: PairSite[] = [];
  const elements: ElementSite[] = [];
  const headers: HeaderSite[] = [];
  const value = (node: AST.TOMLContentNode, path: readonly string[]): void => {
    if (node.type === 'TOMLInlineTable') for (const item of node.body) pair(item, path, node);
    else if (node.type === 'TOMLArray')
      for (const [index, item] of node.elements.entries()) {
        elements.push({ path: [...path, String(index)], node: item, array: node, index });
        value(item, [...path, String(index)]);
      }
  };
  const pair = (
    node: AST.TOMLKeyValue,
    container: readonly string[],
    inline: AST.TOMLInlineTable | null = null,
  ): void => {
    const path = [...container, ...node.key.keys.map(keyPart)];
    pairs.push({ path, node, container, inline });
    value(node.value, path);
  };
  for (const item of top.body) {
    if (item.type === 'TOMLKeyValue') pair(item, []);
    else {
      const path = item.resolvedKey.map(String);
      headers.push({ path, node: item });
      for (const inner of item.body) pair(inner, path);
    }
  }
  return { top, pairs, elements, headers, comments: program.comments, tokens: program.tokens };
}

/** Line and column, both from 1, of the key or element at a path; null when it is not written or the text does not parse. */
export function locate(text: string, path: readonly string[]): { line: number; column: number } | null {
  let sites: Sites;
  const body = text.startsWith('\ufeff') ? text.slice(1) : text;
  try {
    sites = sitesOf(body);
  } catch {
    return null;
  }
  const node =
    sites.pairs.find((site) => samePath(site.path, path))?.node.key ??
    sites.elements.find((site) => samePath(site.path, path))?.node ??
    sites.headers.find((site) => samePath(site.path, path))?.node.key ??
    sites.headers.find((site) => startsWith(site.path, path))?.node.key ??
    sites.pairs.find((site) => startsWith(site.path, path))?.node.key;
  return node === undefined ? null : { line: node.loc.start.line, column: node.loc.start.column + 1 };
}
