import { ENTITLEMENTS } from '../../buildkit/entitlements.ts';
import { isRemote } from '../commands/docker.ts';
import { secretsOf } from '../commands/secrets.ts';
import type { Finding } from '../model/finding.ts';
import { joined } from '../model/paths.ts';
import { type Asked, type BuildRequest, placeOf } from '../model/request.ts';
import type { BakeCommand } from './bake-command.ts';

const base = (value: string): string => value.replace(/=.*$/s, '');
const OF_BAKE = ['ssh', 'fs', 'fs.read', 'fs.write', 'image', 'image.push', 'image.load', 'buildx.local.delete'];

/** Names behind --allow that bake does not know. */
export function unknownAllowed({ allow }: BakeCommand): readonly Finding[] {
  return allow.flatMap((entry): readonly Finding[] => {
    const key = base(entry.value);
    if (!entry.known || ENTITLEMENTS.some(({ name }) => name === key) || OF_BAKE.includes(key)) return [];
    return [
      {
        ...placeOf(entry),
        condition: 'entitlement.unknown',
        severity: 'error',
        message: `There is no entitlement ${key}: bake ends with 'unknown entitlement key "${key}"'.`,
        needs: {},
        remedy: [
          'Leave it out. The entitlements are network.host, security.insecure and device; bake has fs.read=PATH, fs.write=PATH and ssh besides.',
        ],
      },
    ];
  });
}

const notAllowed = (place: Finding, what: string, flag: string): Finding => ({
  ...place,
  condition: 'entitlement.not-requested',
  message: `${what}, and the command line does not allow it: bake ends with "additional privileges requested".`,
  needs: { ...place.needs, flag: `--allow ${flag}` },
  remedy: [`Add --allow ${flag} to docker buildx bake.`],
});

const errorAt = (place: Finding | { file: string; line: number; column: number }): Finding => ({
  file: place.file,
  line: place.line,
  column: place.column,
  condition: 'entitlement.not-requested',
  severity: 'error',
  message: '',
  needs: {},
  remedy: [],
});

/** Entitlements that a target asks for and the command line does not allow. */
export function privileges(
  entitlements: readonly Asked[],
  command: BakeCommand | null,
  givenBySet: readonly Asked[],
): readonly Finding[] {
  if (command === null || command.open) return [];
  const given = [...command.allow, ...givenBySet];
  return entitlements.flatMap((entry): readonly Finding[] => {
    const name = base(entry.value);
    if (!entry.known || !ENTITLEMENTS.some((known) => known.name === name)) return [];
    if (given.some(({ value, known }) => !known || base(value) === name)) return [];
    const { line, column } = command.program;
    const at = { ...errorAt({ file: command.file, line, column }), needs: { entitlement: entry.value } };
    return [notAllowed(at, `The target asks for the entitlement ${entry.value}`, entry.value)];
  });
}

/** Files and keys outside of the directory in which bake runs. */
export function outside(
  request: BuildRequest,
  paths: readonly Asked[],
  command: BakeCommand | null,
  givenBySet: readonly Asked[],
): readonly Finding[] {
  if (command === null || command.open || isSwitchedOff(command)) return [];
  const ofSet = (asked: Asked): boolean =>
    givenBySet.some(({ line, column, file }) => asked.line === line && asked.column === column && asked.file === file);
  const findings: Finding[] = [];
  const need = (asked: Asked, path: string, kind: 'read' | 'write', what: string): void => {
    const severity = ofSet(asked) ? null : lies(path, kind, command);
    if (asked.known && severity !== null)
      findings.push(
        notAllowed(
          { ...errorAt(asked), severity },
          `${what} ${path} lies outside of the working directory`,
          `fs.${kind}=${path}`,
        ),
      );
  };
  for (const asked of paths) if (!isElsewhere(asked.value)) need(asked, bare(asked.value), 'read', 'The context');
  for (const { asked, file } of secretsOf(request)) if (file !== null) need(asked, file, 'read', 'The secret');
  for (const asked of request.ssh) {
    const keys = asked.value.includes('=') ? asked.value.slice(asked.value.indexOf('=') + 1).split(',') : [];
    for (const key of keys) need(asked, key, 'read', 'The key');
    if (asked.known && keys.length === 0 && !ofSet(asked) && !allows(command, 'ssh'))
      findings.push(notAllowed(errorAt(asked), `The target forwards the SSH agent`, 'ssh'));
  }
  for (const [asked, kind, key] of [
    ...request.outputs.map((output) => [output, 'write', 'dest'] as const),
    ...request.exportCaches.map((cache) => [cache, 'write', 'dest'] as const),
    ...request.importCaches.map((cache) => [cache, 'read', 'src'] as const),
  ]) {
    const path = new RegExp(`(?:^|,)${key}=([^,]+)`).exec(asked.value)?.[1];
    if (path !== undefined && path !== '-') need(asked, path, kind, kind === 'write' ? 'The output' : 'The cache');
  }
  return findings;
}

const bare = (path: string): string => path.replace(/^cwd:\/\//, '');
const isElsewhere = (path: string): boolean =>
  isRemote(path) || /^(?:target|docker-image|oci-layout|service):/.test(path);
const allows = ({ allow }: BakeCommand, name: string): boolean =>
  allow.some(({ value, known }) => !known || base(value) === name);
const isSwitchedOff = ({ environment }: BakeCommand): boolean =>
  /^(?:0|f|F|FALSE|false|False)$/.test(environment.get('BUILDX_BAKE_ENTITLEMENTS_FS')?.text ?? '');

/** Directories that are surely not where somebody builds. */
const FAR = /^\/(?:etc|usr|var|tmp|run|proc|sys|dev|boot|lib|bin|sbin|root)(?:\/|$)/;

/** How surely a path lies outside of all that is allowed; null where it does not. */
function lies(path: string, kind: 'read' | 'write', { allow }: BakeCommand): 'error' | 'warning' | null {
  const wanted = joined('.', path);
  if (/[$~]/.test(path) || !/^\.\.(?:\/|$)|^\//.test(wanted)) return null;
  for (const { value, known } of allow) {
    const key = base(value);
    if (!known) return null;
    if (key !== 'fs' && key !== `fs.${kind}`) continue;
    const given = value.includes('=') ? value.slice(value.indexOf('=') + 1) : '';
    const allowed = joined('.', given);
    // What is relative on one side alone is not told apart here.
    if (given === '*' || given === '/' || allowed.startsWith('/') !== wanted.startsWith('/')) return null;
    if (
      wanted === allowed ||
      (wanted.startsWith(`${allowed}/`) && !/^\.\.(?:\/|$)/.test(wanted.slice(allowed.length + 1)))
    )
      return null;
  }
  return !wanted.startsWith('/') || FAR.test(wanted) ? 'error' : 'warning';
}
