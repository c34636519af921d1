import { existsSync, realpathSync } from 'node:fs';
import { budgetFor } from '../host/budget.ts';
import { discreetHost } from '../host/discreet.ts';
import type { Opened } from '../host/open.ts';
import { UsageError } from '../host/usage-error.ts';
import type { HostReader, Request } from '../model/look.ts';
import { visible } from '../text/visible.ts';
import { archiveHost } from './host.ts';
import { versionsOf } from './packages.ts';
import { archOf, withPrinted } from './printed.ts';
import { type Tree, treeOf } from './tree.ts';
import { whoIsIn } from './who.ts';

/** A host that an archive shows. */
export interface OpenedArchive extends Opened {
  /** The same, where what it lacks counts as not there: for problems of what it has, never for passes. */
  readonly asShown: HostReader;
  /** Is this in it? */
  readonly holds: (path: string) => boolean;
  /** Versions of programs, by the packages that are installed there. */
  readonly versions: { readonly [program: string]: string };
  /** By what the target was chosen; null where the person named it. */
  readonly because: string | null;
}

/** Throws UsageError for what is no archive of a host, or is damaged. */
export async function openArchive(path: string, request: Request): Promise<OpenedArchive> {
  const tree = withPrinted(await treeIn(path));
  const { identity, because } = whoIsIn(tree, request);
  const { host, secrets } = discreetHost(archiveHost(tree, { identity, onlyShown: false }));
  const shown = discreetHost(archiveHost(tree, { identity, onlyShown: true }));
  return {
    host,
    asShown: shown.host,
    holds: (file) => tree.nodes.has(file),
    versions: versionsOf(tree.nodes),
    because,
    request: { ...request, probe: false },
    arch: archOf((file) => tree.nodes.get(file)?.content()?.toString('utf8') ?? null) ?? 'unknown',
    replayed: true,
    budget: budgetFor(identity),
    recording: () => '',
    secrets,
    close: async () => {},
  };
}

async function treeIn(path: string): Promise<Tree> {
  if (!existsSync(path)) throw new UsageError(`--from: ${visible(path)} does not exist`);
  try {
    return await treeOf(realpathSync(path));
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'EACCES' ? 'it may not be read' : (error as Error).message;
    if (error instanceof UsageError || (error as NodeJS.ErrnoException).code !== undefined)
      throw new UsageError(`--from ${visible(path)}: ${why}`);
    throw error;
  }
}
