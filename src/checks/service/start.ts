import { type StartObstacle, unitStart } from '../../facts/start/unit-start.ts';
import type { Unit } from '../../facts/target/unit.ts';
import type { Check, Condition } from '../../model/decide.ts';
import { findings } from '../findings.ts';
import { startWords } from './start-words.ts';

/** What keeps the unit from starting buildkitd, and what a remedy has to name. */
export interface StartEvidence {
  readonly kind: StartObstacle['kind'];
  readonly what: string;
  readonly other: string | null;
  readonly unit: string;
  readonly scope: Unit['scope'];
}

const needs = { start: unitStart };

const CONDITION: { readonly [K in StartObstacle['kind']]: Condition } = {
  masked: 'service.refused',
  'no-start': 'service.refused',
  'several-starts': 'service.refused',
  condition: 'service.refused',
  requirement: 'service.refused',
  'command-fails': 'service.start-fails',
  'command-missing': 'service.start-fails',
  'program-missing': 'service.start-fails',
  'environment-file': 'service.start-fails',
  'working-directory': 'service.start-fails',
  group: 'service.start-fails',
  'entered-stopped': 'service.start-fails',
  type: 'service.not-notified',
  'not-notified': 'service.not-notified',
  watchdog: 'service.not-notified',
  'socket-not-passed': 'service.socket-activation',
  'socket-missing': 'service.socket-activation',
  'unknown-flag': 'service.unknown-flag',
  'flag-value': 'config.invalid-value',
  'without-rootlesskit': 'daemon.needs-root',
  'as-root': 'service.start-fails',
};

export const serviceStart: Check<typeof needs, StartEvidence> = {
  id: 'service/start',
  title: 'The systemd unit comes as far as starting buildkitd',
  why: 'A unit that systemd refuses, or whose start line, conditions or readiness do not fit buildkitd, starts nothing, however able the host is.',
  decides: true,
  conditions: [
    'service.refused',
    'service.start-fails',
    'service.not-notified',
    'service.socket-activation',
    'service.unknown-flag',
    'config.invalid-value',
    'daemon.needs-root',
  ],
  needs,
  examine({ start }) {
    if (start === null) return { notApplicable: 'no systemd unit starts buildkitd for this account' };
    const found = findings<StartEvidence>();
    const { unit, obstacles, unseen } = start;
    for (const obstacle of obstacles) {
      const { kind, what, other, at } = obstacle;
      const evidence = { kind, what, other, unit: unit.name, scope: unit.scope };
      const severity = kind === 'watchdog' ? 'warning' : 'error';
      found.add(CONDITION[kind], severity, unit.name, startWords(obstacle, unit), evidence, at);
    }
    return { problems: found.problems, unseen: [...found.unseen, ...unseen] };
  },
};
