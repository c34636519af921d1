import { describe, expect, test } from 'vitest';
import type { Container } from '../../src/documents/container.ts';
import { type Setup, withoutSandbox } from '../../src/documents/setup.ts';
import { described } from '../../src/documents/subject.ts';
import { TEMPLATE_KINDS, type TemplateMode, template } from '../../src/documents/templates.ts';
import { createLook } from '../../src/examine/look.ts';
import { some } from '../thoroughly.ts';
import type { EngineContainer } from './engine.ts';
import { EngineBox } from './engine-box.ts';
import { byChain, LIKE_THE_IMAGE } from './engine-chain.ts';
import { FLAG, type Row } from './engine-rows.ts';
import { canMakeWorlds, daemonDirectory, World } from './world.ts';

/** A user namespace of the pod's own needs an image whose files belong to its ids: these files are the machine's. */
const MODES: readonly TemplateMode[] = ['rootless', 'privileged'];
const TEMPLATES = TEMPLATE_KINDS.flatMap((kind) =>
  MODES.flatMap((mode) => {
    const text = template(kind, mode);
    return text === null ? [] : [{ kind, mode, text }];
  }),
);

/** How the runner of a CI confines its jobs, as the comment of its template demands. */
function runnerOf(text: string): Partial<EngineContainer> {
  return /privileged = true/.test(text)
    ? { privileged: true }
    : { seccomp: text.includes('seccomp:unconfined') ? 'unconfined' : 'default' };
}

/** What an engine makes of the container that a template describes: what it does not ask for is denied. */
function asMade({ engine, security }: Container, text: string): EngineContainer {
  const names = (list: readonly { readonly value: string }[]): readonly string[] => list.map(({ value }) => value);
  return {
    engine: engine === 'kubernetes' ? 'containerd' : engine === 'podman' ? 'podman' : 'docker',
    seccomp: security.seccomp?.value === 'unconfined' ? 'unconfined' : 'default',
    privileged: security.privileged?.value ?? false,
    capAdd: names(security.add),
    capDrop: names(security.drop),
    noNewPrivileges: security.escalation?.value === false,
    readOnly: security.readOnly?.value ?? false,
    ...(security.unmasked?.value === true ? { masked: false } : {}),
    ...(engine === 'ci' ? runnerOf(text) : {}),
  };
}

/** Is something mounted where the image has its volume? */
const keepsState = ({ container: { mounts }, flavour }: Setup): boolean =>
  mounts.some(
    ({ target }) => target === (flavour === 'rootless' ? '/home/user/.local/share/buildkit' : '/var/lib/buildkit'),
  );

/** What buildx starts for its driver docker-container. */
const OF_BUILDX = { container: { engine: 'docker', seccomp: 'default', privileged: true }, truth: 'builds' } as const;

async function rowOf(text: string): Promise<Row> {
  const { setups, builders } = await createLook({ path: 'template', text, file: null }).get(described);
  const [setup, second] = setups;
  expect(second).toBeUndefined();
  if (setup === undefined) {
    expect(builders).toHaveLength(1);
    return { ...OF_BUILDX, image: text.includes('-rootless') ? 'rootless' : 'rootful' };
  }
  return {
    container: asMade(setup.container, text),
    image: setup.flavour === 'rootless' ? 'rootless' : 'rootful',
    flags: withoutSandbox(setup) ? [FLAG] : [],
    volume: keepsState(setup),
    truth: 'builds',
  };
}

describe.skipIf(!canMakeWorlds())('a template, as its engine makes it', () => {
  test.each(some(5, TEMPLATES))('$kind, $mode: BuildKit starts and builds', { timeout: 240_000 }, async ({ text }) => {
    const row = await rowOf(text);
    const world = new World();
    let box: EngineBox | null = null;
    try {
      world.script(LIKE_THE_IMAGE);
      box = new EngineBox(world, row.container, row);
      const { verdict } = box.doctor([
        'check',
        ...(row.flags?.length ? ['--daemonless', '--env', `BUILDKITD_FLAGS=${FLAG}`] : []),
      ]);
      if (daemonDirectory() === null) byChain(box, row);
      else {
        expect(box.wake(), box.log).toBe(true);
        const built = box.build();
        expect(built.ready, built.log).toBe(true);
        expect(verdict.ready, JSON.stringify(verdict)).toBe(true);
      }
    } finally {
      box?.close();
      world.close();
    }
  });
});
