import { runtimeInstance } from '../../../src/checks/runtime/instance.ts';
import { standBeside } from '../../../src/fixes/runtime/instance.ts';
import { testCheck } from '../../check-tester.ts';
import { hostWith, own, RUNTIME, socket, type Told } from './alice.ts';

const LOCK = '/home/alice/.local/share/buildkit/buildkitd.lock';
const SOCKET = `${RUNTIME}/buildkit/buildkitd.sock`;
const daemon = (pid: number, uid = 1000) => ({
  [`/proc/${pid}/comm`]: 'buildkitd\n',
  [`/proc/${pid}/status`]: `Name:\tbuildkitd\nPPid:\t1\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\n`,
});
const LOCKED: Told['files'] = {
  '/home/alice/.local/share/buildkit': own(0o700),
  [LOCK]: { uid: 1000, gid: 1000 },
  [SOCKET]: socket(),
};
/** /proc/net/tcp with a listener of alice on 127.0.0.1:1234. */
const TCP = '   0: 0100007F:04D2 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 777 1\n';

testCheck(
  { check: runtimeInstance, fix: standBeside },
  {
    healthy: {
      'nobody is there': { host: hostWith() },
      'a lock file that nobody holds': { host: hostWith({ files: LOCKED }) },
      'a stale socket': { host: hostWith({ files: { [SOCKET]: socket() } }) },
      'the target’s own buildkitd': {
        host: hostWith({ files: { ...LOCKED, ...daemon(42) }, locked: { held: true, pid: 42 }, live: [SOCKET] }),
      },
      'the target’s own, beside one in another mount namespace that listens at the same path': {
        host: hostWith({
          files: {
            ...LOCKED,
            ...daemon(42),
            '/proc/self/net/unix': [7, 8]
              .map((inode) => `0: 00000002 00000000 00010000 0001 01 ${inode} ${SOCKET}\n`)
              .join(''),
          },
          locked: { held: true, pid: 42 },
          live: [SOCKET],
          rest: {
            holders: {
              7: { pid: 9, command: 'buildkitd', uid: 1000 },
              8: { pid: 42, command: 'buildkitd', uid: 1000 },
            },
          },
        }),
      },
      'the target’s own, whose process cannot be seen': {
        host: hostWith({ files: LOCKED, locked: { held: true, pid: null }, live: [SOCKET] }),
      },
      'the target’s own, on TCP alone': {
        host: hostWith({
          files: { ...LOCKED, ...daemon(42), '/proc/self/net/tcp': TCP },
          locked: { held: true, pid: 42 },
          config: '[grpc]\naddress = ["tcp://127.0.0.1:1234"]\n',
        }),
      },
    },
    ailing: {
      'another buildkitd of the same account on the same state directory': {
        host: hostWith({ files: { ...LOCKED, ...daemon(42) }, locked: { held: true, pid: 42 } }),
        conditions: ['daemon.state-dir-locked'],
        severity: 'error',
        advice: ['kill 42'],
        says: ['buildkitd (pid 42)', LOCK],
      },
      'the same, on TCP with another port': {
        host: hostWith({
          files: { ...LOCKED, ...daemon(42), '/proc/self/net/tcp': TCP },
          locked: { held: true, pid: 42 },
          config: '[grpc]\naddress = ["tcp://127.0.0.1:1235"]\n',
        }),
        conditions: ['daemon.state-dir-locked'],
        severity: 'error',
        advice: ['kill 42'],
      },
      'another account’s buildkitd': {
        host: hostWith({ files: { ...LOCKED, ...daemon(42, 0) }, locked: { held: true, pid: 42 }, live: [SOCKET] }),
        conditions: ['daemon.state-dir-locked', 'socket.in-use'],
        severity: ['error', 'warning'],
        advice: ['kill 42', 'fuser -v /run/user/1000/buildkit/buildkitd.sock'],
        says: ['uid 0'],
      },
      'another one on the same socket only': {
        host: hostWith({ files: { [SOCKET]: socket() }, live: [SOCKET] }),
        conditions: ['socket.in-use'],
        severity: 'warning',
        advice: ['fuser -v /run/user/1000/buildkit/buildkitd.sock'],
        says: ['take the address over'],
      },
      'the same without a probe, from the kernel’s table': {
        host: hostWith({
          files: {
            [SOCKET]: socket(),
            '/proc/self/net/unix': `0000000000000000: 00000002 00000000 00010000 0001 01 99 ${SOCKET}\n`,
          },
        }),
        request: { probe: false },
        conditions: ['socket.in-use'],
        severity: 'warning',
        advice: ['fuser -v /run/user/1000/buildkit/buildkitd.sock'],
      },
      'the lock of the state directory, without a probe': {
        host: hostWith({
          files: { ...LOCKED, ...daemon(42), '/proc/locks': '1: FLOCK  ADVISORY  WRITE 42 00:01:1 0 EOF\n' },
        }),
        request: { probe: false },
        conditions: ['daemon.state-dir-locked'],
        severity: 'error',
        advice: ['kill 42'],
        says: ['pid 42'],
      },
      'a rootlesskit that holds the --state-dir': {
        host: hostWith({
          start: `/usr/bin/rootlesskit --state-dir=${RUNTIME}/rk /usr/bin/buildkitd`,
          files: { [`${RUNTIME}/rk/lock`]: { uid: 1000, gid: 1000 }, '/proc/9/comm': 'rootlesskit\n' },
          locked: { held: true, pid: 9 },
        }),
        conditions: ['daemon.state-dir-locked'],
        severity: 'error',
        advice: ['kill 9'],
        says: ['rootlesskit (pid 9)'],
      },
    },
  },
);
