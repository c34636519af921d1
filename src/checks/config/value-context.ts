import { KEYS } from '../../buildkit/config/keys.ts';
import type { Settings } from '../../facts/config/settings.ts';
import type { BuildkitdFacts } from './buildkitd-case.ts';
import type { ValueContext } from './value-problem.ts';

/** Flags and variables that win over a key, besides the flag of the key itself. */
const ALSO: { readonly [key: string]: readonly string[] } = {
  'log.level': ['debug', 'trace'],
  'worker.oci.rootless': ['rootless'],
  'worker.containerd.rootless': ['rootless'],
};
const VARIABLES: { readonly [key: string]: string } = {
  'log.level': 'BUILDKITD_LOG_LEVEL',
  'grpc.debugAddress': 'BUILDKITD_DEBUGADDR',
};

/** What takes the place of a key of the file; null where the file counts. */
export function overriddenBy(
  key: string,
  { flags, root, addresses }: Settings,
  values: { readonly [name: string]: string },
): string | null {
  const spec = KEYS.find((candidate) => candidate.key === key);
  if (spec === undefined || spec.type === 'text-table') return null;
  for (const flag of [...(spec.flag === undefined ? [] : [spec.flag]), ...(ALSO[key] ?? [])])
    if (flags[flag] !== undefined) return `the flag --${flag}`;
  const variable = VARIABLES[key];
  if (variable !== undefined && values[variable]) return `the variable ${variable}`;
  if (key === 'root' && root.source === 'option') return 'the option --root';
  if (key === 'grpc.address' && addresses.source === 'option') return 'the option --address';
  return null;
}

/** What surrounds the file. */
export function contextOf({
  settings: options,
  environment: { values },
  identity: { mode },
  containerd,
}: Pick<BuildkitdFacts, 'settings' | 'environment' | 'identity' | 'containerd'>): ValueContext {
  const worker = containerd.value;
  return {
    overridden: (key) => overriddenBy(key, options, values) !== null,
    ociOff: options.oci.enabled.value === false,
    containerd: worker === undefined ? options.containerd.enabled.value === true : worker.usable || worker.required,
    rootless: mode === 'rootless' ? !isFalse(options.flags.rootless) : options.oci.rootless.value,
    noProcessSandboxByFlag:
      options.flags['oci-worker-no-process-sandbox'] === undefined ? null : options.oci.noProcessSandbox.value,
  };
}

const isFalse = (given: readonly string[] | undefined): boolean =>
  given !== undefined && /^(0|f|false)$/i.test(given.at(-1) ?? '');
