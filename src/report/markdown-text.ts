import { visible, visibleLines } from '../text/visible.ts';

const onOneLine = (text: string): string =>
  text.includes('\n')
    ? text
        .split('\n')
        .map((line) => line.trim())
        .filter(Boolean)
        .join(' ')
    : text;

/** Text in which nothing is Markdown or HTML, on one line. */
export function prose(text: string): string {
  return visible(onOneLine(text)).replace(/[\\`*_<>[\]|#~&]/g, '\\$&');
}

/** An inline code span: its fence is longer than any run of backticks inside. */
export function code(text: string): string {
  const inner = visible(text);
  const fence = '`'.repeat(longestRun(inner) + 1);
  const pad = inner.startsWith('`') || inner.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${inner}${pad}${fence}`;
}

export function fenced(lines: readonly string[], language: string, indent = ''): string {
  const shown = lines.flatMap(visibleLines);
  const fence = '`'.repeat(Math.max(3, longestRun(shown.join('\n')) + 1));
  return [`${fence}${language}`, ...shown, fence].map((line) => `${indent}${line}`.trimEnd()).join('\n');
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}
