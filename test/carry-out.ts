import { applyEdit } from '../src/apply/disk/text-edit.ts';
import { editToml } from '../src/buildkit/toml/edit.ts';
import { parseProfiles } from '../src/facts/confinement/apparmor-profiles.ts';
import { sysctlPath } from '../src/facts/machine/sysctl.ts';
import type { Step } from '../src/model/plan.ts';
import type { VirtualFile, VirtualHostOptions } from './virtual-host.ts';

type Files = NonNullable<VirtualHostOptions['files']>;
type Tools = NonNullable<VirtualHostOptions['tools']>;

/** What a package of Debian brings, as far as checks look at it. */
const PACKAGES: { readonly [name: string]: { readonly files: readonly string[]; readonly tools?: Tools } } = {
  uidmap: { files: ['/usr/bin/newuidmap', '/usr/bin/newgidmap'] },
  rootlesskit: { files: ['/usr/bin/rootlesskit'] },
  runc: { files: ['/usr/sbin/runc'], tools: { runc: { stdout: 'runc version 1.3.4\n' } } },
  crun: { files: ['/usr/bin/crun'], tools: { crun: { stdout: 'crun version 1.20\n' } } },
  slirp4netns: { files: ['/usr/bin/slirp4netns'], tools: { slirp4netns: { stdout: 'slirp4netns version 1.2.0\n' } } },
  iproute2: { files: ['/usr/bin/ip'] },
  'util-linux': { files: ['/usr/bin/nsenter'] },
  iptables: { files: ['/usr/sbin/iptables'] },
};

/** Carries planned steps out on a virtual host, each as the real room does on a real one. */
export function carryOut(options: VirtualHostOptions, steps: readonly Step[]): VirtualHostOptions {
  const files: Files = { ...options.files };
  const tools: Tools = { ...options.tools };
  for (const step of steps) if (step.do !== 'tell') act(step, files, tools);
  return { ...options, files, tools };
}

function fileAt(files: Files, path: string): VirtualFile {
  const file = files[path];
  return typeof file === 'string' ? { text: file } : { ...file };
}

function act(step: Exclude<Step, { do: 'tell' }>, files: Files, tools: Tools): void {
  switch (step.do) {
    case 'edit': {
      const text = files[step.path] == null ? null : (fileAt(files, step.path).text ?? '');
      if ((text === null) !== (step.expects === null)) throw new Error(`${step.path}: not what the plan saw`);
      const fresh = text === null ? { mode: step.mode, ...step.owner } : {};
      files[step.path] = { ...fresh, ...fileAt(files, step.path), text: applyEdit(text, step.edit, editToml) };
      return;
    }
    case 'directory':
      files[step.path] = { kind: 'directory', mode: step.mode, ...step.owner };
      return;
    case 'remove':
      files[step.path] = null;
      return;
    case 'owner':
      files[step.path] = { ...existing(files, step.path), ...step.to, unreadable: false };
      return;
    case 'mode':
      files[step.path] = { ...existing(files, step.path), mode: step.to, unreadable: false };
      return;
    case 'adopt':
      for (const [path, file] of Object.entries(files))
        if (path.startsWith(`${step.tree}/`) && file !== null && typeof file === 'object')
          files[path] = { ...file, ...step.to };
      return;
    case 'sysctl':
      files[`/proc/sys/${sysctlPath(step.key)}`] = `${step.to}\n`;
      return;
    case 'run':
      runCommand(step.argv, files, tools);
      return;
  }
}

/** A path that is only known from what lies below it is a directory. */
function existing(files: Files, path: string): VirtualFile {
  return files[path] == null ? { kind: 'directory', mode: 0o755 } : fileAt(files, path);
}

function runCommand([program = '', ...args]: readonly string[], files: Files, tools: Tools): void {
  const name = program.slice(program.lastIndexOf('/') + 1);
  const last = args.at(-1) ?? '';
  if (name === 'setcap') {
    const told = { stdout: args[0] === '-r' ? '' : `${last} ${args[0]}\n` };
    tools[`getcap ${last}`] = told;
    tools[`getcap -n ${last}`] = told;
  } else if (name === 'apparmor_parser') {
    const names = parseProfiles(fileAt(files, last).text ?? '').map((profile) => profile.name);
    if (names.length === 0) throw new Error('no profile to load');
    files['/sys/kernel/security/apparmor/profiles'] = names.map((one) => `${one} (unconfined)\n`).join('');
  } else if (name === 'loginctl') {
    // Of the only account that these hosts have a session for.
    files['/run/user/1000'] = { kind: 'directory', mode: 0o700, uid: 1000, gid: 1000 };
    files[`/var/lib/systemd/linger/${last}`] = '';
  } else if (name === 'apt-get' || name === 'dnf') {
    const brought = PACKAGES[last];
    if (brought === undefined) throw new Error(`what the package ${last} brings is not known here`);
    for (const path of brought.files) files[path] = { mode: last === 'uidmap' ? 0o4755 : 0o755 };
    Object.assign(tools, brought.tools);
  } else if (name === 'restorecon') {
    tools.ls = { stdout: toldBy(tools.matchpathcon).replace(/^(\S+)\t(\S+)$/gm, '$2 $1') };
  } else if (name === 'systemctl') {
    // The files tell.
  } else throw new Error(`nobody planned ${program}`);
}

const toldBy = (tool: Tools[string] | undefined): string =>
  (typeof tool === 'function' ? tool([]).stdout : tool?.stdout) ?? '';
