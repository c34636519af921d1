import type { ContainerdObstacle } from '../facts/config/containerd-worker.ts';

/** Why buildkitd does not use containerd, in words that continue a sentence. */
export function containerdWords(obstacle: ContainerdObstacle): string {
  switch (obstacle.why) {
    case 'switched-off':
      return 'the containerd worker is switched off too';
    case 'scheme':
      return `the address of containerd, "${obstacle.address}", has a scheme, which its client does not take`;
    case 'relative':
      return `the address of containerd, "${obstacle.address}", is not an absolute path`;
    case 'absent':
      return `there is no containerd at ${obstacle.address}`;
    case 'denied':
      return `containerd's socket ${obstacle.address} may not be used`;
    case 'silent':
      return `containerd does not answer at ${obstacle.address} (${obstacle.error})`;
    case 'untried':
      return `whether containerd answers at ${obstacle.address} could not be tried`;
  }
}
