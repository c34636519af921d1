import type { Mirror } from '../model/daemon.ts';
import type { Finding } from '../model/finding.ts';
import type { BuildRequest, Place } from '../model/request.ts';
import { type Stages, sourcesOf, stageNamed } from './stages.ts';
import { atInstruction, type Scene } from './versions.ts';

/** An image that a build needs, by its whole name. */
interface NeededImage {
  readonly image: string;
  readonly at: Place;
}

/** Whom the daemon asks for the images of a build, where its configuration names mirrors of their registry: one line a registry. */
export function mirrorFindings(scene: Scene, stages: Stages | null, request: BuildRequest | null): readonly Finding[] {
  const mirrors = scene.daemon.config?.mirrors;
  if (mirrors === undefined || mirrors.size === 0 || scene.classic) return [];
  const needed = new Map<string, NeededImage[]>();
  for (const one of imagesOf(scene, stages, request)) {
    const registry = registryOf(one.image);
    const before = needed.get(registry);
    if (before === undefined) needed.set(registry, [one]);
    else before.push(one);
  }
  return [...needed].flatMap(([registry, images]): readonly Finding[] => {
    const asked = mirrors.get(registry) ?? [];
    const [first] = images;
    if (asked.length === 0 || first === undefined) return [];
    const names = [...new Set(images.map(({ image }) => image))];
    const file = scene.daemon.config?.file ?? 'buildkitd.toml';
    return [
      {
        ...first.at,
        condition: 'registry.mirror-asked',
        severity: 'info',
        message: `The build needs ${names.join(', ')} of ${registry}, and ${file} names mirrors: the daemon asks ${asked.map(spoken).join(', then ')}, and ${registry} itself last. Whether they answer, and have the images, is not tried here.`,
        needs: {},
        remedy: [`See that the mirrors of [registry.${JSON.stringify(registry)}] answer, and have these images.`],
      },
    ];
  });
}

const spoken = ({ host, speaks }: Mirror): string =>
  `${host} by ${{ https: 'HTTPS', http: 'plain HTTP', unverified: 'HTTPS without a verified certificate' }[speaks]}`;

function imagesOf(scene: Scene, stages: Stages | null, request: BuildRequest | null): readonly NeededImage[] {
  const { frontendImage } = scene.choice;
  const images = frontendImage === null ? [] : [frontendImage];
  const isContext = (name: string): boolean => request?.options.has(`context:${name}`) === true;
  for (const stage of stages?.stages.filter(({ index }) => stages.reached.has(index)) ?? []) {
    const { base, from, parent } = stage;
    if (parent === null && base.known && base.text !== 'scratch' && base.text !== '' && !isContext(base.text))
      images.push({ image: base.text, at: atInstruction(scene, from) });
    for (const instruction of stage.instructions)
      for (const name of sourcesOf(instruction)) {
        const isStage = stageNamed(stages?.stages ?? [], name) !== null || /^\d+$/.test(name);
        if (!isStage && name !== '' && !name.includes('$') && name !== 'scratch' && !isContext(name))
          images.push({ image: name, at: atInstruction(scene, instruction) });
      }
  }
  return images;
}

/** The registry of an image, by the name under which buildkitd looks its table up. */
function registryOf(image: string): string {
  const slash = image.indexOf('/');
  const first = slash < 0 ? '' : image.slice(0, slash);
  return /[.:]|^localhost$/.test(first) && first !== 'index.docker.io' ? first : 'docker.io';
}
