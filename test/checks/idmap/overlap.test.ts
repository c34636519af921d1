import { expect, test } from 'vitest';
import { idmapOverlap } from '../../../src/checks/idmap/overlap.ts';
import { examine } from '../../../src/examine/examine.ts';
import { createLook } from '../../../src/examine/look.ts';
import { partRanges } from '../../../src/fixes/idmap/overlap.ts';
import { testCheck } from '../../check-tester.ts';
import { expectLinearGrowth } from '../../growth.ts';
import { ASK, VirtualHost } from '../../virtual-host.ts';
import { hostWith } from '../userns/host.ts';

const entry = { check: idmapOverlap, fix: partRanges };
const host = (uid: string, gid = '', files = {}) =>
  hostWith({ files: { '/etc/subuid': uid, '/etc/subgid': gid, ...files } });

testCheck(entry, {
  healthy: {
    'ranges side by side': {
      host: host('alice:100000:65536\nbob:165536:65536\n', 'alice:100000:65536\nbob:165536:65536\n'),
    },
    'the same ids as users and as groups': { host: host('alice:100000:65536\n', 'bob:100000:65536\n') },
    "one user's own ranges, by name and by number": { host: host('alice:100000:65536\n1000:130000:65536\n') },
    'root and lxd share theirs on purpose': {
      host: host('root:1000000:1000000000\nlxd:1000000:1000000000\nalice:100000:65536\n'),
    },
    'no files': { host: hostWith({ files: { '/etc/subuid': null, '/etc/subgid': null } }) },
    'lines without ids, and comments': { host: host('bob:100000:0\n#carol:100000:65536\nalice:100000:65536\n') },
  },
  ailing: {
    'usermod gave bob what alice had': {
      host: host('alice:100000:65536\nbob:100000:65536\n'),
      conditions: ['idmap.subid-overlap'],
      severity: 'warning',
      advice: ['usermod --del-subuids 100000-165535 --add-subuids 165536-231071 bob'],
      says: ['/etc/subuid:2: bob shares the ids 100000-165535 with alice (line 1)'],
    },
    'a part of it, for groups': {
      host: host('', 'bob:165000:65536\nalice:100000:65536\n'),
      conditions: ['idmap.subid-overlap'],
      severity: 'warning',
      advice: ['usermod --del-subgids 100000-165535 --add-subgids 230536-296071 alice'],
      says: ['/etc/subgid:2: alice shares the ids 165000-165535 with bob (line 1)'],
    },
    'a short range within a long one, beside others': {
      host: host('big:100000:1000000\ncarol:2000000:10\nalice:300000:65536\nbig:1200000:5\nbob:400000:65536\n'),
      conditions: ['idmap.subid-overlap', 'idmap.subid-overlap'],
      severity: 'warning',
      advice: [
        'usermod --del-subuids 300000-365535 --add-subuids 1100000-1165535 alice',
        'usermod --del-subuids 400000-465535 --add-subuids 1100000-1165535 bob',
      ],
      says: [
        '/etc/subuid:3: alice shares the ids',
        '/etc/subuid:5: bob shares the ids 400000-465535 with big (line 1)',
      ],
    },
    'an account inside': {
      host: host('carol:65000:65536\n'),
      conditions: ['idmap.subid-overlap'],
      severity: 'warning',
      advice: ['usermod --del-subuids 65000-130535 --add-subuids 130536-196071 carol'],
      says: ["/etc/subuid:1: carol's range 65000-130535 contains the accounts nobody (65534)"],
    },
    'a group inside': {
      host: host('', 'bob:900:200\n'),
      conditions: ['idmap.subid-overlap'],
      severity: 'warning',
      advice: ['usermod --del-subgids 900-1099 --add-subgids 100000-165535 bob'],
      says: ['the groups alice (1000), bob (1001)'],
    },
  },
  other: {
    'a file that may not be read': {
      host: host('', '', { '/etc/subuid': { text: '', unreadable: true } }),
      status: 'unknown',
      says: '/etc/subuid',
    },
  },
});

async function plan(uid: string) {
  const look = createLook({ host: new VirtualHost(host(uid)), request: ASK });
  const [report] = await examine(look, [entry], { isSelected: () => true });
  if (report === undefined) throw new Error('no report');
  return report;
}

test('a person decides who gives way, and is told a range that is free', async () => {
  const { fixes } = await plan('alice:100000:65536\nbob:100000:65536\ncarol:165536:65536\n');
  expect(fixes.map(({ risk }) => risk)).toEqual(['manual']);
  expect(JSON.stringify(fixes)).toContain('usermod --del-subuids 100000-165535 --add-subuids 231072-296607 bob');
});

test('a host full of overlaps is told of the first, and how many more there are', async () => {
  const { problems } = await plan(Array.from({ length: 50 }, (_, index) => `user${index}:100000:65536\n`).join(''));
  expect(problems).toHaveLength(20);
  expect(problems.at(-1)?.message).toContain('29 more');
});

test('the work grows with the lines, not with their pairs', { timeout: 60_000 }, async () => {
  const lines = (count: number): string =>
    Array.from({ length: count }, (_, index) => `user${index}:${100000 + index * 4000}:4001\n`).join('');
  await expectLinearGrowth(100_000, lines, plan);
  expect((await plan(lines(100_000))).problems).toHaveLength(20);
});
