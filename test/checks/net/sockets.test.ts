import { netSockets } from '../../../src/checks/net/sockets.ts';
import { repairSockets } from '../../../src/fixes/net/sockets.ts';
import { testCheck } from '../../check-tester.ts';
import { directory, hostWith, own, RUNTIME, socket, type Told } from '../runtime/alice.ts';

const listen = (...addresses: readonly string[]): string =>
  `[grpc]\naddress = [${addresses.map((one) => `"${one}"`).join(', ')}]\n`;
const SOCKET = `${RUNTIME}/buildkit/buildkitd.sock`;
const HOME_SOCKET = '/home/alice/b.sock';
const config = listen(`unix://${HOME_SOCKET}`);
const LOCK = '/home/alice/.local/share/buildkit/buildkitd.lock';
/** The target's own buildkitd is running. */
const running = (path: string): Told => ({
  live: [path],
  locked: { held: true, pid: null },
  files: { [LOCK]: { uid: 1000, gid: 1000 } },
});
const long = (bytes: number): string => `/tmp/${'y'.repeat(bytes - 5)}`;
const old = { buildkitd: { stdout: 'buildkitd github.com/moby/buildkit v0.11.6 0123456789\n' } };
const COPY_UP = '/usr/bin/rootlesskit --copy-up=/run /usr/bin/buildkitd';
const at = (address: string): string => `/usr/bin/rootlesskit /usr/bin/buildkitd --addr ${address}`;

