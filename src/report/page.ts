import type { Appearance } from './pen.ts';
import { type Pen, penOf } from './pen.ts';

/** A page of the documentation for a terminal: headings bold, tables as terms with what they mean, lists hanging, the rest wrapped. */
export function pageText(markdown: string, look: Appearance): string {
  const pen = penOf(look);
  const out: string[] = [];
  for (const block of blocksOf(markdown)) {
    if (out.length > 0) out.push('');
    out.push(...blockLines(block, pen));
  }
  return `${out.join('\n')}\n`;
}

type Block =
  | { readonly kind: 'heading' | 'paragraph'; readonly text: string }
  | { readonly kind: 'code'; readonly lines: readonly string[] }
  | { readonly kind: 'list' | 'table'; readonly lines: readonly string[] };

function blocksOf(markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  const lines = markdown.split('\n');
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? '';
    const rest = (belongs: (next: string) => boolean): readonly string[] => {
      const from = index;
      while (index + 1 < lines.length && belongs(lines[index + 1] ?? '')) index++;
      return lines.slice(from, index + 1);
    };
    if (line.trim() === '') continue;
    if (line.startsWith('```')) {
      const inner = rest((next) => !next.startsWith('```'));
      index++;
      blocks.push({ kind: 'code', lines: inner.slice(1) });
    } else if (/^#{1,6} /.test(line)) blocks.push({ kind: 'heading', text: line.replace(/^#+ /, '') });
    else if (line.startsWith('|')) blocks.push({ kind: 'table', lines: rest((next) => next.startsWith('|')) });
    else if (/^([-*]|\d+\.) /.test(line)) blocks.push({ kind: 'list', lines: rest((next) => next.trim() !== '') });
    else blocks.push({ kind: 'paragraph', text: rest(isProse).join(' ') });
  }
  return blocks;
}

const isProse = (line: string): boolean => line.trim() !== '' && !/^(```|#{1,6} |\||[-*] |\d+\. )/.test(line);

function blockLines(block: Block, pen: Pen): readonly string[] {
  switch (block.kind) {
    case 'heading':
      return [pen.paint('bold', pen.line(plain(block.text)))];
    case 'paragraph':
      return pen.text(plain(block.text), '', ' ').map((line) => line.trimStart());
    case 'code':
      return pen.literal([block.lines.join('\n')], '    ');
    case 'list':
      return itemsOf(block.lines).flatMap(({ mark, text }) =>
        pen.text(plain(text), `  ${mark} `, ' '.repeat(mark.length + 3)),
      );
    case 'table':
      return tableLines(block.lines, pen);
  }
}

function itemsOf(lines: readonly string[]): readonly { readonly mark: string; readonly text: string }[] {
  const items: { mark: string; text: string }[] = [];
  for (const line of lines) {
    const found = /^\s*([-*]|\d+\.) (.*)$/.exec(line);
    const last = items.at(-1);
    if (found !== null) items.push({ mark: found[1] === '*' ? '-' : (found[1] ?? '-'), text: found[2] ?? '' });
    else if (last !== undefined) last.text += ` ${line.trim()}`;
  }
  return items;
}

/** The first column is the term; what the others say of it stands below. */
function tableLines(lines: readonly string[], pen: Pen): readonly string[] {
  const [head = [], , ...rows] = lines.map(cellsOf);
  return rows.flatMap(([term = '', ...others]) => [
    ...pen.literal([plain(term)], '  '),
    ...others.flatMap((cell, index) => {
      const name = others.length === 1 ? '' : plain(head[index + 1] ?? '');
      return cell === '' ? [] : pen.text(`${name === '' ? '' : `${name}: `}${plain(cell)}`, '      ');
    }),
  ]);
}

/** A bar with a backslash before it, or in a span of code, parts no cells. */
function cellsOf(line: string): readonly string[] {
  const cells: string[] = [];
  let cell = '';
  let inCode = false;
  const text = line.trim().replace(/^\|/, '').replace(/\|$/, '');
  for (let index = 0; index < text.length; index++) {
    const sign = text.charAt(index);
    if (sign === '\\' && text.charAt(index + 1) === '|') {
      cell += '|';
      index++;
    } else if (sign === '|' && !inCode) {
      cells.push(cell.trim());
      cell = '';
    } else {
      if (sign === '`') inCode = !inCode;
      cell += sign;
    }
  }
  return [...cells, cell.trim()];
}

/** Without the marks of Markdown: links are their words. */
function plain(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part, index) =>
      index % 2 === 1
        ? part.slice(1, -1)
        : part
            .replace(/\*\*/g, '')
            .replace(/(?<![\w*\\])\*(\w[^*]{0,200})\*(?![\w*])/g, '$1')
            .replace(/\\([\\`*_<>[\]|#~&])/g, '$1'),
    )
    .join('')
    .replace(/\[([^\][]{1,200})\]\([^()\s]{1,300}\)/g, '$1');
}
