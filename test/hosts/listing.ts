import { parseMountInfo } from '../../src/text/mountinfo.ts';
import type { VirtualFile, VirtualHostOptions } from '../virtual-host.ts';
import { OS_RELEASES } from './os-releases.ts';
import { APPARMOR_SYSCTLS, MAGIC, SNIPPETS } from './snippets.ts';

/**
 * A machine written down one thing a line; a later line replaces an earlier one for the same thing.
 *
 *   /etc/subuid -> alice:100000:65536          text; ⏎ ends a line, ⇥ is a tab, ␠ a blank
 *   /proc/self/mountinfo -> @MI-DEB + @MI-V1   shared texts (snippets.ts); a later mount on the same point replaces the earlier
 *   /etc/os-release -> @OS debian-12 with 12.9 for 12
 *   /usr/bin/newuidmap -> program 4755         also: program 0755 cap_setuid=ep, directory 0700 1000:1000, socket, device 0666,
 *                                              symlink TARGET, EACCES (the target may not read it),
 *                                              empty, absent
 *   mount -> 27 1 8:1 / / rw - ext4 /dev/sda1 rw       mount POINT -> absent
 *   cmd: getsubids alice -> rc 1 stdout "…" stderr "…"
 *   uname -r -> 6.1.0-29-amd64                 env NAME -> VALUE                user -> alice 1000 /home/alice
 */
export interface Listing {
  readonly facts: ReadonlyMap<string, string>;
  readonly mounts: ReadonlyMap<string, string>;
}

export function parseListing(text: string, onto?: Listing): Listing {
  const facts = new Map(onto?.facts);
  const mounts = new Map(onto?.mounts);
  for (const line of text.split('\n').map((one) => one.trim())) {
    if (line === '') continue;
    const at = line.indexOf(' -> ');
    if (at < 0) throw new Error(`not a line of a listing: ${line}`);
    const [key, value] = [line.slice(0, at), line.slice(at + 4)];
    const unmounted = /^mount (\/.*)$/.exec(key)?.[1];
    if (unmounted !== undefined) mounts.delete(unmounted);
    else if (key === 'mount') put(mounts, value);
    else if (key === '/proc/self/mountinfo') {
      mounts.clear();
      for (const row of textOf(value).split('\n').filter(Boolean)) put(mounts, row);
    } else if (key === '/proc/sys/kernel/*' && value === '@AA-USERNS-SYSCTLS') {
      for (const [name, setting] of Object.entries(APPARMOR_SYSCTLS)) facts.set(`/proc/sys/kernel/${name}`, setting);
    } else facts.set(key, value);
  }
  return { facts, mounts };
}

function put(mounts: Map<string, string>, row: string): void {
  const [mount] = parseMountInfo(row);
  if (mount === undefined) throw new Error(`not a line of mountinfo: ${row}`);
  mounts.delete(mount.point);
  mounts.set(mount.point, row);
}

/** Shared texts by name, or the text itself. */
function textOf(value: string): string {
  const system = /^@OS (\S+)(?: with (\S+) for (\S+))?$/.exec(value);
  if (system?.[1] !== undefined) {
    const text = OS_RELEASES[system[1]];
    if (text === undefined) throw new Error(`no such os-release: ${value}`);
    return system[2] === undefined || system[3] === undefined ? text : text.replaceAll(system[3], system[2]);
  }
  if (!value.startsWith('@')) return `${value.replaceAll('⏎', '\n').replaceAll('⇥', '\t').replaceAll('␠', ' ')}\n`;
  return value
    .split(' + ')
    .map((name) => {
      const text = SNIPPETS[name.slice(1)];
      if (text === undefined) throw new Error(`no such snippet: ${name}`);
      return text;
    })
    .join('');
}

/** The kernel ends these without a line end. */
const BARE = /^\/(sys\/kernel\/security\/lsm|sys\/fs\/selinux\/enforce|proc\/1\/environ|proc\/self\/attr\/.*)$/;

