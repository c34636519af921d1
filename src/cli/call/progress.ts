import type { Session } from './session.ts';

/** One line on stderr that says what is going on; nothing where nobody watches. */
export interface ProgressLine {
  show(text: string): void;
  /** Leaves no trace of it. */
  clear(): void;
}

/** How long nothing is shown: most runs are over before. */
const PATIENCE_MS = 200;

export function progressLine({ streams }: Session, quiet: boolean): ProgressLine {
  const { stderr, env } = streams;
  if (quiet || !stderr.isTTY || env.TERM === 'dumb') return { show: () => {}, clear: () => {} };
  const write = (text: string): void => {
    stderr.write(`\r\u001b[K${text.slice(0, Math.max(20, (stderr.columns || 80) - 1))}`);
  };
  const started = Date.now();
  let latest = '';
  let shown = false;
  let timer: NodeJS.Timeout | null = null;
  const put = (): void => {
    timer = null;
    write(latest);
    shown = true;
  };
  return {
    show(text) {
      latest = text;
      const left = PATIENCE_MS - (Date.now() - started);
      if (shown || left <= 0) put();
      else timer ??= setTimeout(put, left).unref();
    },
    clear() {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      if (shown) stderr.write('\r\u001b[K');
      shown = false;
    },
  };
}

/** For the progress of an examination, which ends with the slowest look. */
export function examined(line: ProgressLine): (done: number, total: number, id: string) => void {
  line.show('examining this host');
  return (done, total, id) =>
    line.show(
      done < total
        ? `examined ${done} of ${total}: ${id}`
        : `examined ${total} of ${total}, waiting for the last answers`,
    );
}
