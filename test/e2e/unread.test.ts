import { describe, expect, test } from 'vitest';
import { some } from '../thoroughly.ts';
import { canMakeWorlds, daemonDirectory, World } from './world.ts';

const BIN = new URL('../../bin/bk-doctor.js', import.meta.url).pathname;
const SECRET = 'what-only-root-knows';
const CACHE = '/home/alice/.local/share/buildkit';
const asAlice = (world: World, commands: string): string =>
  world.script(`su -s /bin/sh alice <<'COMMANDS'\nset -e\n${commands}\nCOMMANDS`);
/** A file that an administrator left in the home, for nobody else's eyes. */
const left = (world: World, at: string, mode = '600'): string =>
  world.script(`mkdir -p $(dirname ${at}); echo ${SECRET} >${at}; chmod ${mode} ${at}`);
const aliceOwns = (world: World, ...directories: readonly string[]): void => {
  asAlice(world, `mkdir -p ${directories.join(' ')}`);
};
/** A directory of root's that nobody else may enter, with a file in it that everybody could read. */
const closed = (world: World, at: string, ...names: readonly string[]): string =>
  world.script(`mkdir -m 700 ${at}; cd ${at}
    for name in ${names.join(' ')}; do mkdir -p $(dirname $name); echo ${SECRET} >$name; chmod 644 $name; done`);

/** What a user can rename to where buildkitd has something of its own: into any place, or with all that is above it. */
const attacks: { readonly [name: string]: (world: World) => void } = {
  'a file, beside what the worker has': (world) => {
    left(world, '/home/alice/key');
    asAlice(world, `mkdir -p ${CACHE}/runc-overlayfs; mv -f ~/key ${CACHE}/runc-overlayfs/`);
  },
  "another account's file": (world) => {
    world.script('useradd bob; mkdir -m 777 /home/shared');
    left(world, '/home/shared/key');
    world.script('chown bob: /home/shared/key');
    asAlice(world, `mkdir -p ${CACHE}/runc-overlayfs; mv -f /home/shared/key ${CACHE}/runc-overlayfs/`);
  },
  "a file under each of buildkitd's own names": (world) => {
    const names = ['cache.db', 'history.db', 'buildkitd.lock'];
    const ofWorker = [
      'workerid',
      'metadata_v2.db',
      'containerdmeta.db',
      'executor/resolv.conf',
      'snapshots/metadata.db',
    ];
    const deep = [
      `content/blobs/sha256/${'ab'.repeat(32)}`,
      'content/ingest/x/data',
      'snapshots/snapshots/1/fs/etc/shadow',
    ];
    for (const name of [...names, ...[...ofWorker, ...deep].map((each) => `runc-overlayfs/${each}`)]) {
      left(world, '/home/alice/key');
      asAlice(world, `mkdir -p $(dirname ${CACHE}/${name}); mv -f ~/key ${CACHE}/${name}`);
    }
  },
  'a file that an access list keeps from them': (world) => {
    left(world, '/home/alice/key', '644');
    world.script('setfacl -m u:alice:--- /home/alice/key');
    asAlice(
      world,
      `mkdir -p ${CACHE}/runc-overlayfs/snapshots/snapshots/1/fs; mv -f ~/key ${CACHE}/runc-overlayfs/snapshots/snapshots/1/fs/`,
    );
  },
  'a closed directory as the cache': (world) => {
    aliceOwns(world, '~/.local/share');
    closed(world, '/home/alice/.local/share/of-root', 'key', 'runc-overlayfs/workerid');
    asAlice(world, `mv ~/.local/share/of-root ${CACHE}`);
  },
  'a closed directory as the worker': (world) => {
    aliceOwns(world, CACHE);
    closed(world, `${CACHE}/of-root`, 'workerid', 'metadata_v2.db', 'key');
    asAlice(world, `mv ${CACHE}/of-root ${CACHE}/runc-overlayfs`);
  },
  'a closed directory as a snapshot': (world) => {
    aliceOwns(world, '~/work');
    closed(world, '/home/alice/work/1', 'fs/key', 'home/key');
    closed(world, '/home/alice/work/2', 'key');
    asAlice(world, `mkdir -p ${CACHE}/runc-overlayfs/snapshots; mv ~/work ${CACHE}/runc-overlayfs/snapshots/snapshots`);
  },
  'a closed directory above the cache': (world) => {
    closed(world, '/home/alice/of-root', 'share/key');
    asAlice(world, 'mv ~/of-root ~/.local');
  },
  'a closed directory where their unit says': (world) => {
    aliceOwns(world, '~/x', '~/.config/systemd/user');
    closed(world, '/home/alice/x/of-root', 'key');
    asAlice(
      world,
      `mv ~/x/of-root ~/x/buildkit; printf '[Service]\\nEnvironment=XDG_DATA_HOME=/home/alice/x\\nExecStart=/usr/bin/rootlesskit buildkitd\\n' >~/.config/systemd/user/buildkit.service`,
    );
  },
  'a closed directory for the socket': (world) => {
    closed(world, `${world.runtime}/of-root`, 'key');
    asAlice(world, `mv ${world.runtime}/of-root ${world.runtime}/buildkit`);
  },
  'a file as their configuration': (world) => {
    aliceOwns(world, '~/.config/buildkit');
    left(world, '/home/alice/key');
    world.script(`sed -i 's/^/# token = /' /home/alice/key`);
    asAlice(world, 'mv -f ~/key ~/.config/buildkit/buildkitd.toml');
  },
  "another program's settings as their configuration": (world) => {
    aliceOwns(world, '~/.config/buildkit');
    world.script(
      `printf 'root = ""\\n[database]\\n  host = "${SECRET}"\\n' >/home/alice/app.toml; chmod 600 /home/alice/app.toml`,
    );
    asAlice(world, 'mv -f ~/app.toml ~/.config/buildkit/buildkitd.toml');
  },
};

