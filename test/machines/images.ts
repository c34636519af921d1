import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Images, packages and machines; everything may be removed. */
export const STORE = process.env.BK_MACHINES_STORE ?? join(ROOT, '.machines');

interface Kind {
  readonly suite: 'bullseye' | 'bookworm' | 'trixie';
  readonly packages: readonly string[];
  /** Words for the kernel. */
  readonly append: string;
}

const SELINUX = ['selinux-policy-default', 'selinux-basics', 'policycoreutils', 'auditd', 'selinux-utils'];

export const IMAGES = {
  bullseye: { suite: 'bullseye', packages: [], append: '' },
  bookworm: { suite: 'bookworm', packages: [], append: '' },
  trixie: { suite: 'trixie', packages: [], append: '' },
  selinux: { suite: 'bookworm', packages: SELINUX, append: 'security=selinux selinux=1 enforcing=1' },
  docker: { suite: 'bookworm', packages: ['docker.io', 'iptables'], append: '' },
} as const satisfies { [name: string]: Kind };
export type ImageName = keyof typeof IMAGES;

const SYSTEM =
  'systemd systemd-sysv dbus dbus-user-session libpam-systemd openssh-server linux-image-amd64 initramfs-tools sudo kmod iproute2 procps';
const CHAIN =
  'uidmap rootlesskit runc crun fuse-overlayfs fuse3 slirp4netns busybox-static apparmor libcap2-bin acl attr';
const STORAGE = 'e2fsprogs xfsprogs btrfs-progs nfs-kernel-server nfs-common';

/** The files of an image: NAME.raw (ext4), NAME.vmlinuz, NAME.initrd. Built where they are not there: a minute or two, as root. */
export function imageOf(name: ImageName): string {
  const stem = join(STORE, 'images', name);
  if (fs.existsSync(`${stem}.raw`)) return stem;
  const { suite, packages }: Kind = IMAGES[name];
  const kept = join(STORE, 'packages', suite);
  for (const directory of [join(STORE, 'images'), kept]) fs.mkdirSync(directory, { recursive: true });
  const tree = fs.mkdtempSync(join(STORE, 'tree-'));
  const root = join(tree, 'root');
  try {
    run('mmdebstrap', [
      ...['--quiet', '--mode=root', '--format=directory', '--variant=minbase'],
      '--skip=check/empty,download/empty,essential/unlink,cleanup/apt/cache',
      `--include=${[...`${SYSTEM} ${CHAIN} ${STORAGE}`.split(' '), ...packages].join(',')}`,
      '--aptopt=APT::Install-Recommends "false"',
      '--aptopt=Acquire::Check-Valid-Until "false"',
      `--setup-hook=mkdir -p "$1/var/cache/apt/archives"; cp -a '${kept}/.' "$1/var/cache/apt/archives/"`,
      `--essential-hook=${INITRD}`,
      `--customize-hook=cp -an "$1/var/cache/apt/archives/"*.deb '${kept}/' || true; rm -f "$1/var/cache/apt/archives/"*.deb`,
      `--customize-hook='${join(ROOT, 'test/machines/furnish.sh')}' "$1" '${name}' '${keyPair()}.pub'`,
      suite,
      root,
      `deb ${mirror()} ${suite} main`,
      `deb ${mirror()}-security ${suite}-security main`,
    ]);
    const kernel = fs
      .readdirSync(join(root, 'boot'))
      .filter((file) => file.startsWith('vmlinuz-'))
      .sort()
      .at(-1);
    if (kernel === undefined) throw new Error(`the image ${name} has no kernel`);
    fs.copyFileSync(join(root, 'boot', kernel), `${stem}.vmlinuz`);
    fs.copyFileSync(join(root, 'boot', kernel.replace('vmlinuz-', 'initrd.img-')), `${stem}.initrd`);
    fs.rmSync(`${stem}.new`, { force: true });
    // Features that Linux 5.10 does not know are left out.
    run('mke2fs', [
      '-q',
      '-F',
      '-t',
      'ext4',
      '-O',
      '^metadata_csum_seed,^orphan_file',
      '-d',
      root,
      `${stem}.new`,
      '6G',
    ]);
    fs.renameSync(`${stem}.new`, `${stem}.raw`);
  } finally {
    fs.rmSync(tree, { recursive: true, force: true });
  }
  return stem;
}

/** An initial RAM disk with what a machine of qemu has, and nothing else: it boots in half the time. */
const INITRD = [
  'mkdir -p "$1/etc/initramfs-tools/conf.d"',
  'printf "MODULES=list\\nCOMPRESS=gzip\\n" >"$1/etc/initramfs-tools/conf.d/machine"',
  'printf "virtio_pci\\nvirtio_blk\\next4\\ncrc32c\\n" >"$1/etc/initramfs-tools/modules"',
].join('; ');

/** The mirror that this machine installs from. */
function mirror(): string {
  const sources = ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list'].filter((path) =>
    fs.existsSync(path),
  );
  const text = sources.map((path) => fs.readFileSync(path, 'utf8')).join('\n');
  const found = /^URIs:\s*(\S+)/m.exec(text) ?? /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)/m.exec(text);
  if (found?.[1] === undefined) throw new Error('apt has no source from which an image could be made');
  return found[1].replace(/\/$/, '').replace(/-security$/, '');
}

/** The key by which machines are asked. */
export function keyPair(): string {
  const key = join(STORE, 'key');
  fs.mkdirSync(STORE, { recursive: true });
  if (!fs.existsSync(key)) run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'machines', '-f', key]);
  return key;
}

export function run(command: string, args: readonly string[]): string {
  const done = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (done.status !== 0)
    throw new Error(`${command} failed: ${done.error?.message ?? ''}${done.stderr?.trim().slice(-2000)}`);
  return done.stdout;
}
