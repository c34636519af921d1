import { fixBy } from './remedy.ts';

export const adviseOnConfiguration = fixBy('Correct buildkitd.toml', {
  toml: ({ values }) => ({
    say: [values.key === '' ? 'Correct the syntax at this place.' : `Correct ${values.key}, or leave it out.`],
  }),
});
