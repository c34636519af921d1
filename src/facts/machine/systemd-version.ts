import type { Fact } from '../../model/look.ts';

/** The release of systemd that is installed, by the name of its library, else by what systemctl says; null: none is. */
export const systemdVersion: Fact<number | null> = {
  id: 'systemd-version',
  async read({ host }) {
    const triplets = ((await host.list('/usr/lib', 'self')) ?? []).filter((name) => /-linux-(?:gnu|musl)/.test(name));
    const places = ['/usr/lib/systemd', '/usr/lib64/systemd', '/lib/systemd'];
    for (const place of [...places, ...triplets.map((name) => `/usr/lib/${name}/systemd`)])
      for (const name of (await host.list(place, 'self')) ?? []) {
        const found = /^libsystemd-(?:shared|core)-(\d+)/.exec(name)?.[1];
        if (found !== undefined) return Number(found);
      }
    const said = await host.run('systemctl', ['--version'], 'self');
    const told = /^systemd (\d+)/.exec(said?.stdout ?? '')?.[1];
    return told === undefined ? null : Number(told);
  },
};
