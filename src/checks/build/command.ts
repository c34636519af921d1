import { checkOfBuilds } from './finding.ts';

export const buildCommand = checkOfBuilds({
  id: 'build/command',
  title: 'The command gives the build what it needs',
  why: 'What a command does not give ends the build, or a step silently runs without it.',
  conditions: [
    'build.arg-missing',
    'build.secret-missing',
    'build.secret-invalid',
    'build.ssh-missing',
    'env.ssh-agent-missing',
    'build.local-missing',
    'build.context-file-missing',
    'build.frontend-unknown',
    'build.frontend-missing',
    'build.flag-unknown',
    'build.flag-ignored',
    'build.opt-ignored',
    'build.opt-invalid',
    'build.exporter-invalid',
    'build.cache-invalid',
    'build.classic-builder',
    'build.target-missing',
    'entitlement.missing',
    'entitlement.not-requested',
    'entitlement.unknown',
  ],
});
