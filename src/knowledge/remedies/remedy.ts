import type { Engine } from '../engines.ts';

/** Where a remedy applies; `host` is what holds where nothing more is known. */
export type Place = 'host' | 'docker' | 'podman' | 'kubernetes' | 'lxc' | 'wsl';

/** What is known of a condition beyond its definition. */
export interface Remedy {
  /** Why it stops a build, or what it costs. */
  readonly why: string;
  /** What to do, in order; a line that begins with "$ " is a command to copy. */
  readonly steps: { readonly host: readonly string[] } & { readonly [P in Exclude<Place, 'host'>]?: readonly string[] };
  /** Commands that tell it from what looks the same. */
  readonly tell?: readonly string[];
}

/** What to do in the first of these places for which there is something of its own. */
export function stepsAt({ steps }: Remedy, places: readonly Place[]): readonly string[] {
  const place = places.find((one) => steps[one] !== undefined);
  return steps[place ?? 'host'] ?? steps.host;
}

/** Where one is inside of a container of this engine; whose words are not known, it gets those of Docker. */
export function placesOf(engine: Engine | null): readonly Place[] {
  switch (engine) {
    case null:
      return [];
    case 'kubernetes':
    case 'podman':
    case 'lxc':
      return [engine];
    default:
      return ['docker'];
  }
}

/** The steps as sentences: a command stands on a line of its own, below what it is for. */
export function sentencesOf(steps: readonly string[]): readonly string[] {
  const sentences: string[] = [];
  for (const step of steps) {
    const command = step.startsWith('$ ') ? step.slice(2) : null;
    const before = sentences.at(-1);
    if (command === null) sentences.push(step);
    else if (before !== undefined && (before.endsWith(':') || before.includes('\n')))
      sentences.splice(-1, 1, `${before}\n${command}`);
    else sentences.push(`Run:\n${command}`);
  }
  return sentences;
}
