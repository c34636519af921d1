import type { NamespaceProbe } from '../../model/look.ts';
import { findTool, SYSTEM_PATH, writableByOthers } from '../looks/run-tool.ts';
import { NAMESPACE_SCRIPT } from './namespace-script.ts';
import { NOTHING, stepOf } from './run-step.ts';
import { scratchName, staleScratch } from './scratch.ts';

/** The program that makes the namespaces, with the script that it runs inside them. */
export function launchOf(
  { launcher, directory, fuse, survey, ...input }: NamespaceProbe,
  environment: { readonly [name: string]: string },
): readonly [path: string, args: readonly string[]] {
  const shell = findTool('sh', SYSTEM_PATH) ?? '/bin/sh';
  const unshare = findTool('unshare', SYSTEM_PATH);
  const runtime = input.runtime == null || !mayTry(input.runtime, unshare) ? null : input.runtime;
  const script = [
    NAMESPACE_SCRIPT,
    'sh',
    directory === null ? '' : scratchName(directory),
    fuse ? 'fuse' : '',
    survey ?? '',
    environment.PATH ?? '',
    runtime?.path ?? '',
    runtime === null ? '' : JSON.stringify(stepOf(runtime.processSandbox)),
    NOTHING,
    runtime?.withoutGroups === true ? 'frozen' : '',
    ...(directory === null ? [] : staleScratch(directory)),
  ];
  return launcher !== null
    ? [launcher.path, [...launcher.args, shell, '-c', ...script]]
    : unshare !== null
      ? [unshare, ['--mount', '--propagation', 'private', shell, '-c', ...script]]
      : [shell, ['-c', ...script]];
}

/** Root runs only what nobody else can change, and real root only where its mounts stay its own. */
function mayTry({ path, withoutGroups }: NonNullable<NamespaceProbe['runtime']>, unshare: string | null): boolean {
  if (withoutGroups === true && unshare === null) return false;
  try {
    return process.getuid?.() !== 0 || writableByOthers(path) === null;
  } catch {
    return false;
  }
}
