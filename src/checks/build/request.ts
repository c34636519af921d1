import { isSince, NEWEST, type Release } from '../../buildkit/version.ts';
import { type AskedBuild, askedBuild, filesOf, opener } from '../../builds/asked.ts';
import { dockerfileUnreadable } from '../../builds/commands/unreadable.ts';
import { type Daemon, daemonConfig, mirrorsOf, PLAIN_CONFIG } from '../../builds/model/daemon.ts';
import type { Finding } from '../../builds/model/finding.ts';
import { judgeTexts } from '../../builds/project.ts';
import { processors } from '../../facts/build/emulators.ts';
import { sshAgent } from '../../facts/build/ssh-agent.ts';
import { cdiNames } from '../../facts/config/cdi.ts';
import { configFile } from '../../facts/config/config-file.ts';
import { settings } from '../../facts/config/settings.ts';
import { buildkitdVersion } from '../../facts/programs/buildkitd-version.ts';
import { namespace } from '../../facts/start/namespace.ts';
import { identity } from '../../facts/target/identity.ts';
import type { Check, FactsOf } from '../../model/decide.ts';
import { optional } from '../../model/unseen.ts';
import { findings } from '../findings.ts';
import { buildCommand } from './command.ts';
import { buildDockerfile } from './dockerfile.ts';
import type { BuildEvidence } from './finding.ts';

export const requestNeeds = {
  asked: askedBuild,
  version: buildkitdVersion,
  config: configFile,
  settings,
  identity,
  processors: optional(processors),
  devices: optional(cdiNames),
  agent: optional(sshAgent),
  namespace: optional(namespace),
};

type Facts = FactsOf<typeof requestNeeds>;

/** Judges one build against this host: what `check --build` asks. */
export const buildRequest: Check<typeof requestNeeds, BuildEvidence> = {
  id: 'build/request',
  title: 'BuildKit here makes the build that is asked for',
  why: 'A host can be perfect and a build still fails, because it asks for what this daemon, its configuration or the command do not give.',
  decides: true,
  conditions: [...new Set([...buildDockerfile.conditions, ...buildCommand.conditions])],
  needs: requestNeeds,
  examine(facts) {
    const { asked, version } = facts;
    if (asked === null) return { notApplicable: 'no build is asked about' };
    const found = findings<BuildEvidence>();
    if (asked.texts.length === 0 && asked.closed === null)
      found.unseen.push({ why: 'there is no Dockerfile to be read where the build is asked about' });
    if (version.min === null && version.max === null)
      found.unseen.push({ why: 'which release of buildkitd would build is not known' });
    for (const { condition, severity, file, line, column, message, needs } of foundIn(facts, asked))
      found.add(condition, severity, file, message, { needs }, { path: file, line, column });
    return found;
  },
};

/** What is found, by the releases that buildkitd may be: what not all of them find is a warning. */
export function foundIn(facts: Facts, asked: AskedBuild): readonly Finding[] {
  const newest = facts.version.max ?? NEWEST;
  const oldest = facts.version.min ?? newest;
  const found = judged(facts, asked, newest);
  if (isSince(oldest, newest)) return found;
  const older = judged(facts, asked, oldest);
  const key = ({ file, line, condition }: Finding): string => `${file}:${line}:${condition}`;
  const [ofNewest, ofOldest] = [new Set(found.map(key)), new Set(older.map(key))];
  const softened = (finding: Finding): Finding =>
    finding.severity === 'error' ? { ...finding, severity: 'warning' } : finding;
  return [
    ...found.map((finding) => (ofOldest.has(key(finding)) ? finding : softened(finding))),
    ...older.filter((finding) => !ofNewest.has(key(finding))).map(softened),
  ];
}

function judged(facts: Facts, asked: AskedBuild, release: Release): readonly Finding[] {
  const { config, settings: options, identity: who } = facts;
  const written =
    config.file === null
      ? { ...PLAIN_CONFIG, file: config.path }
      : daemonConfig(config.file.text, config.path, release);
  const ids = facts.namespace.value?.launch.ok === true ? facts.namespace.value.uidMap : null;
  const daemon: Daemon = {
    release,
    engine: null,
    mode: who.mode,
    config: {
      ...written,
      entitlements: options.entitlements.value,
      mirrors: config.file === null ? new Map() : mirrorsOf(config.file.text, release),
      cdi: written.cdi && !['true', true, '1'].some((off) => options.flags['cdi-disabled']?.at(-1) === off),
    },
    host: {
      native: facts.processors.value?.native ?? null,
      emulators: facts.processors.value?.emulated ?? null,
      subids: ids === null ? null : Math.max(0, ...ids.map(([first, , count]) => first + count - 1)),
      cdi: facts.devices.value ?? null,
      sshAgent: facts.agent.value ?? null,
      registry: null,
      frontendTags: null,
    },
  };
  const files = filesOf(asked.paths);
  const closed =
    asked.closed === null
      ? []
      : [
          dockerfileUnreadable(
            { file: asked.closed.path, line: 1, column: 1 },
            asked.closed.path,
            asked.closed.refused,
          ),
        ];
  const judged = judgeTexts(asked.texts, { daemon, files, context: asked.context, open: opener(files) });
  return [...closed, ...judged];
}
