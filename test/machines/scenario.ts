import type { ImageName } from './images.ts';
import type { MachineOptions } from './machine.ts';
import type { Stage } from './stage.ts';

/** What happens in a machine of its own, and what must be so then. */
export interface Scenario {
  readonly name: string;
  readonly images: readonly ImageName[];
  readonly options?: MachineOptions;
  /** Of the short half, which is run everywhere. */
  readonly short?: true;
  run(stage: Stage): Promise<void>;
}
