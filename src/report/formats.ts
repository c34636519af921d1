import type { Format, Kind } from './format.ts';
import { githubFormat } from './format-github.ts';
import { gitlabFormat } from './format-gitlab.ts';
import { htmlFormat } from './format-html.ts';
import { jsonFormat } from './format-json.ts';
import { junitFormat } from './format-junit.ts';
import { markdownFormat } from './format-markdown.ts';
import { nagiosFormat } from './format-nagios.ts';
import { prometheusFormat } from './format-prometheus.ts';
import { sarifFormat } from './format-sarif.ts';
import { summaryFormat } from './format-summary.ts';
import { terminalFormat } from './format-terminal.ts';

/** Every format; the first is the one that is taken where none is named. */
export const FORMATS = [
  terminalFormat,
  jsonFormat,
  markdownFormat,
  sarifFormat,
  githubFormat,
  gitlabFormat,
  htmlFormat,
  junitFormat,
  prometheusFormat,
  nagiosFormat,
  summaryFormat,
] as const satisfies readonly Format[];

export function formatNamed(name: string): Format | undefined {
  return FORMATS.find((format) => format.name === name);
}

/** The names of the formats in which documents of this kind can be shown. */
export function formatsFor(kind: Kind): readonly string[] {
  return FORMATS.filter((format: Format) => format.shows[kind] !== undefined).map(({ name }) => name);
}
