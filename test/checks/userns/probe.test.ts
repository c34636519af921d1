import { usernsProbe } from '../../../src/checks/userns/probe.ts';
import { showProbe } from '../../../src/fixes/userns/probe.ts';
import type { NamespaceAnswer } from '../../../src/model/look.ts';
import { testCheck } from '../../check-tester.ts';
import { CLONE, dockerMounts, hostWith, launched, refused, statusWith } from './host.ts';

const MAP = (words: string, tool = 'newuidmap', args = '0 1000 1 1 100000 65536'): NamespaceAnswer =>
  refused('map', null, `failed to setup UID/GID map: ${tool} 4242 [${args}] failed: ${words}: exit status 1`);
const COMPUTE = (words: string): NamespaceAnswer =>
  refused('map', null, `failed to setup UID/GID map: failed to compute uid/gid map: ${words}`);
const ROOTFUL = { mode: 'rootful' as const, env: { PATH: '/usr/bin', HOME: '/root', USER: 'root' } };
const small = (count: number): NamespaceAnswer =>
  launched({
    uidMap: [
      [0, 1000, 1],
      [1, 100000, count],
    ],
    gidMap: [
      [0, 1000, 1],
      [1, 100000, 65536],
    ],
  });
const failed = (message: string) => ({ ok: false, errno: null, message }) as const;
const refusedProc = { ok: false, errno: 'EPERM', message: 'mount: /proc: permission denied.' } as const;

