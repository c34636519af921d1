import { selectedSnapshotter } from '../facts/cache/snapshotters.ts';
import { configFile } from '../facts/config/config-file.ts';
import { settings } from '../facts/config/settings.ts';
import { machine } from '../facts/confinement/machine.ts';
import { installedHelpers } from '../facts/start/idmap-helpers.ts';
import { instance } from '../facts/start/instance.ts';
import { namespace } from '../facts/start/namespace.ts';
import { software, inventory as versionsOfAll } from '../facts/start/software.ts';
import { unitConfinement } from '../facts/start/unit-confinement.ts';
import { environment } from '../facts/target/environment.ts';
import { launcher } from '../facts/target/launcher.ts';
import { unit } from '../facts/target/unit.ts';
import type { Opened } from '../host/open.ts';
import type { Catalog } from '../model/catalog.ts';
import type { Fact, Look } from '../model/look.ts';
import type { CheckReport, HostReport, Report, TargetReport } from '../model/say.ts';
import { Unseen } from '../model/unseen.ts';
import { VERSION } from '../package/version.ts';
import { examine } from './examine.ts';
import { createLook } from './look.ts';
import { withinRights } from './permitted-plan.ts';
import { verdictOf } from './verdict.ts';

/** Check ids and areas, as given on the command line; nothing in `only` means everything. */
export interface Selected {
  readonly only: readonly string[];
  readonly skip: readonly string[];
}

export function isSelected({ only, skip }: Selected, id: string): boolean {
  const named = (list: readonly string[]): boolean => list.includes(id) || list.includes(id.split('/')[0] ?? id);
  return (only.length === 0 || named(only)) && !named(skip);
}

export interface AssessOptions {
  /** Also collect what costs time and decides nothing: versions of programs, hardware. */
  readonly inventory: boolean;
  readonly progress?: (done: number, total: number, id: string) => void;
}

/** Examines an opened host afresh: every call looks again. */
export async function assess(
  opened: Opened,
  catalog: Catalog,
  selected: Selected,
  options: AssessOptions,
): Promise<Report> {
  const { host, request } = opened;
  const started = Date.now();
  const at = host.now();
  const look = createLook({ host, request });
  if (selected.only.length === 0) await startSlowest(look);
  const [checks, target, hostReport] = await Promise.all([
    examine(look, catalog, { isSelected: (id) => isSelected(selected, id) }, options.progress).then((reports) =>
      withinRights(look, reports),
    ),
    targetOf(look),
    hostOf(look, opened.arch, options.inventory),
  ]);
  // A selection of checks may have tried nothing, and then proves nothing.
  const proved =
    look.wasAsked(namespace) &&
    (await look.get(namespace).then(
      ({ launch }) => launch.ok || launch.stage !== 'timeout',
      () => false,
    )) &&
    // What a unit takes away is reasoned about, and was not in force when the probe was made.
    (await look.get(unitConfinement).then(
      (confinement) => confinement?.modelled !== true,
      () => false,
    ));
  const [sandbox, snapshotter] = await Promise.all([
    look.get(settings).then(
      ({ oci }) => !oci.noProcessSandbox.value,
      () => null,
    ),
    selected.only.length > 0 && !look.wasAsked(selectedSnapshotter)
      ? null
      : look.get(selectedSnapshotter).then(
          (found) => found.selected,
          () => null,
        ),
  ]);
  return {
    schema: 1,
    tool: { name: 'bk-doctor', version: VERSION },
    startedAt: new Date(at).toISOString(),
    durationMs: Date.now() - started,
    target,
    host: hostReport,
    verdict: verdictOf(checks, catalog, { proved, snapshotter, processSandbox: sandbox }),
    checks,
    counts: countsOf(checks),
    changed: false,
    treatments: [],
  };
}

export function countsOf(checks: readonly CheckReport[]): Report['counts'] {
  const counts = { pass: 0, warn: 0, fail: 0, skip: 0, unknown: 0 };
  for (const { status } of checks) counts[status]++;
  return counts;
}

/** What other programs must answer is asked first, the slowest before all, and waited for while everything else is looked at. */
async function startSlowest(look: Look): Promise<void> {
  for (const fact of [namespace, software, installedHelpers]) {
    look.get<unknown>(fact).catch(() => {});
    await new Promise((asked) => setImmediate(asked));
  }
}

const UNKNOWN = 'unknown';

function unlessFault(error: unknown): null {
  if (error instanceof Unseen) return null;
  throw error;
}

/** Whose BuildKit is looked at, and with which settings. */
export async function targetOf(look: Look): Promise<TargetReport> {
  const { target, mode } = look.host.identity;
  // What is too much to look at is told by the checks that need it.
  const seen = <T>(fact: Fact<T>): Promise<T | null> => look.get(fact).catch(unlessFault);
  const [by, found, options, config, service, running] = await Promise.all([
    seen(launcher),
    seen(environment),
    seen(settings),
    seen(configFile),
    look.get(unit).then(
      (found) => found?.path ?? null,
      (error) => unlessFault(error) ?? UNKNOWN,
    ),
    look.get(instance).then(
      (found) => found.running,
      () => false,
    ),
  ]);
  return {
    mode,
    launcher: by ?? (mode === 'rootless' ? 'rootlesskit' : 'none'),
    user: target.name,
    uid: target.uid,
    config: config?.path ?? UNKNOWN,
    root: options?.root.value ?? UNKNOWN,
    addresses: options?.addresses.value ?? [],
    sources: {
      ...(config === null ? {} : { config: config.source }),
      ...(options === null
        ? {}
        : {
            root: options.root.source,
            addresses: options.addresses.source,
            snapshotter: options.oci.snapshotter.source,
          }),
    },
    unit: service,
    running,
    environment: found?.variables ?? {},
  };
}

async function hostOf(look: Look, arch: string, inventory: boolean): Promise<HostReport> {
  const [told, hardware] = await Promise.all([
    look.get(machine),
    inventory ? look.host.hardware?.().catch(() => null) : null,
  ]);
  const versions = inventory
    ? await look.get(versionsOfAll).catch(() => ({}))
    : Object.fromEntries(
        Object.entries((await look.get(software).catch(() => null)) ?? {}).map(([name, program]) => [
          name,
          program?.text ?? null,
        ]),
      );
  return { ...told, arch, software: versions, ...(hardware ? { hardware } : {}) };
}
