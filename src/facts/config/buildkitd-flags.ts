import { type Flags, flagsPastWords, parseBuildkitdArgs } from '../../buildkit/flags.ts';
import { type Release, surelyBefore } from '../../buildkit/version.ts';
import type { Fact } from '../../model/look.ts';
import { buildkitdVersion } from '../programs/buildkitd-version.ts';
import { start } from '../target/start.ts';

const FLAGS_PAST_WORDS: Release = [0, 31, 0];

/** Every flag that counts for the buildkitd which is started. */
export const buildkitdFlags: Fact<Flags> = {
  id: 'buildkitd-flags',
  async read(look) {
    const args = (await look.get(start))?.buildkitd.args ?? [];
    const { flags, rest } = parseBuildkitdArgs(args);
    if (rest.length === 0 || surelyBefore(await look.get(buildkitdVersion), FLAGS_PAST_WORDS)) return flags;
    return flagsPastWords(args);
  },
};
