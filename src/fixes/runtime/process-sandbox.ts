import type { ProcessSandboxEvidence } from '../../checks/runtime/process-sandbox.ts';
import { isFlag, settings } from '../../facts/config/settings.ts';
import { configEdit } from '../../facts/rights/config-edit.ts';
import { sentenceFor, waysToProc } from '../../knowledge/engines.ts';
import type { Fix, Treatment } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { advice } from '../advice.ts';
import { configSteps } from '../config-steps.ts';

const needs = { settings, configEdit: optional(configEdit) };
const SETTING = ['worker', 'oci', 'noProcessSandbox'];

/** Asks for an unmasked /proc first; switching the sandbox off is the last resort. */
export const unmaskProc: Fix<typeof needs, ProcessSandboxEvidence> = {
  needs,
  title: 'Unmask /proc, or run build steps without a process namespace',
  plan(problems, facts) {
    const config = facts.configEdit.value ?? null;
    const byFlag = isFlag(facts.settings.oci.noProcessSandbox.source);
    return problems.flatMap(({ condition, evidence, severity }, index): readonly Treatment[] => {
      if (severity === 'warning' || condition === 'config.invalid-value')
        return config === null || byFlag
          ? [advice([index], 'Leave out --oci-worker-no-process-sandbox where buildkitd is started')]
          : [
              {
                for: [index],
                risk: 'safe',
                until: 'restart',
                steps: configSteps(config, [{ change: 'remove', path: SETTING }]),
              },
            ];
      const engine = evidence.container ?? 'other';
      const ways = evidence.lacksStat ? [sentenceFor(engine, 'unmasked-proc')] : waysToProc(engine);
      const unmask = advice([index], ...ways);
      // It is buildkitd itself that reads /proc/stat: no setting of the sandbox helps.
      if (config === null || evidence.lacksStat) return [unmask];
      return [
        unmask,
        {
          for: [index],
          risk: 'risky',
          until: 'restart',
          consequence:
            'Build steps run in the process namespace of buildkitd: they can end and inspect its processes, and what they leave running stays.',
          steps: configSteps(config, [{ change: 'set', path: SETTING, value: true }]),
        },
      ];
    });
  },
};
