import { type Release, surelyBefore, surelySince } from '../../buildkit/version.ts';
import { containerdWorker } from '../../facts/config/containerd-worker.ts';
import { settings, writtenAt } from '../../facts/config/settings.ts';
import { osRelease } from '../../facts/machine/os-release.ts';
import { binaries } from '../../facts/programs/binaries.ts';
import { buildkitdVersion } from '../../facts/programs/buildkitd-version.ts';
import type { Binary } from '../../facts/programs/find-in-path.ts';
import { type ConfigEdit, configEdit } from '../../facts/rights/config-edit.ts';
import { runtimeBinary } from '../../facts/start/runtime-binary.ts';
import { type Program, software, TIMED_OUT } from '../../facts/start/software.ts';
import { environment } from '../../facts/target/environment.ts';
import { launcher } from '../../facts/target/launcher.ts';
import { type Install, type Installable, installOf } from '../../knowledge/packages.ts';
import type { Check, Condition, Problem, Severity } from '../../model/decide.ts';
import type { UnseenReason } from '../../model/look.ts';
import { optional } from '../../model/unseen.ts';
import { octal } from '../../text/octal.ts';

/** What a repair has to know of a missing, broken or too old program. */
export interface BinariesEvidence {
  readonly program: string;
  /** The key of buildkitd.toml that is concerned, and its line; null where it does not come from there. */
  readonly key: string | null;
  readonly line: number | null;
  readonly path: string | null;
  readonly version: string | null;
  readonly install: {
    readonly package: string | null;
    readonly argv: readonly string[] | null;
    readonly text: string;
  } | null;
  /** The permission that the file lacks, as chmod(1) takes it. */
  readonly lacks: 'a+x' | 'a+r' | null;
  /** What a person can do, where no package and no permission helps. */
  readonly advice: string | null;
  /** A setting that would use what is there instead: crun in the place of runc. */
  readonly configure:
    | (ConfigEdit & { readonly values: readonly { readonly key: string; readonly value: string | boolean }[] })
    | null;
}

const needs = {
  binaries,
  runtimeBinary,
  settings,
  launcher,
  environment,
  software,
  buildkitdVersion,
  containerdWorker,
  configEdit,
  osRelease: optional(osRelease),
};

/** buildkitd passes `run --keep` since v0.12.0 (executor/runcexecutor); runc has it since 1.1.0, crun since 1.15. */
const KEEP_SINCE: Release = [0, 12, 0];
const KEEP_IN: { readonly [runtime: string]: Release } = {
  runc: [1, 1, 0],
  'buildkit-runc': [1, 1, 0],
  crun: [1, 15, 0],
};

