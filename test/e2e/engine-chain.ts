import { expect } from 'vitest';
import type { EngineBox } from './engine-box.ts';
import { FLAG, type Row } from './engine-rows.ts';
import { type Judgement, judgeByChain } from './world.ts';

/** What becomes of a build where buildkitd is not at hand; null where only its own flags tell. */
export function byChain(box: EngineBox, { image, flags = [], truth: expected }: Row): Judgement | null {
  if (flags.some((flag) => flag !== FLAG || image === 'rootful')) return null;
  const ask = (argv: readonly string[]) => box.exec(argv);
  const truth = judgeByChain(
    { asRoot: ask, asUser: ask },
    { as: image === 'rootful' ? 'root' : 'user', processSandbox: !flags.includes(FLAG) },
  );
  expect(truth.ready, truth.log).toBe(expected === 'builds');
  return truth;
}

/** Helpers as those of the official image: they need no more than SETUID and SETGID. */
export const LIKE_THE_IMAGE =
  'for helper in newuidmap newgidmap; do chmod u-s /usr/bin/$helper; done; setcap cap_setuid=ep /usr/bin/newuidmap; setcap cap_setgid=ep /usr/bin/newgidmap';
