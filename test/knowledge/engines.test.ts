import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  clauseFor,
  type Engine,
  GRANTS,
  type Grant,
  sentenceFor,
  waysToProc,
  wordsOf,
} from '../../src/knowledge/engines.ts';

const ENGINES: readonly Engine[] = ['kubernetes', 'docker', 'podman', 'lxc', 'containerd', 'systemd-nspawn', 'other'];

describe('what an engine is told', () => {
  test.each<[Engine, string]>([
    [
      'docker',
      'Start the container with: docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined …',
    ],
    [
      'podman',
      'Start the container with: podman run --security-opt seccomp=unconfined --security-opt apparmor=unconfined …',
    ],
    [
      'kubernetes',
      'In the pod: securityContext.seccompProfile: {type: Unconfined}, and securityContext.appArmorProfile: {type: Unconfined} (before Kubernetes 1.30 the annotation container.apparmor.security.beta.kubernetes.io/CONTAINER: unconfined).',
    ],
    [
      'lxc',
      'On the LXC host: security.nesting=true (LXD, Incus) or features: nesting=1,keyctl=1 (Proxmox); then restart the container.',
    ],
    [
      'containerd',
      'Start the container with: nerdctl run --security-opt seccomp=unconfined --security-opt apparmor=unconfined …',
    ],
    ['systemd-nspawn', 'Start the container with: systemd-nspawn --system-call-filter="@mount @keyring" …'],
  ])('%s', (engine, sentence) => {
    expect(sentenceFor(engine, 'unfiltered-calls', 'no-apparmor')).toBe(sentence);
  });

  test('an engine that is not known is told in the words of all', () => {
    expect(clauseFor('other', 'unmasked-proc')).toMatch(
      /^docker run --security-opt systempaths=unconfined …; podman run --security-opt unmask=ALL …; in a pod: hostUsers: false/,
    );
  });

  test("containerd's own client has words of its own", () => {
    expect(clauseFor('containerd', ['capability', 'SYS_ADMIN'])).toBe(
      'nerdctl run --cap-add SYS_ADMIN …; ctr run --cap-add CAP_SYS_ADMIN …',
    );
    expect(clauseFor('containerd', 'own-cgroups')).toBe('nerdctl run --cgroupns=private …');
  });

  test('what a pod may have instead of a whole /proc', () => {
    const [flag, , namespace] = waysToProc('kubernetes');
    expect(flag).toContain('--oci-worker-no-process-sandbox');
    expect(namespace).toContain('hostUsers: false and securityContext.capabilities.add: [SYS_ADMIN], and');
    expect(waysToProc('docker')).toHaveLength(1);
  });

  test('one for which the words are not known is told in those of the others', () => {
    expect(wordsOf('nspawn', 'unmasked-proc')).toBeNull();
    expect(clauseFor('systemd-nspawn', 'unmasked-proc')).toBe(clauseFor('other', 'unmasked-proc'));
    expect(clauseFor('lxc', ['capability', 'SYS_ADMIN'])).toBe(clauseFor('other', ['capability', 'SYS_ADMIN']));
  });

  test('what is granted by name stands in its place, wherever it is named', () => {
    expect(clauseFor('podman', ['volume', '/var/lib/buildkit'])).toBe('podman run -v buildkit:/var/lib/buildkit …');
    expect(wordsOf('nspawn', ['device', '/dev/fuse'])).toBe('--bind=/dev/fuse --property=DeviceAllow="/dev/fuse rwm"');
  });
});

test.each(ENGINES)('%s has an answer to everything, and no gap in it', (engine) => {
  for (const grant of Object.keys(GRANTS) as Grant[]) {
    const sentence = sentenceFor(engine, [grant, '4711']);
    expect(sentence).not.toMatch(/\{\}|undefined|null|: [.…]|run …| {2}/);
    const named = JSON.stringify(GRANTS[grant]).includes('{}');
    expect(named || !sentence.includes('4711')).toBe(true);
  }
});

test('remedies of conditions take these words from the table too', () => {
  const OWN =
    /--security-opt [a-z]+=|--cap-add|--ulimit|--device \/|--pids-limit|--cgroupns=private|docker run --privileged(?! --rm| --cgroupns=host)|\{ ?type: Unconfined ?\}|securityContext\.|idsPerPod|nesting=/;
  expect(OWN.test('$ docker run --security-opt seccomp=unconfined …')).toBe(true);
  const directory = 'src/knowledge/remedies';
  for (const name of readdirSync(directory))
    expect(OWN.exec(readFileSync(join(directory, name), 'utf8'))?.[0] ?? null, name).toBeNull();
});
