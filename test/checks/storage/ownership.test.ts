import { expect, test } from 'vitest';
import { storageOwnership } from '../../../src/checks/storage/ownership.ts';
import { examine } from '../../../src/examine/examine.ts';
import { createLook } from '../../../src/examine/look.ts';
import { restoreOwnership } from '../../../src/fixes/storage/ownership.ts';
import type { Allowed, As, ForeignEntry, Request, Survey } from '../../../src/model/look.ts';
import type { Step } from '../../../src/model/plan.ts';
import type { CheckReport } from '../../../src/model/say.ts';
import { carryOut } from '../../carry-out.ts';
import { testCheck } from '../../check-tester.ts';
import { ASK, VirtualHost, type VirtualHostOptions } from '../../virtual-host.ts';
import { ANSWER, CACHE, cacheMount, hostWith, refusedWith } from './healthy.ts';

const entry = (path: string, uid: number | null = 0, gid: number | null = 0, kind: ForeignEntry['kind'] = 'file') => ({
  path: `${CACHE}/${path}`,
  kind,
  uid,
  gid,
  nlink: 1,
});
const found = (...first: ForeignEntry[]): Partial<Survey> => {
  const owners: { [owner: string]: number } = {};
  for (const { uid, gid } of first)
    owners[`${uid ?? '?'}:${gid ?? '?'}`] = (owners[`${uid ?? '?'}:${gid ?? '?'}`] ?? 0) + 1;
  return { foreign: first.length, owners, first };
};
const dir = (uid: number, gid: number, mode: number) => ({ kind: 'directory', uid, gid, mode }) as const;
const DEEP = 'runc-overlayfs/snapshots/snapshots/5/fs/bin/busybox';

/** What was adopted is found foreign no more. */
function apply(options: VirtualHostOptions, steps: readonly Step[]): VirtualHostOptions {
  const after = carryOut(options, steps);
  if (!steps.some((step) => step.do === 'adopt')) return after;
  return { ...after, probes: { ...options.probes, namespace: () => ({ ...ANSWER, survey: NOTHING }) } };
}
const NOTHING: Survey = { entries: null, foreign: 0, owners: {}, first: [], unentered: [] };

