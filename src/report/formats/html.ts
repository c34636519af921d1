import type { Format } from '../format.ts';

/** One page that can be mailed and opened anywhere. */
export const htmlFormat: Format = {
  name: 'html',
  hidesNames: true,
  ending: '.html',
  shows: { report: async ({ report, commands }) => (await import('./html-page.ts')).html(report, commands) },
};
