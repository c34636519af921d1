import { runtimeCgroups } from '../../../src/checks/runtime/cgroups.ts';
import { mountCgroups } from '../../../src/fixes/runtime/cgroups.ts';
import { testCheck } from '../../check-tester.ts';
import { hostWith, program, type Told } from './alice.ts';

const ROOT = '27 1 8:2 / / rw - ext4 /dev/sda2 rw';
const TMPFS = '29 27 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw';
const one = (name: string, id: number, flags = 'rw'): string =>
  `${id} 29 0:${id} / /sys/fs/cgroup/${name} ${flags} - cgroup cgroup rw,${name}`;
const UNIFIED = '60 29 0:60 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw';
const SYSTEMD = '61 29 0:61 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd';

/** A host of cgroup v1, where /sys/fs/cgroup is a tmpfs. */
function legacy(lines: readonly string[], told: Told = {}) {
  const host = hostWith({
    ...told,
    files: { ...told.files, '/proc/self/mountinfo': `${[ROOT, TMPFS, ...lines].join('\n')}\n` },
  });
  return { ...host, statfs: { '/sys/fs/cgroup': { type: 0x01021994 } } };
}
const rootful = { rest: { mode: 'rootful' } } as const;
const withCrun: Told = { files: { '/usr/bin/crun': program() }, config: '[worker.oci]\nbinary = "crun"\n' };