function fileOf(path: string, value: string, uid: string): string | VirtualFile | null {
  if (value === 'absent') return null;
  if (value === 'empty') return '';
  if (value === 'EACCES') return { unreadable: true };
  const [word = '', ...rest] = value.split(' ');
  if (word === 'symlink') return { link: rest.join(' '), mode: 0o777 };
  const kind = KINDS[word];
  if (kind !== undefined) {
    const file: VirtualFile = { kind: kind.kind, mode: kind.mode };
    for (const part of rest) {
      const owner = /^(\d+):(\d+)$/.exec(part);
      if (owner !== null) Object.assign(file, { uid: Number(owner[1]), gid: Number(owner[2]) });
      else if (/^[0-7]{3,4}$/.test(part)) file.mode = Number.parseInt(part, 8);
      else if (!part.startsWith('cap_')) throw new Error(`${path}: what is "${part}"?`);
    }
    return file;
  }
  const text = textOf(value).replaceAll('$UID', uid);
  return BARE.test(path) ? text.replace(/\n$/, '') : text;
}
const KINDS: { readonly [word: string]: { kind: NonNullable<VirtualFile['kind']>; mode: number } } = {
  program: { kind: 'file', mode: 0o755 },
  directory: { kind: 'directory', mode: 0o755 },
  socket: { kind: 'socket', mode: 0o660 },
  device: { kind: 'character', mode: 0o666 },
};

/** What a listing leaves unsaid: an ordinary account on a machine that has BuildKit's programs. */
const UNSAID = `
  user -> alice 1000 /home/alice
  env PATH -> /usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin
  /usr/bin/buildkitd -> program
  /usr/bin/buildctl -> program
  /usr/bin/rootlesskit -> program
  /usr/bin/runc -> program
  /usr/bin/git -> program
  /usr/bin/ip -> program
  /usr/bin/nsenter -> program
  /usr/bin/unshare -> program
  /usr/bin/newuidmap -> program 4755
  /usr/bin/newgidmap -> program 4755
  /proc/self/uid_map -> @MAP-INIT
  /proc/self/gid_map -> @MAP-INIT
  /proc/self/setgroups -> allow
  /proc/self/ns/user -> symlink user:[4026531837]
  /proc/self/status -> @STATUS-USER
  /proc/self/cgroup -> 0::/user.slice/user-1000.slice/session-3.scope
  /proc/filesystems -> @FS-OVL
  /proc/sys/user/max_user_namespaces -> 63393
  /proc/sys/fs/inotify/max_user_instances -> 128
  /proc/sys/fs/inotify/max_user_watches -> 65536
  /proc/sys/kernel/keys/maxkeys -> 200
  /proc/sys/kernel/keys/maxbytes -> 20000
  /proc/sys/net/ipv4/ip_unprivileged_port_start -> 1024
  /dev -> directory
  /dev/fuse -> device
  /dev/net/tun -> device
  /tmp -> directory 1777
  /run -> directory
  /run/user -> directory
  /run/systemd/system -> directory
  /home -> directory
  /etc/apparmor.d -> absent
`;

const VERSIONS = {
  buildkitd: 'buildkitd github.com/moby/buildkit v0.32.2 991535e0973488b6a429096d21fa13f81f2d89d8',
  buildctl: 'buildctl github.com/moby/buildkit v0.32.2 991535e0973488b6a429096d21fa13f81f2d89d8',
  rootlesskit: 'rootlesskit version 2.3.5',
  runc: 'runc version 1.3.3\ncommit: v1.3.3-0-gd842d771\nspec: 1.2.1\ngo: go1.24.9\nlibseccomp: 2.5.5',
  git: 'git version 2.43.0',
};

/** Namespaces of other kinds have limits of their own, of the same size by default. */
const OTHER_LIMITS = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'uts'];

