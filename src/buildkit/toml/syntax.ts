/** Where something stands in a text: offsets, the end exclusive. */
export interface Span {
  readonly at: number;
  readonly end: number;
}
/** One part of a key. */
export interface KeyPart extends Span {
  readonly name: string;
}
/** A string as written (`raw`) and what it holds. */
export interface StringNode extends Span {
  readonly kind: 'string';
  readonly text: string;
  readonly raw: string;
}
/** A value that is one word. */
export interface WordNode extends Span {
  readonly kind: 'integer' | 'float' | 'boolean' | 'date';
  readonly raw: string;
}
/** A list in square brackets. */
export interface ArrayNode extends Span {
  readonly kind: 'array';
  readonly items: readonly ValueNode[];
}
/** An inline table, in braces. */
export interface InlineNode extends Span {
  readonly kind: 'inline';
  readonly pairs: readonly PairNode[];
}
/** A value as written. */
export type ValueNode = StringNode | WordNode | ArrayNode | InlineNode;
/** A key with its value. */
export interface PairNode extends Span {
  readonly keys: readonly KeyPart[];
  readonly value: ValueNode;
}
/** The first line of a table or of an element of a list of tables. `raw`: what stands between its brackets. */
export interface HeaderNode extends Span {
  readonly kind: 'header';
  readonly keys: readonly KeyPart[];
  readonly array: boolean;
  readonly raw: string;
}
/** A line that says something. */
export type Statement = { readonly kind: 'pair'; readonly pair: PairNode } | HeaderNode;
/** A text's statements up to the first mistake in syntax. `under` is the key that the mistake belongs to, as far as it was read. */
export interface TomlText {
  readonly statements: readonly Statement[];
  readonly error: { readonly message: string; readonly at: number; readonly under: readonly string[] } | null;
}
