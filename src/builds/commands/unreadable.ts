import type { Files, Refused } from '../model/context.ts';
import type { Finding } from '../model/finding.ts';
import type { Place } from '../model/request.ts';

const refusal = (at: Place, severity: Finding['severity'], message: string, path: string): Finding => ({
  file: at.file,
  line: at.line,
  column: at.column,
  condition: 'build.file-unreadable',
  severity,
  message,
  needs: {},
  remedy: [`Give the account that builds the right to read ${path}, or build as an account that may.`],
});

/** A source of COPY or ADD. What is there and may not be read is sent without its contents. */
export const sourceUnreadable = (at: Place, path: string, what: Refused, directory: boolean): Finding =>
  what === 'read' && !directory
    ? refusal(
        at,
        'warning',
        `The account that builds may not read ${path}: the client silently sends an empty file in its place.`,
        path,
      )
    : refusal(
        at,
        'error',
        what === 'read'
          ? `The account that builds may not list the directory ${path}: the build ends with "open ${path}: permission denied".`
          : `The account that builds may not reach ${path}: the build ends with "lstat ${path}: permission denied".`,
        path,
      );

/** A Dockerfile; one that may not be read is sent empty. */
export const dockerfileUnreadable = (at: Place, path: string, what: Refused): Finding =>
  refusal(
    at,
    'error',
    what === 'read'
      ? `The account that builds may not read ${path}: the client sends an empty file in its place, and the build ends with "the Dockerfile cannot be empty".`
      : `The account that builds may not reach ${path}: the build ends with "failed to read dockerfile: lstat ${path}: permission denied".`,
    path,
  );

/** The file of a secret that the client looks at before it asks the daemon. */
export const secretUnreachable = (at: Place, path: string, files: Files): readonly Finding[] =>
  files.refused?.(path) === 'look'
    ? [
        refusal(
          at,
          'error',
          `The account that builds may not reach the secret file ${path}: the client ends with "failed to stat ${path}: permission denied".`,
          path,
        ),
      ]
    : [];

/** The file of a secret that a step mounts, which is read only then. */
export const secretUnreadable = (at: Place, path: string, files: Files): readonly Finding[] =>
  files.refused?.(path) === 'read' && files.kind(path) === 'file'
    ? [
        refusal(
          at,
          'error',
          `The account that builds may not read the secret file ${path}: the step that mounts it ends the build with "open ${path}: permission denied".`,
          path,
        ),
      ]
    : [];
