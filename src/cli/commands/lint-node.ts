import { readFileSync } from 'node:fs';
import { createLook } from '../../examine/look.ts';
import { nodeTraits } from '../../facts/confinement/node-traits.ts';
import { openHost } from '../../host/open.ts';
import { UsageError } from '../../host/usage-error.ts';
import { NODE_KINDS, type NodeTraits, unknownNode } from '../../knowledge/nodes.ts';
import { existingFile } from '../call/private-file.ts';
import type { Session } from '../call/session.ts';

/** What is known of the node that --node names: a kind, a recording of `check`, or the JSON of its report. */
export async function nodeOf(given: string, { streams }: Session): Promise<NodeTraits> {
  const kind = NODE_KINDS[given.toLowerCase()];
  if (kind !== undefined) return kind;
  if (!/[./]/.test(given))
    throw new UsageError(`--node: ${given} is no file and no kind of node: ${Object.keys(NODE_KINDS).join(', ')}`);
  const path = existingFile('--node', given);
  const report = reportIn(path);
  if (report !== null) return ofReport(report, given);
  const request = { mode: null, user: null, env: {}, config: null, root: null, addresses: null, probe: false };
  const opened = await openHost(request, { record: false, replay: path, env: streams.env });
  return await createLook({ host: opened.host, request: opened.request })
    .get(nodeTraits)
    .finally(() => opened.close());
}

interface Report {
  readonly checks: readonly { readonly problems?: readonly { readonly condition: string }[] }[];
}

/** Null: it is no report. */
function reportIn(path: string): Report | null {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    throw new UsageError(`--node: ${path} is no JSON`);
  }
  const isReport = typeof value === 'object' && value !== null && 'checks' in value && Array.isArray(value.checks);
  return isReport ? (value as Report) : null;
}

/** A report tells of what it found alone: what it does not say may not have been asked. */
function ofReport({ checks }: Report, name: string): NodeTraits {
  const found = new Set(checks.flatMap(({ problems }) => (problems ?? []).map(({ condition }) => condition)));
  const has = (condition: string): true | null => (found.has(condition) ? true : null);
  return {
    ...unknownNode(name),
    apparmor: has('userns.apparmor-restricted'),
    withoutUserNamespaces: has('userns.max-user-namespaces-zero'),
    restrictsUserNamespaces: has('userns.apparmor-restricted'),
  };
}