testCheck(
  { check: storageOwnership, fix: restoreOwnership },
  {
    healthy: {
      'own cache directory': { host: hostWith() },
      'missing, below an own directory': { host: hostWith({ files: { [CACHE]: null } }) },
      'missing, below a sticky directory that everybody may write': {
        host: hostWith({ files: { '/scratch': dir(0, 0, 0o1777) } }),
        request: { root: '/scratch/cache' },
      },
      'owned by root and open to everybody': { host: hostWith({ files: { [CACHE]: dir(0, 0, 0o777) } }) },
      'owned by root and sticky': { host: hostWith({ files: { [CACHE]: dir(0, 0, 0o1777) } }) },
      'writable through its group': { host: hostWith({ files: { [CACHE]: dir(0, 1000, 0o775) } }) },
      // Inside the user namespace its root overrides modes of what is mapped.
      'own, and closed by its mode': { host: hostWith({ files: { [CACHE]: dir(1000, 1000, 0o500) } }) },
      'owned by a subordinate id': { host: hostWith({ files: { [CACHE]: dir(100005, 100005, 0o700) } }) },
      'a foreign group on an own directory': { host: hostWith({ files: { [CACHE]: dir(1000, 50, 0o755) } }) },
      'two ranges': {
        host: hostWith({
          files: { [CACHE]: dir(250_000, 250_000, 0o700) },
          answer: {
            uidMap: [
              [0, 1000, 1],
              [1, 200_000, 32_768],
              [32_769, 240_000, 32_768],
            ],
            gidMap: [
              [0, 1000, 1],
              [1, 200_000, 32_768],
              [32_769, 240_000, 32_768],
            ],
          },
        }),
      },
      'root, who owns everything': { host: hostWith({ rest: { mode: 'rootful' } }) },
      'a read-only mount, which storage/filesystem tells': {
        host: hostWith({ mountinfo: cacheMount('ext4', 'ro'), files: { [CACHE]: dir(0, 0, 0o755) } }),
      },
      'what the trial itself just made': {
        host: hostWith({ survey: found(entry('.bk-doctor-abcdefgh', 1000, 50, 'directory')) }),
      },
      "overlayfs's own closed work directory": {
        host: hostWith({ survey: { unentered: [`${CACHE}/runc-overlayfs/snapshots/snapshots/3/work/work`] } }),
      },
      'a lock of root that everybody may read': {
        host: hostWith({
          files: { [`${CACHE}/buildkitd.lock`]: { text: '', mode: 0o644 } },
          survey: found(entry('buildkitd.lock')),
        }),
      },
      'leftovers of a snapshotter that is not used': {
        host: hostWith({
          survey: { ...found(entry('runc-native', 0, 0, 'directory')), unentered: [`${CACHE}/runc-native`] },
        }),
      },
      'databases and a worker of root that everybody may use': {
        host: hostWith({
          files: {
            [`${CACHE}/history.db`]: { text: 'x', mode: 0o666 },
            [`${CACHE}/runc-overlayfs`]: dir(0, 0, 0o777),
            [`${CACHE}/runc-overlayfs/metadata_v2.db`]: { text: 'x', mode: 0o666 },
          },
          survey: found(
            entry('history.db'),
            entry('runc-overlayfs', 0, 0, 'directory'),
            entry('runc-overlayfs/metadata_v2.db'),
          ),
        }),
      },
      'a stray file of root': { host: hostWith({ survey: found(entry('notes.txt')) }) },
    },
    ailing: {
      'without USER the place is root’s: nothing of root’s is given away': {
        host: hostWith({ files: { '/var/lib/buildkit': dir(0, 0, 0o711) }, rest: { env: { HOME: '/home/alice' } } }),
        conditions: ['storage.permission'],
        severity: 'error',
        advice: ['Repair USER first'],
      },
      'a file of the user’s names root’s state: it stays root’s': {
        host: hostWith({
          files: {
            '/var/lib/buildkit': dir(0, 0, 0o711),
            '/home/alice/.config/buildkit/buildkitd.toml': { text: 'root = "/var/lib/buildkit"\n', uid: 1000 },
          },
          rest: { self: { uid: 0 } },
        }),
        conditions: ['storage.permission'],
        severity: 'error',
        advice: ['of root’s own buildkitd'],
      },
      'without HOME it is, too': {
        host: hostWith({ files: { '/var/lib/buildkit': dir(0, 0, 0o711) }, rest: { env: { USER: 'alice' } } }),
        conditions: ['storage.permission'],
        severity: 'error',
        advice: ['Repair HOME first'],
      },
      'XDG_DATA_HOME of root': {
        host: hostWith({ rest: { env: { USER: 'alice', HOME: '/home/alice', XDG_DATA_HOME: '/srv' } } }),
        conditions: ['storage.permission'],
        severity: 'error',
        advice: ['Repair XDG_DATA_HOME first'],
      },
      'the directory belongs to root': {
        host: hostWith({ files: { [CACHE]: dir(0, 0, 0o700) } }),
        conditions: ['storage.permission'],
        severity: 'error',
        says: [`alice cannot write in the cache directory: ${CACHE} belongs to 0:0 with mode 0700`],
        cure: apply,
      },
      'the directory and its contents belong to root': {
        host: hostWith({ files: { [CACHE]: dir(0, 0, 0o755) }, survey: found(entry('cache.db'), entry(DEEP)) }),
        conditions: ['storage.permission', 'storage.permission'],
        severity: ['error', 'warning'],
        cure: apply,
      },
      'a parent belongs to root, the cache is missing': {
        host: hostWith({
          files: { '/home/alice/.local': dir(0, 0, 0o755), '/home/alice/.local/share': null, [CACHE]: null },
        }),
        conditions: ['storage.permission'],
        severity: 'error',
        says: ['cannot create the cache directory', '/home/alice/.local belongs to 0:0'],
        cure: apply,
      },
      'a “~” in a system unit, which nothing expands': {
        host: hostWith({
          files: {
            '/etc/systemd/system/buildkit.service':
              '[Service]\nUser=alice\nEnvironment=XDG_RUNTIME_DIR=/run/user/1000\nExecStart=/usr/bin/rootlesskit /usr/bin/buildkitd --root ~/bk\n',
          },
        }),
        conditions: ['storage.permission'],
        severity: 'error',
        says: ['cannot create the cache directory /~/bk'],
        advice: ['name /home/alice/bk as the state directory'],
      },
      'a parent that cannot be searched': {
        host: hostWith({ files: { '/home/alice/.local': dir(0, 0, 0o700) } }),
        conditions: ['storage.permission'],
        severity: 'error',
        says: ['cannot get through /home/alice/.local'],
        cure: apply,
      },
      'own user, foreign group, closed by its mode': {
        host: hostWith({ files: { [CACHE]: dir(1000, 0, 0o500) } }),
        conditions: ['storage.permission'],
        severity: 'error',
        cure: apply,
      },
      'new files get a foreign group': {
        host: hostWith({
          files: { [CACHE]: dir(1000, 50, 0o2775) },
          answer: { overlay: refusedWith(null, 'mount: cannot mount overlay read-only') },
        }),
        conditions: ['storage.permission'],
        severity: 'error',
        says: ['its group 50 (mode 2775)'],
        cure: apply,
      },
      'new files get a foreign group, with native': {
        host: hostWith({
          files: { [CACHE]: dir(1000, 50, 0o2775) },
          answer: { overlay: refusedWith(null, 'no'), fuseOverlay: refusedWith('EACCES') },
        }),
        conditions: ['storage.permission'],
        severity: 'warning',
        cure: apply,
      },
      'a file of root deep in a used cache': {
        host: hostWith({ survey: found(entry(DEEP)) }),
        conditions: ['storage.permission'],
        severity: 'warning',
        says: [DEEP, '0:0'],
        cure: apply,
      },
      'a lock of root that only root may read': {
        host: hostWith({
          files: { [`${CACHE}/buildkitd.lock`]: { text: '', mode: 0o600 } },
          survey: found(entry('buildkitd.lock')),
        }),
        conditions: ['storage.permission'],
        severity: 'error',
        cure: apply,
      },
      'a database that this BuildKit replaces': {
        host: hostWith({ survey: found(entry('cache.db')) }),
        conditions: ['storage.permission'],
        severity: 'warning',
        cure: apply,
        says: ['loses its cache index'],
      },
      'a database that is empty, which no BuildKit replaces': {
        host: hostWith({
          files: { [`${CACHE}/cache.db`]: { text: '', mode: 0o600 } },
          survey: found(entry('cache.db')),
        }),
        conditions: ['storage.permission'],
        severity: 'error',
        cure: apply,
      },
      'a worker behind a link, where no survey goes': {
        host: hostWith({
          files: {
            [`${CACHE}/runc-overlayfs`]: { link: '/data/worker', uid: 1000, gid: 1000 },
            '/data/worker': dir(0, 0, 0o755),
          },
        }),
        conditions: ['storage.permission'],
        severity: 'error',
        advice: ['chown 1000:1000 /home/alice/.local/share/buildkit/runc-overlayfs'],
        says: ['belongs to 0:0 with mode 0755'],
      },
      'a database, and a BuildKit that does not replace it': {
        host: hostWith({
          survey: found(entry('cache.db')),
          rest: { tools: { buildkitd: { stdout: 'buildkitd github.com/moby/buildkit v0.11.6 x\n' } } },
        }),
        conditions: ['storage.permission'],
        severity: 'error',
        cure: apply,
      },
      'image files with a foreign group alone': {
        host: hostWith({ survey: found(entry(DEEP, 1000, 0)) }),
        conditions: ['storage.permission'],
        severity: 'warning',
        cure: apply,
        says: ['a build that changes such a file'],
      },
    },
    other: {
      'directories that cannot be entered from here': {
        host: hostWith({ survey: { unentered: [`${CACHE}/runc-overlayfs/snapshots/snapshots/3/fs/root`] } }),
        status: 'unknown',
        says: 'cannot be entered',
      },
    },
  },
);