/** The machine of a listing, without answers of probes. */
export function hostOf(listing: Listing): VirtualHostOptions {
  const said = (key: string): string | undefined => facts.get(key);
  const facts = new Map([...parseListing(UNSAID).facts, ...listing.facts]);
  const [name = 'alice', id = '1000', home = '/home/alice', kind] = (said('user') ?? '').split(' ');
  const uid = Number(id);
  const owned = `${id}:${id}`;
  const presume = (key: string, value: string): void => {
    if (!facts.has(key)) facts.set(key, value);
  };
  presume(home, `directory 0750 ${owned}`);
  presume(`/run/user/${id}`, `directory 0700 ${owned}`);
  presume(
    '/etc/passwd',
    `root:x:0:0:root:/root:/bin/bash${uid === 0 || kind === 'directory-service' ? '' : `⏎${passwd()}`}`,
  );
  presume('/etc/group', `root:x:0:${uid === 0 || kind === 'directory-service' ? '' : `⏎${name}:x:${id}:`}`);
  presume('/etc/subuid', uid === 0 ? 'absent' : `${name}:100000:65536`);
  presume('/etc/subgid', said('/etc/subuid') ?? 'absent');
  presume('env USER', name);
  presume('env HOME', home);
  presume('env XDG_RUNTIME_DIR', uid === 0 ? 'absent' : `/run/user/${id}`);
  if (said('/proc/sys/user/max_user_namespaces') !== 'absent')
    for (const other of OTHER_LIMITS) presume(`/proc/sys/user/max_${other}_namespaces`, '63393');
  const release = said('uname -r');
  if (release !== undefined) {
    presume('/proc/sys/kernel/osrelease', release);
    presume(`/lib/modules/${release}/modules.dep`, '@MODULES-DEP');
    const version = said('/proc/version');
    if (version !== undefined)
      facts.set('/proc/version', version.replace(/^Linux version \S+/, `Linux version ${release}`));
  }
  function passwd(): string {
    return `${name}:x:${id}:${id}::${home}:/bin/bash`;
  }

  const files: { [path: string]: string | VirtualFile | null } = {};
  const env: { [name: string]: string } = {};
  const tools: NonNullable<VirtualHostOptions['tools']> = {};
  for (const [key, value] of facts) {
    const variable = /^env (.+)$/.exec(key)?.[1];
    const command = /^cmd: (.+)$/.exec(key)?.[1];
    if (key.startsWith('/')) files[key] = fileOf(key, value, id);
    else if (variable !== undefined) {
      if (value !== 'absent') env[variable] = value;
    } else if (command !== undefined) tools[command] = ranOf(value);
    else if (!['user', 'uname -r'].includes(key)) throw new Error(`not a line of a listing: ${key}`);
  }
  const rows = [...listing.mounts.values()].map((row) => row.replaceAll('$UID', id));
  if (rows.length > 0) files['/proc/self/mountinfo'] = { text: `${rows.join('\n')}\n` };

  const present = (tool: string): boolean =>
    (env.PATH ?? '').split(':').some((directory) => files[`${directory}/${tool}`] != null);
  for (const [tool, text] of Object.entries(VERSIONS)) {
    if (present(tool)) tools[`${tool} --version`] ??= { stdout: `${text}\n` };
  }
  if (present('getsubids')) {
    for (const owner of [name, id])
      for (const [flag, file] of [
        ['', '/etc/subuid'],
        ['-g ', '/etc/subgid'],
      ] as const)
        tools[`getsubids ${flag}${owner}`] ??= rangesOf(files[file] ?? null, owner, id);
  }
  const capable = new Map(
    [...facts].flatMap(([path, value]) => (/^program .*\bcap_/.test(value) ? [[path, value.split(' ').at(-1)]] : [])),
  );
  tools.getcap ??= (paths) => ({
    stdout: paths.flatMap((path) => (capable.has(path) ? [`${path} ${capable.get(path)}\n`] : [])).join(''),
  });
  if (uid !== 0) tools[`getent passwd ${name}`] ??= { stdout: `${passwd()}\n` };

  return {
    files,
    env,
    tools,
    target: { uid, gid: uid, groups: [uid], name, home, shell: '/bin/bash' },
    statfs: Object.fromEntries(
      parseMountInfo(rows.join('\n')).map(({ point, fstype }) => [
        point,
        MAGIC[fstype] === undefined ? {} : { type: MAGIC[fstype] },
      ]),
    ),
  };
}

function ranOf(value: string): { code: number; stdout: string; stderr: string } {
  const part = (name: string): string =>
    (new RegExp(`${name} "([^"]*)"`).exec(value)?.[1] ?? '').replaceAll('⏎', '\n').replaceAll('⇥', '\t');
  const line = (text: string): string => (text === '' ? '' : `${text}\n`);
  return {
    code: Number(/^rc (\d+)/.exec(value)?.[1] ?? 0),
    stdout: line(part('stdout')),
    stderr: line(part('stderr')),
  };
}

/** getsubids(1) as shadow 4.13 answers: asked for a name it also tells the lines of its id; lines of another shape do not exist. */
function rangesOf(file: string | VirtualFile | null, owner: string, id: string) {
  const text = typeof file === 'string' ? file : (file?.text ?? '');
  const found = text
    .split('\n')
    .map((line) => /^([^:\s]+):(\d+):(\d+)$/.exec(line))
    .filter((match) => match?.[1] === owner || match?.[1] === id);
  return found.length === 0
    ? { code: 1, stdout: '', stderr: 'Error fetching ranges\n' }
    : { stdout: found.map((match, at) => `${at}: ${owner} ${match?.[2]} ${match?.[3]}\n`).join('') };
}
