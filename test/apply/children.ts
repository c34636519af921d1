import { type ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import type { ApplyContext } from '../../src/apply/journal/types.ts';
import type { Step } from '../../src/model/plan.ts';
import type { Ground } from './ground.ts';

/** Programs built from the sources under test, for tests that need processes of their own. */
export interface Built {
  readonly child: string;
  readonly asUser: string;
  readonly power: string;
  remove(): void;
}

export async function buildChildren(): Promise<Built> {
  const outDir = fs.mkdtempSync('/var/tmp/bkd-change-built-');
  fs.chmodSync(outDir, 0o755);
  const entry = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
  await build({
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: true,
      outDir,
      emptyOutDir: false,
      minify: false,
      rollupOptions: {
        input: {
          child: entry('child.ts'),
          power: entry('power-child.ts'),
          'as-user': entry('../../src/apply/as-user.ts'),
        },
        output: { entryFileNames: '[name].mjs', chunkFileNames: 'chunks/[name].mjs' },
      },
    },
    ssr: { noExternal: true },
  });
  return {
    child: join(outDir, 'child.mjs'),
    asUser: join(outDir, 'as-user.mjs'),
    power: join(outDir, 'power.mjs'),
    remove: () => fs.rmSync(outDir, { recursive: true, force: true }),
  };
}

export interface Ended {
  readonly signal: NodeJS.Signals | null;
  /** What it printed after "ready", one JSON value a line. */
  readonly answers: readonly { readonly [name: string]: unknown }[];
  readonly stderr: string;
}
export interface Running {
  readonly process: ChildProcess;
  readonly ready: Promise<void>;
  readonly ended: Promise<Ended>;
}
export interface Orders {
  readonly treatments?: readonly (readonly Step[])[];
  readonly undo?: boolean;
  readonly killAt?: number | null;
  readonly holdMs?: number;
  readonly context?: Partial<ApplyContext>;
  /** Run it below this, e.g. ['unshare', '-m']. */
  readonly under?: readonly string[];
}

let orderNumber = 0;

export function startChild(built: Built, ground: Ground, orders: Orders): Running {
  const file = join(ground.path, `orders-${++orderNumber}.json`);
  const { context, under = [], ...rest } = orders;
  const whole = {
    treatments: [],
    undo: false,
    killAt: null,
    holdMs: 0,
    ...rest,
    context: ground.context({ userEntry: built.asUser, ...context }),
  };
  fs.writeFileSync(file, JSON.stringify(whole));
  const [program = process.execPath, ...args] = [...under, process.execPath, built.child, file];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH ?? '' } });
  let stdout = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ready = new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      if (stdout.includes('ready\n')) resolve();
    });
    child.once('close', () => resolve());
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (_code, signal) =>
      resolve({
        signal,
        stderr,
        answers: stdout
          .split('\n')
          .filter((line) => line.startsWith('{') && line.endsWith('}'))
          .map((line) => JSON.parse(line) as { [name: string]: unknown }),
      }),
    );
  });
  return { process: child, ready, ended };
}