async function report(options: VirtualHostOptions, request: Partial<Request> = {}): Promise<CheckReport> {
  const look = createLook({ host: new VirtualHost(options), request: { ...ASK, ...request } });
  const [only] = await examine(look, [{ check: storageOwnership, fix: restoreOwnership }], { isSelected: () => true });
  if (only === undefined) throw new Error('no report');
  return only;
}
const acts = (from: CheckReport): readonly string[] =>
  from.fixes.flatMap(({ risk, steps }) => steps.map((step) => `${risk} ${step.do}`));

test('only what root left is adopted without asking; the rest is another, risky treatment', async () => {
  const host = hostWith({
    survey: { ...found(entry(DEEP), entry(`${DEEP}2`, 1234, 1234)), first: [entry(DEEP)] },
  });
  const { fixes } = await report(host);
  expect(fixes.map(({ risk, steps }) => [risk, steps.map((step) => step.do === 'adopt' && step.only)])).toEqual([
    ['safe', [[0]]],
    ['risky', [null]],
  ]);
  const [safe] = fixes[0]?.steps ?? [];
  if (safe?.do !== 'adopt') throw new Error('no adoption');
  // Nothing of the user's subordinate ids is ever in question.
  expect(safe.allowed.uids).toContainEqual({ start: 100000, count: 65536 });
  expect(safe).toMatchObject({ as: 'root', tree: CACHE, to: { uid: 1000, gid: 1000 } });
});

test("another account's directory is taken only with consent", async () => {
  const host = hostWith({ files: { [CACHE]: dir(33, 33, 0o755) } });
  expect(acts(await report(host))).toEqual(['risky owner']);
});

