import { visible } from '../../text/visible.ts';

/** A piece of a document of XML 1.0, already escaped. */
export interface Xml {
  readonly xml: string;
}

/** An element; a child that is a string is text. */
export function element(
  name: string,
  attributes: { readonly [name: string]: string },
  children: readonly (Xml | string)[],
): Xml {
  const head = [name, ...Object.entries(attributes).map(([key, value]) => `${key}="${escaped(visible(value))}"`)].join(
    ' ',
  );
  if (children.length === 0) return { xml: `<${head}/>` };
  const inner = children.map((child) => (typeof child === 'string' ? text(child) : child.xml));
  return { xml: `<${head}>${inner.join('')}</${name}>` };
}

export function xmlText({ xml }: Xml): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${xml.replaceAll('><', '>\n<')}\n`;
}

/** Line ends stay; other control characters, which XML 1.0 has no way to write, are written out. */
const text = (value: string): string =>
  value
    .split('\n')
    .map((line) => escaped(visible(line)))
    .join('\n');

/** For XML and HTML alike, in text and between double quotation marks. */
export function escaped(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
