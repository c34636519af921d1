import type { Format, Kind } from '../format.ts';
import { githubFormat } from './github.ts';
import { gitlabFormat } from './gitlab.ts';
import { htmlFormat } from './html.ts';
import { jsonFormat } from './json.ts';
import { junitFormat } from './junit.ts';
import { markdownFormat } from './markdown.ts';
import { nagiosFormat } from './nagios.ts';
import { prometheusFormat } from './prometheus.ts';
import { sarifFormat } from './sarif.ts';
import { summaryFormat } from './summary.ts';
import { terminalFormat } from './terminal.ts';

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