test('root changes nothing at a place that only the target names', async () => {
  const files = { '/etc/cache': dir(0, 0, 0o755) };
  const config = 'root = "/etc/cache"\n';
  expect(acts(await report(hostWith({ files, config })))).toEqual(['manual tell']);
  expect(
    acts(
      await report(hostWith({ files, config, survey: found({ ...entry('x'), path: '/etc/cache/runc-overlayfs' }) })),
    ),
  ).toEqual(['manual tell', 'manual tell']);
  // Nor does an ordinary user's command line make it root's word.
  expect(acts(await report(hostWith({ files }), { root: '/etc/cache' }))).toEqual(['manual tell']);
});

test("root's own command line names a place where it may act", async () => {
  const files = { '/srv/cache': dir(0, 0, 0o755) };
  const asRoot = hostWith({ files, rest: { self: { uid: 0, gid: 0 } } });
  expect(acts(await report(asRoot, { root: '/srv/cache' }))).toEqual(['safe owner']);
  expect(acts(await report(asRoot, { root: '/srv/other' }))).toEqual(['safe directory']);
});

test('a link below the home, which the target could have laid, is never followed by root', async () => {
  const host = hostWith({
    files: {
      '/home/alice/.local': { link: '/etc', uid: 1000, gid: 1000 },
      '/etc/share': dir(0, 0, 0o755),
      '/etc/share/buildkit': dir(0, 0, 0o755),
    },
  });
  expect(acts(await report(host))).toEqual(['manual tell']);
});

test('a home that does not belong to the target is not a place for root', async () => {
  const host = hostWith({ files: { '/home/alice': dir(0, 0, 0o755), [CACHE]: dir(0, 0, 0o755) } });
  expect(acts(await report(host))).toEqual(['manual tell']);
});

test('a bit that hands on a group is taken away by whoever could set it again', async () => {
  const host = (groups: readonly number[], overlay = refusedWith('EACCES')) =>
    hostWith({
      files: { [CACHE]: dir(1000, 50, 0o2775) },
      answer: { overlay },
      survey: found(
        entry('runc-fuse-overlayfs/snapshots/snapshots/1/fs/a', 1000, 50),
        entry('runc-fuse-overlayfs/snapshots/snapshots/1/fs/b', 100033, 50),
      ),
      rest: { target: { groups: [...groups] } },
    });
  const stepsOf = async (groups: readonly number[]): Promise<readonly Step[]> =>
    (await report(host(groups))).fixes.flatMap(({ risk, steps }) => (risk === 'safe' ? steps : []));
  expect(await stepsOf([1000])).toMatchObject([
    { do: 'mode', as: 'root', from: 0o2775, to: 0o775 },
    { do: 'adopt', only: [0, 50] },
  ]);
  expect(await stepsOf([1000, 50])).toMatchObject([{ do: 'mode', as: 'target' }, { do: 'adopt' }]);
});

test('without namespaces the files tell which ids are subordinate', async () => {
  const host = hostWith({
    files: {
      [CACHE]: dir(100005, 100005, 0o700),
      '/etc/subuid': 'bob:100000:65536\nalice:200000:65536\n',
      '/etc/subgid': 'alice:200000:65536\n',
    },
  });
  expect((await report(host, { probe: false })).status).toBe('fail');
  const own = hostWith({ files: { [CACHE]: dir(100005, 100005, 0o700) } });
  expect((await report(own, { probe: false })).status).toBe('pass');
});

test('root looks through the cache ahead of the trial, and again where the trial has other ids than the files', async () => {
  const looks: Allowed[] = [];
  class Watched extends VirtualHost {
    override async survey(tree: string, allowed: Allowed, as: As): Promise<Survey> {
      looks.push(allowed);
      return super.survey(tree, allowed, as);
    }
  }
  const under = async (subuid: string): Promise<number[]> => {
    looks.length = 0;
    const options = hostWith({
      answer: { survey: null },
      files: { [CACHE]: dir(1000, 1000, 0o700), '/etc/subuid': subuid, '/proc/self/status': 'Name:\tnode\n' },
    });
    const look = createLook({ host: new Watched({ ...options, self: { uid: 0, gid: 0 } }), request: ASK });
    await examine(look, [{ check: storageOwnership }], { isSelected: () => true });
    return looks.map(({ uids }) => uids.at(-1)?.start ?? 0);
  };
  expect(await under('alice:100000:65536\n')).toEqual([100_000]);
  expect(await under('alice:300000:65536\n')).toEqual([300_000, 100_000]);
});
