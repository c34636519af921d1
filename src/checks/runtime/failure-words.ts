import type { Failure } from '../../facts/start/software.ts';

/** Why a program could not be run, in words that end a sentence. */
export function failureWords(failed: Failure): string {
  switch (failed.by) {
    case 'file':
      return fileWords(failed.obstacle);
    case 'end': {
      const { code, last, limit, signal } = failed;
      if (limit === 'limits.pids') return `this session may have no more processes and threads (${last})`;
      if (limit === 'limits.out-of-memory') return `it gets no more memory (${last})`;
      if (code === null && signal !== null) return `${signal} ended it${last === '' ? '' : ` (${last})`}`;
      if (last !== '') return code === null ? last : `${last} (exit code ${code})`;
      return code === null ? 'it crashed' : `it ends with exit code ${code}`;
    }
  }
}

function fileWords({ kind, what }: Extract<Failure, { by: 'file' }>['obstacle']): string {
  switch (kind) {
    case 'empty':
      return 'the file is empty';
    case 'no-program':
      return 'it is neither a program nor a script that names its interpreter';
    case 'foreign':
      return `it is a program for another kind of processor (ELF machine ${what})`;
    case 'truncated':
      return 'its end is missing';
    case 'interpreter':
      return `it needs ${what}, which is not there`;
  }
}
