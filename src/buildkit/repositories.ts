/** Names of repositories as BuildKit's library for references reads them ("docker/dockerfile", "ghcr.io/a/b:tag"). */

const DOMAIN =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?$/;
const COMPONENT = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/;
const LONGEST = 255;

/** Why a name of a repository cannot be read; null where it can. */
export function repositoryComplaint(text: string): string | null {
  if (text === '') return 'it is empty';
  if (/^[a-z]+:\/\//i.test(text)) return 'it is written with a scheme';
  if (text.includes('*')) return 'there are no wildcards';
  if (/^[a-f0-9]{64}$/.test(text)) return 'it looks like the identity of an image';
  const slash = text.indexOf('/');
  const first = slash < 0 ? '' : text.slice(0, slash);
  const isDomain = first === 'localhost' || /[.:]/.test(first) || first.toLowerCase() !== first;
  if (isDomain && !DOMAIN.test(first)) return `${JSON.stringify(first)} is no host`;
  const [named = '', digest, more] = (isDomain ? text.slice(slash + 1) : text).split('@');
  if (more !== undefined || (digest !== undefined && !DIGEST.test(digest))) return 'what follows @ is no digest';
  const colon = named.indexOf(':');
  const path = colon < 0 ? named : named.slice(0, colon);
  if (path.toLowerCase() !== path) return 'repositories are written in lower case';
  const bad = path.split('/').find((part) => !COMPONENT.test(part));
  if (bad !== undefined)
    return bad === '' ? 'a part of it is empty' : `${JSON.stringify(bad)} is no part of such a name`;
  if (path.length > LONGEST) return `it is longer than ${LONGEST} characters`;
  if (colon >= 0 && !TAG.test(named.slice(colon + 1))) return 'what follows the colon is no tag';
  return null;
}