interface Treated {
  readonly treatments: readonly { readonly check: string; readonly result: string; readonly message: string | null }[];
}

/** Every file with the secret that alice can open, or could after a chmod of her own. */
const known = (world: World): string =>
  world.script(
    `su -s /bin/sh alice -c 'chmod -R u+rwX /home/alice /run/user/4242 2>/dev/null; grep -rls ${SECRET} /home/alice /run/user/4242; true'`,
  );
const there = (world: World): number => Number(world.script(`grep -rls ${SECRET} /home/alice /run/user/4242 | wc -l`));

describe.skipIf(!canMakeWorlds())('what a user could not read is not given to them, wherever they moved it', () => {
  for (const [name, prepare] of some(3, Object.entries(attacks)))
    test(name, { timeout: 120_000 }, () => {
      const world = new World();
      try {
        prepare(world);
        const files = there(world);
        expect(files).toBeGreaterThan(0);
        expect(known(world)).toBe('');
        for (const more of [[], ['--risky']]) {
          const done = world.asRoot([process.execPath, BIN, 'fix', '--yes', ...more, '--user', world.user]);
          expect([0, 1, 3], done.stdout + done.stderr).toContain(done.code);
          expect(known(world), done.stdout).toBe('');
        }
        expect(there(world)).toBe(files);
      } finally {
        world.close();
      }
    });

  test('a snapshot with a program of root’s in it stays closed', { timeout: 120_000 }, () => {
    const world = new World();
    try {
      aliceOwns(world, `${CACHE}/runc-overlayfs/snapshots/snapshots`);
      world.script(`cd ${CACHE}/runc-overlayfs/snapshots/snapshots; mkdir -m 700 1 2; mkdir -p 1/fs/bin 2/fs
        cp /bin/true 1/fs/bin/su; chmod 4755 1/fs/bin/su; echo x >2/fs/file; chmod 600 2/fs/file`);
      const { report } = world.doctor<Treated>(['fix', '--yes', '--user', world.user]);
      const [treated] = report.treatments.filter(({ check }) => check === 'storage/ownership');
      expect(treated).toMatchObject({ result: 'partly-cured' });
      expect(treated?.message).toContain('1/fs/bin/su is a file with a setuid or setgid bit');
      expect(() => asAlice(world, `${CACHE}/runc-overlayfs/snapshots/snapshots/1/fs/bin/su`)).toThrow();
      expect(asAlice(world, `cat ${CACHE}/runc-overlayfs/snapshots/snapshots/2/fs/file`)).toBe('x\n');
    } finally {
      world.close();
    }
  });
});

describe.skipIf(!canMakeWorlds() || daemonDirectory() === null)('what root’s own buildkitd left in the cache', () => {
  for (const umask of ['022', '077'])
    test(`is given as a whole, and works (umask ${umask})`, { timeout: 180_000 }, () => {
      const world = new World();
      try {
        asAlice(world, 'mkdir -p ~/.local/share');
        world.script(`umask ${umask}; mkdir ${world.scratch}/context; cd ${world.scratch}/context; echo y >open; echo x >closed; chmod 600 closed
          cp $(command -v busybox) busybox
          printf 'FROM scratch\\nCOPY . /\\nRUN ["/busybox","mkdir","-m","700","/own"]\\n' >Dockerfile
          buildkitd --root ${CACHE} --addr unix://${world.scratch}/s.sock >${world.scratch}/daemon.log 2>&1 & daemon=$!
          for turn in $(seq 200); do [ -S ${world.scratch}/s.sock ] && break; sleep .1; done
          buildctl --addr unix://${world.scratch}/s.sock build --frontend dockerfile.v0 --local context=. --local dockerfile=. --output type=image,name=x >>${world.scratch}/daemon.log 2>&1
          kill $daemon; wait $daemon || true`);
        expect(world.script(`find ${CACHE} -path '*/fs/closed' -size +0`)).toContain(
          '/runc-overlayfs/snapshots/snapshots/',
        );
        const before = world.doctor(['check', '--user', world.user]);
        expect(before.report.verdict.reasons).toContain('storage/ownership');
        const done = world.doctor(['fix', '--yes', '--user', world.user]);
        expect(done.report.treatments.filter(({ check }) => check === 'storage/ownership')).toMatchObject([
          { result: 'cured' },
        ]);
        expect(world.script(`find ${CACHE} -uid 0`)).toBe('');
        expect(world.doctor(['check'], { as: 'user' }).report.verdict.ready).toBe(true);
      } finally {
        world.close();
      }
    });
});
