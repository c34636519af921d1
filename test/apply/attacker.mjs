// Swaps a directory of its own for a link to a victim's, and back, until it is killed; each stands for a while at random.
import { renameSync, symlinkSync, unlinkSync } from 'node:fs';

const [victim, place] = process.argv.slice(2);
const stand = () => {
  // Mostly far too short to be seen twice, at times long enough to be there for a whole step.
  const until = performance.now() + (Math.random() < 0.5 ? 0 : Math.random() * 12);
  while (performance.now() < until);
};
process.stdout.write('ready\n');
for (;;) {
  try {
    renameSync(place, `${place}.aside`);
    symlinkSync(victim, place);
    stand();
    unlinkSync(place);
    renameSync(`${place}.aside`, place);
  } catch {
    // The ground was laid out anew.
  }
  stand();
}