testCheck(
  { check: usernsProbe, fix: showProbe },
  {
    healthy: {
      'everything worked': { host: hostWith() },
      'just enough ids': { host: hostWith({ answer: small(65534) }) },
      'ids in several ranges, in any order': {
        host: hostWith({
          answer: launched({
            uidMap: [
              [32769, 300000, 32768],
              [0, 1000, 1],
              [1, 100000, 32768],
            ],
          }),
        }),
      },
      'root of a namespace with every id': {
        host: hostWith({
          answer: launched({ uidMap: [[0, 0, 4294967295]], gidMap: [[0, 0, 4294967295]] }),
          rest: ROOTFUL,
        }),
      },
      'no /proc of its own, but masks explain it elsewhere': {
        host: hostWith({ answer: launched({ proc: refusedProc }), files: { '/proc/self/mountinfo': dockerMounts() } }),
      },
      'no /proc of its own, and none is wanted': {
        host: hostWith({
          answer: launched({ proc: refusedProc }),
          files: { '/home/alice/.config/buildkit/buildkitd.toml': '[worker.oci]\nnoProcessSandbox = true\n' },
        }),
      },
    },
    ailing: {
      'a /proc that is mounted read-only': {
        host: hostWith({ answer: MAP('newuidmap: open of uid_map failed: Read-only file system\n') }),
        conditions: ['proc.read-only'],
        severity: 'error',
        advice: ['mount -o remount,bind,rw /proc'],
      },
      'a sandbox of Landlock': {
        host: hostWith({
          answer: refused('setup', 'EPERM', 'failed to share mount point: /: operation not permitted'),
        }),
        conditions: ['lsm.landlock-denied'],
        severity: 'error',
        advice: ['outside of the sandbox'],
      },
      'the same words, and a seccomp filter': {
        host: hostWith({
          answer: refused('setup', 'EPERM', 'failed to share mount point: /: operation not permitted'),
          files: { '/proc/self/status': statusWith({ Seccomp: '2' }) },
        }),
        conditions: ['seccomp.blocked'],
        severity: 'error',
        advice: ['seccomp=unconfined'],
      },
      'a profile that denies the mount': {
        host: hostWith({ answer: refused('setup', 'EACCES', 'failed to share mount point: /: permission denied') }),
        conditions: ['apparmor.mount-denied'],
        severity: 'error',
        advice: ['journalctl -k --grep apparmor'],
      },
      'nothing is started without /dev/null': {
        host: hostWith({ answer: refused('spawn', 'EACCES', '/dev/null: EACCES') }),
        conditions: ['runtime.device-unusable'],
        severity: 'error',
        advice: ['rootlesskit true'],
      },
      'what the runtime gives to a step is not there': {
        host: hostWith({
          answer: launched({
            step: failed(
              'runc run failed: unable to start container process: error during container init: error creating device nodes: mount /dev/full:/x/rootfs/dev/full, flags: 0x1000: no such file or directory',
            ),
          }),
        }),
        conditions: ['runtime.device-unusable'],
        severity: 'error',
        advice: ['rootlesskit unshare'],
      },
      'a runtime without seccomp': {
        host: hostWith({
          answer: launched({
            step: failed(
              'runc run failed: unable to start container process: unable to init seccomp: config provided but seccomp not supported',
            ),
          }),
        }),
        conditions: ['runtime.runc-too-old'],
        severity: 'error',
        advice: ['built without seccomp'],
      },
      'a umask that keeps the owner out': {
        host: hostWith({
          answer: refused(
            'setup',
            'EACCES',
            'failed to lock /tmp/rootlesskit1/lock: open /tmp/rootlesskit1/lock: permission denied',
          ),
        }),
        conditions: ['env.umask'],
        severity: 'error',
        advice: ['umask 022'],
      },
      'an option of the unit that fails': {
        host: hostWith({
          answer: refused('setup', 'ENOENT', 'failed to create bind mount on /nowhere: no such file or directory'),
          files: {
            '/home/alice/.config/systemd/user/buildkit.service':
              '[Service]\nExecStart=/usr/bin/rootlesskit --copy-up=/nowhere --state-dir=/run/x buildkitd\n',
          },
        }),
        conditions: ['userns.blocked-unspecified'],
        severity: 'error',
        advice: ['As the user: "rootlesskit --copy-up=/nowhere true" shows it'],
      },
      'a filter lets nobody start a program': {
        host: hostWith({
          answer: refused('spawn', null, '/usr/bin/rootlesskit: EPERM'),
          files: { '/proc/self/status': statusWith({ Seccomp: '2' }) },
        }),
        conditions: ['seccomp.blocked'],
        severity: 'error',
        advice: ['seccomp=unconfined'],
        says: ['could not be started'],
      },
      'the kernel refuses, nobody says why': {
        host: hostWith({ answer: refused('clone', 'EPERM', CLONE('operation not permitted')) }),
        conditions: ['userns.blocked-unspecified'],
        severity: 'error',
        advice: ['dmesg or journalctl -k'],
        says: ['operation not permitted'],
      },
      'a limit': {
        host: hostWith({ answer: refused('clone', 'ENOSPC', CLONE('no space left on device')) }),
        conditions: ['userns.max-user-namespaces-zero'],
        severity: 'error',
        advice: ['dmesg or journalctl -k'],
      },
      'no newuidmap': {
        host: hostWith({ answer: MAP(': exec: "newuidmap": executable file not found in $PATH') }),
        conditions: ['idmap.newuidmap-missing'],
        severity: 'error',
        advice: ['Install the package that has them:\nsudo apt-get install uidmap'],
      },
      'a temporary directory that is not there': {
        host: hostWith({
          answer: refused(
            'setup',
            'ENOENT',
            'creating a state directory: stat /home/alice/.local/tmp: no such file or directory',
          ),
        }),
        conditions: ['env.tmpdir'],
        severity: 'error',
        advice: ['rootlesskit true'],
      },
      'a temporary directory of somebody else': {
        host: hostWith({
          answer: refused('setup', 'EACCES', 'mkdir /home/user/.local/tmp/rootlesskit123: permission denied'),
        }),
        conditions: ['env.tmpdir'],
        severity: 'error',
        advice: ['rootlesskit true'],
      },
      'a step that fails where no /proc is wanted': {
        host: hostWith({
          files: {
            '/proc/self/mountinfo': dockerMounts(),
            '/proc/self/status': statusWith({ Seccomp: '2' }),
            '/home/alice/.config/buildkit/buildkitd.toml': '[worker.oci]\nnoProcessSandbox = true\n',
          },
          rest: { env: { PATH: '/usr/bin', HOME: '/home/alice', USER: 'alice' } },
          answer: launched({
            proc: { ok: false, errno: 'EPERM', message: 'permission denied' },
            step: {
              ok: false,
              errno: 'EPERM',
              message: `${'time="1" level=warning msg="no private pid namespace: signal to all processes" '.repeat(9)}time="2" level=error msg="runc run failed: sethostname: operation not permitted"`,
            },
          }),
        }),
        conditions: ['seccomp.blocked'],
        severity: 'error',
        advice: ['seccomp=unconfined'],
        says: ['step, and a seccomp filter is active here: runc run failed: sethostname'],
      },
      'a child of runc that says what it died of': {
        host: hostWith({
          files: { '/proc/self/status': statusWith({ Seccomp: '2' }) },
          answer: launched({
            step: {
              ok: false,
              errno: 'EPERM',
              message:
                'level=fatal msg="nsexec-2[1]: setsid failed: Operation not permitted" level=fatal msg="nsexec-1[2]: failed to sync with child" level=error msg="runc run failed: error waiting for our first child to exit: exit status 1"',
            },
          }),
        }),
        conditions: ['seccomp.blocked'],
        severity: 'error',
        advice: ['seccomp=unconfined'],
        says: ['setsid failed'],
      },
      'newuidmap without privilege': {
        host: hostWith({ answer: MAP('newuidmap: write to uid_map failed: Operation not permitted\n') }),
        conditions: ['idmap.newuidmap-not-setuid'],
        severity: 'error',
        advice: ['getsubids USER'],
      },
      'the same words under no_new_privs': {
        host: hostWith({
          answer: MAP('newuidmap: write to uid_map failed: Operation not permitted\n'),
          files: { '/proc/self/status': statusWith({ NoNewPrivs: '1' }) },
        }),
        conditions: ['idmap.no-new-privs'],
        severity: 'error',
        advice: ['getsubids USER'],
      },
      'the same words for ids that do not exist here': {
        host: hostWith({
          answer: MAP('newuidmap: write to uid_map failed: Operation not permitted\n'),
          files: { '/proc/self/uid_map': '0 100000 65536\n' },
        }),
        conditions: ['idmap.nested-userns'],
        severity: 'error',
        advice: ['getsubids USER'],
      },
      'a map that the kernel does not take': {
        host: hostWith({ answer: MAP('newgidmap: write to gid_map failed: Invalid argument\n', 'newgidmap') }),
        conditions: ['idmap.subid-overlap'],
        severity: 'error',
        advice: ['getsubids USER'],
      },
      'a range that was not given': {
        host: hostWith({ answer: MAP('newuidmap: uid range [1-65537) -> [100000-165536) not allowed\n') }),
        conditions: ['idmap.subid-invalid'],
        severity: 'error',
        advice: ['getsubids USER'],
      },
      'ids beyond 32 bits': {
        host: hostWith({ answer: MAP('newuidmap: subuid overflow detected.\n') }),
        conditions: ['idmap.subid-invalid'],
        severity: 'error',
        advice: ['getsubids USER'],
      },
      'no range': {
        host: hostWith({ answer: COMPUTE('No subuid ranges found for user 1000 ("alice")') }),
        conditions: ['idmap.subid-missing'],
        severity: 'error',
        advice: ['getsubids USER'],
      },
      'no file': {
        host: hostWith({ answer: COMPUTE('open /etc/subgid: no such file or directory') }),
        conditions: ['idmap.subid-missing'],
        severity: 'error',
        advice: ['getsubids USER'],
      },
      'a file that is not to be read': {
        host: hostWith({ answer: COMPUTE('open /etc/subuid: permission denied') }),
        conditions: ['idmap.subid-invalid'],
        severity: 'error',
        advice: ['getsubids USER'],
      },
      'a malformed line': {
        host: hostWith({
          answer: COMPUTE('Cannot parse subuid/gid information: Format not correct for /etc/subuid file'),
        }),
        conditions: ['idmap.subid-invalid'],
        severity: 'error',
        advice: ['getsubids USER'],
      },
      'a user without an account': {
        host: hostWith({ answer: COMPUTE('user: unknown userid 1000') }),
        conditions: ['idmap.user-lookup-failed'],
        severity: 'error',
        advice: ['getsubids USER'],
      },
      'no thread more': {
        host: hostWith({
          answer: refused('setup', null, 'runtime: failed to create new OS thread (have 2 already; errno=11)'),
        }),
        conditions: ['limits.pids'],
        severity: 'error',
        advice: ['ulimit -u'],
      },
      'its network': {
        host: hostWith({
          answer: refused('network', 'EPERM', 'failed to setup network: setting up tap tap0: exit status 1'),
          files: {
            '/home/alice/.config/systemd/user/buildkit.service':
              '[Service]\nExecStart=/usr/bin/rootlesskit --net=slirp4netns --copy-up=/etc buildkitd\n',
          },
        }),
        conditions: ['net.slirp4netns-failed'],
        severity: 'error',
        advice: ['As the user: "rootlesskit --net=slirp4netns --copy-up=/etc true" shows it'],
      },
      'too few ids inside': {
        host: hostWith({ answer: small(65533) }),
        conditions: ['idmap.subid-too-few'],
        severity: 'error',
        advice: ['Give the user 65536 subordinate ids in /etc/subuid'],
        says: ['user ids 0 to 65533'],
      },
      'a hole in the ids': {
        host: hostWith({
          answer: launched({
            gidMap: [
              [0, 1000, 1],
              [2, 100000, 70000],
            ],
          }),
        }),
        conditions: ['idmap.subid-too-few'],
        severity: 'error',
        advice: ['Give the user 65536 subordinate ids in /etc/subuid'],
        says: ['group ids 0 to 0'],
      },
      'no namespaces for a step': {
        host: hostWith({
          answer: launched({
            isolate: { ok: false, errno: 'ENOSPC', message: 'unshare failed: No space left on device' },
          }),
        }),
        conditions: ['userns.max-other-zero'],
        severity: 'error',
        advice: ['Look at user.max_*_namespaces:\ngrep .'],
      },
      'no process namespace for a step': {
        host: hostWith({
          answer: launched({
            proc: { ok: false, errno: 'ENOSPC', message: 'unshare failed: No space left on device' },
          }),
        }),
        conditions: ['userns.max-other-zero'],
        severity: 'error',
        advice: ['Look at user.max_*_namespaces:\ngrep .'],
      },
      'no /proc for a step, and no mask in sight': {
        host: hostWith({ answer: launched({ proc: refusedProc }) }),
        conditions: ['proc.masked'],
        severity: 'error',
        advice: ['To see it:\nrootlesskit unshare --fork --pid --mount --ipc'],
      },
      'a runtime that fails at a step': {
        host: hostWith({ answer: launched({ step: { ok: false, errno: null, message: 'level=error msg="boom"' } }) }),
        conditions: ['runtime.runc-too-old'],
        severity: 'error',
        advice: ['"bk-doctor verify" runs a whole build and shows'],
        says: ['could not make a RUN step: boom'],
      },
      'root without the right to mount': {
        host: hostWith({
          answer: refused('clone', 'EPERM', 'unshare: unshare failed: Operation not permitted'),
          rest: ROOTFUL,
        }),
        conditions: ['container.not-privileged'],
        severity: 'error',
        advice: ['Run buildkitd with all capabilities of root, or rootless'],
      },
      'a runtime that dies for want of threads, and not of age': {
        host: hostWith({
          answer: launched({
            step: {
              ok: false,
              errno: null,
              message:
                'runtime: failed to create new OS thread (have 5 already; errno=11)\nfatal error: newosproc\n\ngoroutine 1 [running]:\n\t/src/runtime/asm_amd64.s:1695',
            },
          }),
        }),
        conditions: ['limits.pids'],
        severity: 'error',
        says: ['could not make a RUN step: runtime: failed to create new OS thread'],
        advice: ['ulimit -a'],
      },
      'a runtime that a filter ends': {
        host: hostWith({
          files: { '/proc/self/status': statusWith({ Seccomp: '2' }) },
          answer: launched({ step: { ok: false, errno: null, message: 'ended by signal 31' } }),
        }),
        conditions: ['seccomp.blocked'],
        severity: 'error',
        says: ['ended by signal 31'],
        advice: ['seccomp=unconfined'],
      },
      'a filter that refuses to listen': {
        host: hostWith({
          files: { '/proc/self/status': statusWith({ Seccomp: '2' }) },
          answer: launched({
            sockets: { ok: false, errno: 'EPERM', message: 'bind and listen on a Unix socket: EPERM' },
          }),
        }),
        conditions: ['seccomp.blocked'],
        severity: 'error',
        says: ['refuses what buildkitd does with its sockets: bind and listen on a Unix socket: EPERM'],
        advice: ['seccomp=unconfined'],
      },
      'a filter that refuses what is done with files': {
        host: hostWith({
          files: { '/proc/self/status': statusWith({ Seccomp: '2' }) },
          answer: launched({
            files: {
              ok: false,
              errno: 'EPERM',
              message: "chmod: changing permissions of 'made': Operation not permitted",
            },
          }),
        }),
        conditions: ['seccomp.blocked'],
        severity: 'error',
        says: ['refuses what buildkitd does with its own files: chmod'],
        advice: ['seccomp=unconfined'],
      },
    },
    other: {
      'not asked for': { host: hostWith(), request: { probe: false }, status: 'skip', says: '--no-probe' },
      'no answer in time': {
        host: hostWith({ answer: refused('timeout', 'ETIMEDOUT', 'no answer within 20 seconds') }),
        status: 'unknown',
        says: 'rootlesskit did not make the namespaces in time: no answer within 20 seconds',
      },
      'without rootlesskit': {
        host: hostWith({ files: { '/usr/bin/rootlesskit': null } }),
        status: 'unknown',
        says: 'rootlesskit is missing',
      },
    },
  },
);
