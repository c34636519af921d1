import { type ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { IMAGES, type ImageName, imageOf, keyPair, run, STORE } from './images.ts';
import { ask, saveMemory, statusOf } from './qmp.ts';
import { toolsDisk } from './tools.ts';

export interface Done {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface MachineOptions {
  /** Further words for the kernel. */
  readonly append?: string;
  /** Sizes of further, empty disks: /dev/vdc and so on. */
  readonly disks?: readonly string[];
  /** Every write to the first disk, in the form of dm-log-writes. */
  readonly log?: string;
}

/** How long a machine may take to answer after its start. */
const BOOT_MS = 900_000;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * A real machine: qemu without KVM, a Debian kernel, systemd, PAM. One without words, disks or a log of its own goes on
 * from memory that was saved right after the first boot of its image; each other one boots.
 */
export class Machine {
  readonly image: ImageName;
  readonly #options: MachineOptions;
  readonly #directory: string;
  readonly #tools: string;
  readonly #saved: string | null;
  #qemu: ChildProcess | null = null;
  #port = 0;
  #boots = 0;
  #append: string;

  private constructor(image: ImageName, options: MachineOptions, saved: string | null, tools: string) {
    this.image = image;
    this.#options = options;
    this.#saved = saved;
    this.#tools = tools;
    this.#append = `${IMAGES[image].append} ${options.append ?? ''}`.trim();
    this.#directory = fs.mkdtempSync(join(STORE, `machine-${image}-`));
    const under =
      saved === null ? ['-b', `${imageOf(image)}.raw`, '-F', 'raw'] : ['-b', `${saved}.qcow2`, '-F', 'qcow2'];
    run('qemu-img', ['create', '-q', '-f', 'qcow2', ...under, this.#disk(0)]);
    for (const [at, size] of (options.disks ?? []).entries())
      run('qemu-img', ['create', '-q', '-f', 'qcow2', this.#disk(at + 1), size]);
  }

  static async start(image: ImageName, options: MachineOptions = {}): Promise<Machine> {
    const plain = options.append === undefined && options.disks === undefined;
    const saved = plain ? await savedState(image) : null;
    return Machine.#begin(new Machine(image, options, saved, toolsDisk()));
  }

  static async #begin(machine: Machine): Promise<Machine> {
    try {
      await machine.boot();
      return machine;
    } catch (error) {
      machine.close();
      throw error;
    }
  }

  /** Boots an image for the first time and keeps its memory and its disk, under that name. */
  static async keepBooted(image: ImageName, stem: string): Promise<void> {
    const machine = await Machine.#begin(new Machine(image, {}, null, toolsDisk()));
    try {
      await machine.root('systemctl is-system-running --wait; sync; sleep 10; umount /usr/local; sync');
      await machine.ssh('root', 'true', { alone: true });
      machine.#hangUp();
      await pause(1000);
      await saveMemory(machine.#socket, `${stem}.memory.new`);
      await ask(machine.#socket, { execute: 'quit' });
      await machine.#ended();
      fs.renameSync(machine.#disk(0), `${stem}.qcow2`);
      fs.renameSync(`${stem}.memory.new`, `${stem}.memory`);
    } finally {
      machine.close();
    }
  }

  get #socket(): string {
    return join(this.#directory, 'qmp');
  }

  #disk(at: number): string {
    return join(this.#directory, `disk${at}.qcow2`);
  }

  /** Starts it, or starts it again with the disks as they are now. */
  async boot(): Promise<void> {
    const resumed = this.#boots === 0 && this.#saved !== null;
    this.#port = await freePort();
    const stem = imageOf(this.image);
    const drive = (file: string, format: string, more = ''): readonly string[] => [
      '-drive',
      `file=${file},format=${format},if=virtio,cache=writeback${more}`,
    ];
    const { log } = this.#options;
    const first =
      log === undefined
        ? drive(this.#disk(0), 'qcow2')
        : [
            '-drive',
            `driver=blklogwrites,log-sector-size=512,log.driver=file,log.filename=${log},file.driver=qcow2,file.file.driver=file,file.file.filename=${this.#disk(0)},if=virtio,cache=writeback`,
          ];
    if (log !== undefined && this.#boots === 0) fs.writeFileSync(log, '');
    const args = [
      ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', '1536'],
      ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
      ...['-serial', `file:${this.#console}`, '-qmp', `unix:${this.#socket},server=on,wait=off`],
      ...['-kernel', `${stem}.vmlinuz`, '-initrd', `${stem}.initrd`],
      ...['-append', `root=/dev/vda ro console=ttyS0 net.ifnames=0 quiet systemd.show_status=no ${this.#append}`],
      ...['-device', 'virtio-rng-pci', '-device', 'virtio-net-pci,netdev=n,romfile='],
      ...['-netdev', `user,id=n,restrict=on,hostfwd=tcp:127.0.0.1:${this.#port}-:22`],
      ...first,
      ...drive(this.#tools, 'raw', ',readonly=on'),
      ...(this.#options.disks ?? []).flatMap((_size, at) => drive(this.#disk(at + 1), 'qcow2')),
      ...(resumed ? ['-incoming', `exec:cat '${this.#saved}.memory'`] : []),
    ];
    const qemu = spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    qemu.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    this.#qemu = qemu;
    this.#boots += 1;
    if (resumed) await this.#goOn();
    const began = Date.now();
    while ((await this.ssh('root', 'true', { mostMs: 30_000 })).code !== 0) {
      if (qemu.exitCode !== null) throw new Error(`qemu ended: ${said.slice(-500)}`);
      if (Date.now() - began > BOOT_MS)
        throw new Error(
          `${this.image} does not answer; its console: ${fs.readFileSync(this.#console, 'utf8').slice(-1500)}`,
        );
      await pause(500);
    }
    if (resumed) await this.must(`date -s @${Math.floor(Date.now() / 1000)}; mount /usr/local`);
  }

  get #console(): string {
    return join(this.#directory, `console.${this.#boots}`);
  }

  /** Memory that was saved has been read, and the machine may run. */
  async #goOn(): Promise<void> {
    while (this.#qemu?.exitCode === null) {
      await pause(300);
      const status = await statusOf(this.#socket);
      if (status === 'paused') await ask(this.#socket, { execute: 'cont' });
      if (status === 'running') return;
    }
  }

  /** root's commands share a connection; each of another user's is a login of its own, through PAM and logind. */
  async ssh(
    user: string,
    command: string,
    {
      mostMs = 400_000,
      alone = user !== 'root',
      input = '',
    }: { mostMs?: number; alone?: boolean; input?: string } = {},
  ): Promise<Done> {
    const child = spawn('ssh', [...this.#sshOptions(alone), `${user}@127.0.0.1`, command], { timeout: mostMs });
    const parts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        parts[name] += text;
      });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const code = await new Promise<number>((resolve) => {
      child.on('error', () => resolve(255));
      child.on('close', (status) => resolve(status ?? 124));
    });
    return { code, ...parts };
  }

  #sshOptions(alone: boolean): readonly string[] {
    const shared = ['ControlMaster=auto', `ControlPath=${this.#directory}/ssh.${this.#boots}`, 'ControlPersist=3600'];
    const options = [
      ...[
        'StrictHostKeyChecking=no',
        'UserKnownHostsFile=/dev/null',
        'BatchMode=yes',
        'ConnectTimeout=20',
        'IPQoS=none',
      ],
      ...(alone ? [] : shared),
    ];
    return [
      '-q',
      '-T',
      '-F',
      '/dev/null',
      '-i',
      keyPair(),
      '-p',
      String(this.#port),
      ...options.flatMap((word) => ['-o', word]),
    ];
  }

  #hangUp(): void {
    run('ssh', [...this.#sshOptions(false), '-O', 'exit', 'root@127.0.0.1']);
  }

  root(command: string): Promise<Done> {
    return this.ssh('root', command);
  }

  /** A script as root that has to succeed: what it prints. */
  async must(script: string): Promise<string> {
    const done = await this.ssh('root', 'sh -e', { input: script });
    if (done.code !== 0)
      throw new Error(`in ${this.image}, exit ${done.code}: ${done.stderr || done.stdout}\n${script}`);
    return done.stdout;
  }

  /** As an administrator would; further words for the kernel from now on, where they are given. */
  async reboot(append?: string): Promise<void> {
    if (append !== undefined) this.#append = append;
    await this.ssh('root', 'systemctl reboot', { mostMs: 60_000 });
    if ((await Promise.race([this.#ended(), pause(180_000).then(() => 'late')])) === 'late') this.cut();
    await this.boot();
  }

  #ended(): Promise<void> {
    const qemu = this.#qemu;
    if (qemu === null || qemu.exitCode !== null || qemu.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => qemu.once('close', () => resolve()));
  }

  /** The power fails: what the machine has not given to its disk is lost. */
  cut(): void {
    this.#qemu?.kill('SIGKILL');
  }

  async cutAndBoot(): Promise<void> {
    this.cut();
    await this.#ended();
    await this.boot();
  }

  close(): void {
    this.cut();
    fs.rmSync(this.#directory, { recursive: true, force: true });
    fs.rmSync(this.#tools, { force: true });
  }
}

/** The stem of memory and disk of a machine that has just booted. */
async function savedState(image: ImageName): Promise<string> {
  const stem = `${imageOf(image)}.booted`;
  if (!fs.existsSync(`${stem}.memory`)) await Machine.keepBooted(image, stem);
  return stem;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