testCheck(
  { check: netSockets, fix: repairSockets },
  {
    healthy: {
      'the default socket': { host: hostWith() },
      'its directory exists, with the sticky bit that buildkitd gives it': {
        host: hostWith({ files: { [`${RUNTIME}/buildkit`]: own(0o1700) } }),
      },
      'a stale socket': { host: hostWith({ files: { [SOCKET]: socket(), [`${RUNTIME}/buildkit`]: own(0o1700) } }) },
      'a stale socket of root in a directory of the user': {
        host: hostWith({ config, files: { [HOME_SOCKET]: socket(0o600, 0) } }),
      },
      'a dangling link, which buildkitd removes': {
        host: hostWith({ config, files: { [HOME_SOCKET]: { link: '/nowhere' } } }),
      },
      'the user’s own running buildkitd': {
        host: hostWith({
          ...running(SOCKET),
          files: { ...running(SOCKET).files, [`${RUNTIME}/buildkit`]: own(0o1700), [SOCKET]: socket() },
        }),
      },
      'directories that do not exist yet': { host: hostWith({ config: listen('unix:///home/alice/a/b/s.sock') }) },
      'a path of 104 bytes': { host: hostWith({ config: listen(`unix://${long(104)}`) }) },
      'the trace socket is open to all by design': {
        host: hostWith({
          config: '[otel]\nsocketPath = "/tmp/otel.sock"\n',
          files: { '/tmp/otel.sock': socket(0o666) },
        }),
      },
      'the trace socket of an old buildkitd may fail': {
        host: hostWith({ config: '[otel]\nsocketPath = "/srv/o.sock"\n', files: { '/srv': directory() }, tools: old }),
      },
      'a socket group of root’s daemon': {
        host: hostWith({
          rest: { mode: 'rootful' },
          files: { '/run': directory(), '/etc/buildkit/buildkitd.toml': '[grpc]\ngid = 100\n' },
        }),
      },
      'fd:// from a unit': { host: hostWith({ start: '/usr/bin/rootlesskit /usr/bin/buildkitd --addr fd://' }) },
    },
    ailing: {
      'what the file says wrongly is mended by config/buildkitd': {
        host: hostWith({ config: listen(HOME_SOCKET, 'http://127.0.0.1:80', 'unix://') }),
        conditions: ['config.bad-address', 'config.bad-address', 'config.bad-address'],
        severity: 'error',
        advice: Array(3).fill('config/buildkitd says how grpc.address is mended'),
      },
      'without USER the place is root’s: nothing of root’s is given away': {
        host: hostWith({ env: { USER: undefined }, files: { '/run/buildkit': directory(0o770) } }),
        conditions: ['socket.permission', 'socket.permission'],
        severity: 'error',
        advice: ['Repair USER first', 'Repair USER first'],
      },
      'a file of the user’s names root’s socket: it stays root’s': {
        host: hostWith({
          config: listen('unix:///run/buildkit/buildkitd.sock'),
          files: { '/run/buildkit': directory(0o770) },
          rest: { self: { uid: 0 } },
        }),
        conditions: ['socket.permission'],
        severity: 'error',
        advice: ['Choose a path that the user may write'],
      },
      'below the runtime directory of somebody else': {
        host: hostWith({ config: listen('unix:///run/user/1001/b.sock') }),
        conditions: ['socket.permission'],
        severity: 'error',
        advice: ['Choose a path that the user may write'],
      },
      'no scheme': {
        host: hostWith({ start: at(HOME_SOCKET) }),
        conditions: ['config.bad-address'],
        severity: 'error',
        says: ['does not contain proto'],
        advice: [`unix://${HOME_SOCKET}`],
      },
      'a scheme in capitals': {
        host: hostWith({ start: at(`UNIX://${HOME_SOCKET}`) }),
        conditions: ['config.bad-address'],
        severity: 'error',
        advice: [`unix://${HOME_SOCKET}`],
      },
      'one slash': {
        host: hostWith({ start: at('unix:/home/alice/b.sock') }),
        conditions: ['config.bad-address'],
        severity: 'error',
        advice: [`unix://${HOME_SOCKET}`],
      },
      'a scheme that buildkitd does not have': {
        host: hostWith({ start: at('http://127.0.0.1:80') }),
        conditions: ['config.bad-address'],
        severity: 'error',
        advice: ['Write it as unix:///PATH or tcp://HOST:PORT'],
        says: ['not supported'],
      },
      'two slashes make a relative path': {
        host: hostWith({ config: listen('unix://home/alice/b.sock') }),
        conditions: ['config.bad-address'],
        severity: 'warning',
        advice: ['Write it as unix:///home/alice/b.sock at grpc.address'],
        says: ['three slashes'],
      },
      'no path': {
        host: hostWith({ start: at('unix://') }),
        conditions: ['config.bad-address'],
        severity: 'error',
        advice: ['Write it as unix:///PATH or tcp://HOST:PORT'],
      },
      'an abstract socket': {
        host: hostWith({ config: listen('unix://@buildkit') }),
        conditions: ['config.bad-address'],
        severity: 'error',
        advice: ['Write it as unix:///PATH or tcp://HOST:PORT'],
      },
      'a named pipe': {
        host: hostWith({ config: listen(`npipe://${HOME_SOCKET}`) }),
        conditions: ['config.bad-address'],
        severity: 'warning',
        cure: true,
      },
      'fd:// without systemd': {
        host: hostWith({ config: listen('fd://') }),
        conditions: ['config.bad-address'],
        severity: 'error',
        advice: ['Start buildkitd from a systemd socket unit, or write'],
      },
      'a scheme before the trace socket’s path': {
        host: hostWith({ config: '[otel]\nsocketPath = "unix:///home/alice/o.sock"\n' }),
        conditions: ['config.bad-address'],
        severity: 'error',
        cure: true,
      },
      'an abstract socket in the place of the trace socket’s path': {
        host: hostWith({ config: '[otel]\nsocketPath = "@trace"\n' }),
        conditions: ['config.bad-address'],
        severity: 'error',
        advice: ['Write it as an absolute path'],
        says: ['buildkitd.toml:2: buildkitd refuses the address "@trace"'],
      },
      'a path of 105 bytes': {
        host: hostWith({ config: listen(`unix://${long(105)}`) }),
        conditions: ['socket.path-too-long'],
        severity: 'error',
        advice: ['at most 104 bytes'],
        says: ['105 bytes'],
      },
      'bytes count, not letters': {
        host: hostWith({ config: listen(`unix:///tmp/${'é'.repeat(50)}`) }),
        conditions: ['socket.path-too-long'],
        severity: 'error',
        advice: ['at most 104 bytes'],
        says: ['105 bytes'],
      },
      'its directory belongs to root': {
        host: hostWith({ files: { [`${RUNTIME}/buildkit`]: directory(0o700) } }),
        conditions: ['socket.permission', 'socket.permission'],
        severity: 'error',
        says: ['belongs to root'],
        cure: true,
      },
      'it would have to be made where root alone may': {
        host: hostWith({ config: listen('unix:///srv/b/s.sock'), files: { '/srv': directory() } }),
        conditions: ['socket.permission'],
        severity: 'error',
        advice: ['Choose a path that the user may write, below'],
        says: ['/srv/b does not exist'],
      },
      'a directory above it may not be entered': {
        host: hostWith({
          config: listen('unix:///srv/b/s.sock'),
          files: { '/srv': directory(0o700), '/srv/b': own() },
        }),
        conditions: ['socket.permission'],
        severity: 'error',
        advice: ['Choose a path that the user may write, below'],
        says: ['may not enter'],
      },
      'a file stands in the way of its directory': {
        host: hostWith({ config: listen('unix:///etc/hosts/s.sock') }),
        conditions: ['socket.permission'],
        severity: 'error',
        advice: ['Choose a path that the user may write, below'],
        says: ['not a directory'],
      },
      'a directory stands at its path': {
        host: hostWith({ config, files: { [HOME_SOCKET]: own() } }),
        conditions: ['socket.path-occupied'],
        severity: 'error',
        advice: ['Move /home/alice/b.sock away, or choose another path'],
      },
      'a regular file stands at its path, and will be deleted': {
        host: hostWith({ config, files: { [HOME_SOCKET]: { text: 'precious', uid: 1000, gid: 1000 } } }),
        conditions: ['socket.path-occupied'],
        severity: 'warning',
        advice: ['Move /home/alice/b.sock away, or choose another path'],
        says: ['deletes it'],
      },
      'somebody else’s leftover in a sticky directory': {
        host: hostWith({ config: listen('unix:///tmp/b.sock'), files: { '/tmp/b.sock': socket(0o660, 1001) } }),
        conditions: ['socket.stale'],
        severity: 'error',
        advice: ['rm /tmp/b.sock'],
        says: ['sticky'],
      },
      'no client gets there': {
        host: hostWith({ config: listen('unix:///home/alice/x/b.sock'), files: { '/home/alice/x': own(0o600) } }),
        conditions: ['socket.permission'],
        severity: 'error',
        says: ['no client of alice'],
        cure: true,
      },
      'the socket was opened to everybody': {
        host: hostWith({
          ...running('/tmp/b/s.sock'),
          config: listen('unix:///tmp/b/s.sock'),
          files: { ...running('').files, '/tmp/b': own(), '/tmp/b/s.sock': socket(0o666) },
        }),
        conditions: ['socket.exposed'],
        severity: 'warning',
        says: ['run builds as alice'],
        cure: true,
      },
      'everybody can replace it': {
        host: hostWith({ config: listen('unix:///tmp/b/s.sock'), files: { '/tmp/b': own(0o777) } }),
        conditions: ['socket.exposed'],
        severity: 'warning',
        cure: true,
      },
      'it is in another account’s directory': {
        host: hostWith({ config: listen('unix:///home/bob/s.sock'), files: { '/home/bob': directory(0o777, 1001) } }),
        conditions: ['socket.exposed'],
        severity: 'warning',
        advice: ['Choose a path in a directory that only the user may write'],
        says: ['/home/bob'],
      },
      'the account shares its first group': {
        host: hostWith({
          config: listen('unix:///tmp/b/s.sock'),
          rest: { target: { gid: 100, groups: [100] } },
          files: {
            '/tmp/b': directory(0o755, 1000, 100),
            '/etc/group': 'users:x:100:\n',
            '/etc/passwd': 'alice:x:1000:100::/home/alice:/bin/sh\nbob:x:1001:100::/home/bob:/bin/sh\n',
          },
        }),
        conditions: ['socket.exposed'],
        severity: 'warning',
        advice: ['Choose a path below a directory of mode 0700'],
        says: ['bob can use'],
      },
      'a group number that only means something inside': {
        host: hostWith({ config: `${config}gid = 100\n` }),
        conditions: ['socket.permission'],
        severity: 'warning',
        advice: ['Leave grpc.gid out'],
        says: ['100099 outside', '.config/buildkit/buildkitd.toml:3: '],
      },
      'a group number that is not mapped': {
        host: hostWith({ config: `${config}gid = 70000\n` }),
        conditions: ['socket.permission'],
        severity: 'error',
        advice: ['Leave grpc.gid out'],
      },
      'an owner and a group that shut the user out': {
        host: hostWith({ config: `${config}uid = 7\ngid = 8\n` }),
        conditions: ['socket.permission', 'socket.permission'],
        severity: ['warning', 'error'],
        advice: ['Leave grpc.gid out', 'Leave grpc.uid out'],
        says: ['alice cannot connect'],
      },
      'a group that does not exist': {
        host: hostWith({ env: { BUILDKITD_FLAGS: '--group builders' } }),
        request: { daemonless: true },
        conditions: ['socket.permission'],
        severity: 'error',
        advice: ['Leave grpc.gid out'],
        says: ['builders'],
      },
      'the trace socket is the main one': {
        host: hostWith({ config: `${config}[otel]\nsocketPath = "${HOME_SOCKET}"\n` }),
        conditions: ['config.bad-address'],
        severity: 'error',
        advice: ['Give otel.socketPath a path of its own'],
      },
      'it is made in rootlesskit’s own copy of /run': {
        host: hostWith({ start: COPY_UP, config: `${listen('unix:///run/buildkit/b.sock')}` }),
        conditions: ['socket.permission'],
        severity: 'error',
        advice: ['Choose an address outside of /run, or leave --copy-up=/run out'],
        says: ['--copy-up=/run'],
      },
    },
  },
);
