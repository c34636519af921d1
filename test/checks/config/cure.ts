import { editToml } from '../../../src/buildkit/toml-edit.ts';
import type { Step } from '../../../src/model.ts';
import type { VirtualFile, VirtualHostOptions } from '../../virtual-host.ts';

/** Carries out the steps of these fixes on a virtual host. */
export function cure(options: VirtualHostOptions, steps: readonly Step[]): VirtualHostOptions {
  const files = { ...options.files };
  const change = (path: string, how: (file: VirtualFile) => VirtualFile): void => {
    const found = files[path];
    files[path] = how(typeof found === 'string' ? { text: found } : { ...found });
  };
  for (const step of steps) {
    if (step.do === 'edit' && step.edit.edit === 'toml') {
      const { changes } = step.edit;
      change(step.path, (file) => ({ ...file, text: editToml(file.text ?? '', changes) }));
    } else if (step.do === 'mode') change(step.path, (file) => ({ ...file, mode: step.to, unreadable: false }));
    else if (step.do === 'owner')
      change(step.path, (file) => ({ ...file, uid: step.to.uid, gid: step.to.gid, unreadable: false }));
    else if (step.do !== 'tell') throw new Error(`no such step in these fixes: ${step.do}`);
  }
  return { ...options, files };
}