testCheck(
  { check: runtimeCgroups, fix: mountCgroups },
  {
    healthy: {
      'cgroup v2': { host: hostWith() },
      'cgroup v2 without delegation: rootless builds have no limits anyway': {
        host: hostWith({
          files: { '/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/cgroup.controllers': 'memory pids\n' },
        }),
      },
      'cgroup v2, read-only, rootless': {
        host: hostWith({
          files: { '/proc/self/mountinfo': `${ROOT}\n29 27 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n` },
        }),
      },
      'cgroup v1, rootless': { host: legacy([one('devices', 40), one('memory', 41), SYSTEMD, UNIFIED]) },
      'cgroup v1 with the devices hierarchy alone, as root': { host: legacy([one('devices', 40)], rootful) },
      'cgroup v1, with a read-only systemd hierarchy, as root': {
        host: legacy([one('devices', 40), SYSTEMD.replace(' rw - ', ' ro - ')], rootful),
      },
      'a group of RUN steps with roomy limits, as root': {
        host: legacy([one('devices', 40), one('memory', 41), one('pids', 42)], {
          ...rootful,
          files: {
            '/sys/fs/cgroup/devices/buildkit/devices.list': 'a *:* rwm\n',
            '/sys/fs/cgroup/memory/buildkit/memory.limit_in_bytes': '4194304\n',
            '/sys/fs/cgroup/pids/buildkit/pids.max': 'max\n',
          },
        }),
      },
      'a group of that name, rootless': {
        host: hostWith({ files: { '/sys/fs/cgroup/buildkit/pids.max': '0\n' } }),
      },
      'cgroup v2 with room for one group, where one is there': {
        host: hostWith({
          ...rootful,
          files: {
            '/sys/fs/cgroup/cgroup.max.descendants': '3\n',
            '/sys/fs/cgroup/cgroup.stat': 'nr_descendants 2\n',
            '/sys/fs/cgroup/cgroup.max.depth': 'max\n',
            '/sys/fs/cgroup/buildkit/memory.max': 'max\n',
          },
        }),
      },
      'crun on pure cgroup v1': { host: legacy([one('memory', 41)], withCrun) },
      'runc on a mix that only crun refuses': {
        host: legacy([one('devices', 40), UNIFIED], {
          files: { '/sys/fs/cgroup/unified/cgroup.controllers': 'hugetlb\n' },
        }),
      },
    },
    ailing: {
      'the group of RUN steps has no devices': {
        host: legacy([one('devices', 40)], {
          ...rootful,
          files: { '/sys/fs/cgroup/devices/buildkit/devices.list': 'c 5:1 rwm\n' },
        }),
        conditions: ['cgroup.limited'],
        severity: 'error',
        says: ['/sys/fs/cgroup/devices/buildkit/devices.list forbids /dev/null (it holds "c 5:1 rwm")'],
        advice: ['rmdir /sys/fs/cgroup/devices/buildkit'],
      },
      'too little memory and too few processes for all RUN steps': {
        host: legacy([one('devices', 40), one('memory', 41), one('pids', 42), one('freezer', 43)], {
          ...rootful,
          files: {
            '/sys/fs/cgroup/memory/buildkit/memory.limit_in_bytes': '1048576\n',
            '/sys/fs/cgroup/pids/buildkit/pids.max': '4\n',
            '/sys/fs/cgroup/freezer/buildkit/freezer.state': 'FROZEN\n',
          },
        }),
        conditions: ['limits.out-of-memory', 'limits.pids', 'cgroup.limited'],
        severity: 'error',
        says: ['1048576 bytes of memory', '4 processes and threads', 'is frozen'],
        advice: ['memory.limit_in_bytes', 'pids.max', 'freezer.state'],
      },
      'no group may be made below': {
        host: hostWith({
          ...rootful,
          files: {
            '/sys/fs/cgroup/cgroup.max.descendants': '3\n',
            '/sys/fs/cgroup/cgroup.stat': 'nr_descendants 2\nnr_dying_descendants 0\n',
            '/sys/fs/cgroup/cgroup.max.depth': '1\n',
          },
        }),
        conditions: ['cgroup.limited', 'cgroup.limited'],
        severity: 'error',
        says: ['/sys/fs/cgroup/cgroup.max.descendants is 3: the group of a RUN step cannot be made'],
        advice: ['cgroup.max.descendants', 'cgroup.max.depth'],
      },
      'nothing is mounted': {
        host: { ...hostWith({ files: { '/proc/self/mountinfo': `${ROOT}\n` } }), statfs: {} },
        conditions: ['cgroup.not-mounted'],
        severity: 'error',
        advice: ['mount -t cgroup2 none /sys/fs/cgroup'],
      },
      'an empty tmpfs': {
        host: legacy([]),
        conditions: ['cgroup.not-mounted'],
        severity: 'error',
        advice: ['mount -t cgroup2 none /sys/fs/cgroup'],
      },
      'only the hierarchies of systemd': {
        host: legacy([SYSTEMD, UNIFIED]),
        conditions: ['cgroup.not-mounted'],
        severity: 'error',
        advice: ['mount -t cgroup2 none /sys/fs/cgroup'],
      },
      'cgroup v1 without devices': {
        host: legacy([one('memory', 41), one('pids', 42)]),
        conditions: ['cgroup.not-mounted'],
        severity: 'error',
        advice: ['mount -t cgroup2 none /sys/fs/cgroup'],
        says: ['no devices controller mounted (only memory, pids)'],
      },
      'cgroup v2 is read-only for root': {
        host: hostWith({
          files: { '/proc/self/mountinfo': `${ROOT}\n29 27 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n` },
          ...rootful,
        }),
        conditions: ['cgroup.read-only'],
        severity: 'error',
        advice: ['mount -o remount,rw /sys/fs/cgroup'],
      },
      'a hierarchy of cgroup v1 is read-only for root': {
        host: legacy([one('devices', 40), one('memory', 41, 'ro')], rootful),
        conditions: ['cgroup.read-only'],
        severity: 'error',
        advice: ['mount -o remount,rw /sys/fs/cgroup/memory'],
        says: ['/sys/fs/cgroup/memory is mounted read-only'],
      },
      'crun on a mix': {
        host: legacy([one('devices', 40), UNIFIED], {
          ...withCrun,
          files: { ...withCrun.files, '/sys/fs/cgroup/unified/cgroup.controllers': 'hugetlb\n' },
        }),
        conditions: ['cgroup.v1-only'],
        severity: 'error',
        advice: ['systemd.unified_cgroup_hierarchy=1'],
        says: ['hugetlb'],
      },
    },
    other: {
      'the mounts cannot be seen': { host: hostWith({ files: { '/proc/self/mountinfo': null } }), status: 'unknown' },
    },
  },
);
