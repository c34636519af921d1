import { checkOfBuilds } from './finding.ts';

export const buildDockerfile = checkOfBuilds({
  id: 'build/dockerfile',
  title: 'The daemon does all that the Dockerfile says',
  why: 'A frontend or a daemon that is older than the Dockerfile ends the build, or silently does something else.',
  conditions: [
    'dockerfile.parse-error',
    'dockerfile.frontend-too-old',
    'dockerfile.labs-required',
    'dockerfile.daemon-too-old',
    'dockerfile.silently-ignored',
    'dockerfile.invalid-option',
    'dockerfile.syntax-ignored',
    'dockerfile.syntax-refused',
    'dockerfile.syntax-unavailable',
    'dockerfile.host-path-mount',
    'dockerfile.secret-owner',
    'dockerfile.cache-owner',
    'dockerfile.readonly-mount-write',
    'dockerfile.line-endings',
    'dockerfile.check-violation',
    'dockerfile.stage-order',
    'dockerfile.image-file-missing',
    'dockerfile.device-missing',
    'idmap.subid-too-few',
    'emulation.binfmt-missing',
  ],
});