export const runtimeBinaries: Check<typeof needs, BinariesEvidence> = {
  id: 'runtime/binaries',
  title: 'Programs that a build needs are installed and work together',
  why: 'buildkitd starts an OCI runtime for every RUN step, and rootlesskit starts buildkitd for an ordinary user; each is looked up in PATH.',
  decides: true,
  conditions: [
    'binary.buildkitd-missing',
    'binary.rootless-helper-missing',
    'binary.buildctl-missing',
    'binary.git-missing',
    'runtime.runc-missing',
    'runtime.runc-too-old',
    'runtime.no-worker',
  ],
  needs,
  examine(facts) {
    const { binaries: found, settings: options, launcher: by, software: programs } = facts;
    const problems: Problem<BinariesEvidence>[] = [];
    const unseen: UnseenReason[] = [];
    const path = facts.environment.values.PATH ?? '';
    const install = (program: Installable): Install =>
      installOf(program, facts.osRelease.value ?? { id: 'linux', idLike: [], version: null });
    const add = (
      condition: Condition,
      severity: Severity,
      program: string,
      message: string,
      more: Partial<BinariesEvidence> = {},
    ): void => {
      problems.push({
        condition,
        severity,
        subject: program,
        message,
        evidence: {
          program,
          key: null,
          line: null,
          path: null,
          version: null,
          install: null,
          lacks: null,
          advice: null,
          configure: null,
          ...more,
          // What is installed would not be found either.
          ...(path === ''
            ? {
                install: null,
                advice:
                  'Give PATH to buildkitd where it is started: export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
              }
            : {}),
        },
      });
    };
    const presence = (
      condition: Condition,
      severity: Severity,
      binary: Binary | null,
      program: Installable,
      use: string,
    ): boolean => {
      if (binary?.executable) return true;
      const how = install(program);
      if (binary === null)
        add(condition, severity, program, `${program} is not in PATH (${path || 'empty'}): ${use}`, { install: how });
      else
        add(
          condition,
          severity,
          program,
          `${binary.path} is not executable (mode ${octal(binary.stat.mode)}): ${use}`,
          {
            path: binary.path,
            lacks: 'a+x',
          },
        );
      return false;
    };

    presence('binary.buildkitd-missing', 'error', found.buildkitd, 'buildkitd', 'there is no build daemon to start');
    judgeStart('binary.buildkitd-missing', 'buildkitd', programs.buildkitd);
    if (by === 'rootlesskit') {
      presence(
        'binary.rootless-helper-missing',
        'error',
        found.rootlesskit,
        'rootlesskit',
        'an ordinary user cannot start buildkitd without it',
      );
      judgeStart('binary.rootless-helper-missing', 'rootlesskit', programs.rootlesskit);
    }
    judgeWorker();
    presence('binary.buildctl-missing', 'info', found.buildctl, 'buildctl', 'another client has to send builds');
    if (!found.git?.executable)
      add(
        'binary.git-missing',
        'info',
        'git',
        'git is not in PATH: builds from Git repositories and ADD of a repository fail',
        {
          install: install('git'),
        },
      );
    return { problems, unseen };

    function judgeStart(condition: Condition, name: Installable, program: Program | null): void {
      const failed = program?.failed ?? null;
      if (program === null || failed === null) return;
      if (failed === TIMED_OUT)
        unseen.push({ why: `${program.path} --version did not answer in time`, command: `${program.path} --version` });
      else
        add(condition, 'error', name, `${program.path} cannot even print its version: ${failed}`, {
          path: program.path,
          install: install(name),
        });
    }

    function judgeWorker(): void {
      const { enabled, binary } = options.oci;
      const other = facts.containerdWorker.usable;
      if (facts.containerdWorker.required && !other)
        add(
          'runtime.no-worker',
          'error',
          'containerd',
          `The containerd worker is switched on, but ${facts.containerdWorker.why}: buildkitd gives up after waiting for it`,
          {
            ...writtenAt(options.containerd.enabled),
            advice: `Start containerd, or leave ${options.containerd.enabled.key} out: buildkitd then does without it.`,
          },
        );
      if (enabled.value === false) {
        if (!other && !facts.containerdWorker.required)
          add(
            'runtime.no-worker',
            'error',
            'worker',
            `The OCI worker is switched off (${enabled.key}), and ${facts.containerdWorker.why}: buildkitd ends with "no worker found"`,
            {
              ...writtenAt(enabled),
              advice:
                enabled.source === 'file'
                  ? `config/buildkitd says how ${enabled.key} is mended.`
                  : 'Start buildkitd without --oci-worker=false, or beside a containerd that answers.',
            },
          );
        return;
      }
      const automatic = found['buildkit-runc']?.executable === true || found.runc?.executable === true;
      const runtime = facts.runtimeBinary;
      if (enabled.value === null && !automatic) {
        const severity: Severity = other ? 'warning' : 'error';
        const configured = binary.value !== null && runtime?.executable === true ? runtime : null;
        const instead = configured ?? (found.crun?.executable ? found.crun : null);
        const tooOld = instead === null ? null : keepProblem(instead.name, programs.runtime);
        add(
          'runtime.runc-missing',
          severity,
          'runc',
          configured !== null
            ? `Neither runc nor buildkit-runc is in PATH, so buildkitd switches its OCI worker off, although ${binary.key} names ${configured.path}: that needs worker.oci.enabled = true as well`
            : `Neither runc nor buildkit-runc is in PATH (${path || 'empty'}): no RUN step can be executed${instead === null ? '' : `; ${instead.path} is there, but is only used when configured`}`,
          {
            ...(configured === null ? {} : writtenAt(binary)),
            install: install('runc'),
            ...(instead !== null && (configured !== null || tooOld === null)
              ? {
                  configure: configureWith([
                    { key: 'worker.oci.enabled', value: true },
                    ...(configured === null ? [{ key: 'worker.oci.binary', value: 'crun' }] : []),
                  ]),
                }
              : {}),
          },
        );
        return;
      }
      if (runtime?.executable !== true) {
        const wanted = binary.value ?? 'runc';
        add(
          'runtime.runc-missing',
          'error',
          wanted,
          binary.value === null
            ? `Neither buildkit-runc nor runc is in PATH (${path || 'empty'}): buildkitd ends with "failed to find runc binary"`
            : `${binary.key} names ${wanted}, which is ${runtime === null ? `not ${wanted.includes('/') ? 'there' : `in PATH (${path || 'empty'})`}` : 'not executable'}: buildkitd ends with "failed to find ${wanted} binary"`,
          {
            ...writtenAt(binary),
            ...(runtime === null
              ? {
                  install:
                    wanted === 'crun' ? install('crun') : /^(buildkit-)?runc$/.test(wanted) ? install('runc') : null,
                  advice: `Install ${wanted}, or leave ${binary.key} out: buildkitd then uses runc.`,
                }
              : { path: runtime.path, lacks: 'a+x' }),
          },
        );
        return;
      }
      judgeVersion(runtime, programs.runtime);
    }

    function judgeVersion(runtime: Binary, program: Program | null): void {
      if (program === null) return;
      const name = runtime.path.slice(runtime.path.lastIndexOf('/') + 1);
      if (program.failed !== null) {
        judgeStart('runtime.runc-too-old', name === 'crun' ? 'crun' : 'runc', program);
        return;
      }
      if (!program.readable)
        add(
          'runtime.runc-missing',
          'error',
          name,
          `${runtime.path} may be executed but not read (mode ${octal(runtime.stat.mode)}): it copies itself before every RUN step`,
          { ...writtenAt(options.oci.binary), path: runtime.path, lacks: 'a+r' },
        );
      const problem = keepProblem(name, program);
      if (problem !== null)
        add('runtime.runc-too-old', problem.severity, name, problem.message, {
          ...writtenAt(options.oci.binary),
          path: runtime.path,
          version: program.text,
          install: name === 'crun' ? install('crun') : install('runc'),
        });
    }

    function keepProblem(name: string, program: Program | null): { severity: Severity; message: string } | null {
      const least = KEEP_IN[name];
      const release = program?.release ?? null;
      if (least === undefined || release === null) return null;
      if (!surelyBefore({ min: release, max: release, text: null }, least)) return null;
      const by = facts.buildkitdVersion;
      if (surelyBefore(by, KEEP_SINCE)) return null;
      const sure = surelySince(by, KEEP_SINCE);
      return {
        severity: sure ? 'error' : 'warning',
        message: `${name} ${program?.text ?? ''} does not know "run --keep" (since ${least.slice(0, least[2] === 0 && name === 'crun' ? 2 : 3).join('.')}), which buildkitd ${sure ? (programs.buildkitd?.text ?? '') : 'v0.12.0 and later'} passes: every RUN step fails`,
      };
    }

    function configureWith(values: { key: string; value: string | boolean }[]): BinariesEvidence['configure'] {
      return facts.configEdit === null ? null : { ...facts.configEdit, values };
    }
  },
};
