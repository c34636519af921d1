import type { Session } from './session.ts';

/** One line on stderr that says what is going on; nothing where nobody watches. */
export interface ProgressLine {
  show(text: string): void;
  /** Leaves no trace of it. */
  clear(): void;
}

/** How long nothing is shown: most runs are over before. */
const PATIENCE_MS = 150;

export function progressLine({ streams }: Session, quiet: boolean): ProgressLine {
  const { stderr, env } = streams;
  if (quiet || !stderr.isTTY || env.TERM === 'dumb') return { show: () => {}, clear: () => {} };
  const started = Date.now();
  let shown = false;
  return {
    show(text) {
      if (Date.now() - started < PATIENCE_MS) return;
      stderr.write(`\r\u001b[K${text.slice(0, Math.max(20, (stderr.columns || 80) - 1))}`);
      shown = true;
    },
    clear() {
      if (shown) stderr.write('\r\u001b[K');
      shown = false;
    },
  };
}
