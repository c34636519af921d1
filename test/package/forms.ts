import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** What npm run package made. */
export const OUT = resolve('out');
export const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
if (!existsSync(resolve(OUT, 'SHA256SUMS'))) throw new Error('nothing is packaged yet: npm run package');

/** A form in which a person gets the program. */
export interface Form {
  readonly name: string;
  /** Shell; $OUT has what was made. */
  readonly install: string;
  /** What a person types then. */
  readonly start: string;
  /** Where printed commands do not begin so. */
  readonly printed?: string;
  /** What root types, who may have another PATH. */
  readonly root?: string;
  readonly uninstall: string;
}

const NPM = 'export HOME=$SCRATCH npm_config_offline=true npm_config_update_notifier=false';

/** Debian's rpm would keep one in the home of whoever calls it. */
const DB = '--dbpath /var/lib/rpm';

export const FORMS: readonly Form[] = [
  {
    name: 'npm',
    install: `${NPM}; npm install --silent --global --prefix /usr/local "$OUT/bk-doctor-${version}.tgz"; ls -l /usr/local/share/man/man1/bk-doctor.1 >&2`,
    start: 'bk-doctor',
    root: '/usr/local/lib/node_modules/bk-doctor/bin/bk-doctor.js',
    uninstall: `${NPM}; npm uninstall --silent --global --prefix /usr/local bk-doctor`,
  },
  {
    name: 'one executable in PATH',
    install: 'install "$OUT/bk-doctor-linux-x64" /usr/local/bin/bk-doctor',
    start: 'bk-doctor',
    uninstall: 'rm /usr/local/bin/bk-doctor',
  },
  {
    name: 'one executable somewhere, by a link',
    install:
      'install "$OUT/bk-doctor-linux-x64" /usr/local/lib/bkd; ln -s /usr/local/lib/bkd /usr/local/lib/other-name',
    start: '/usr/local/lib/other-name',
    printed: '/usr/local/lib/bkd',
    uninstall: 'rm /usr/local/lib/bkd /usr/local/lib/other-name',
  },
  {
    name: 'folder, by a link in PATH',
    install:
      'tar xzf "$OUT/bk-doctor-linux-x64-static.tar.gz" -C /usr/local/lib; ln -s ../lib/bk-doctor/bk-doctor /usr/local/bin/',
    start: 'bk-doctor',
    uninstall: 'rm -r /usr/local/lib/bk-doctor /usr/local/bin/bk-doctor',
  },
  {
    name: 'folder somewhere',
    install: 'tar xzf "$OUT/bk-doctor-linux-x64-static.tar.gz" -C /usr/local/lib',
    start: '/usr/local/lib/bk-doctor/bk-doctor',
    uninstall: 'rm -r /usr/local/lib/bk-doctor',
  },
  {
    name: 'deb',
    install: `dpkg --install "$OUT/bk-doctor_${version}-1_amd64.deb"; man -w bk-doctor`,
    start: 'bk-doctor',
    uninstall: 'dpkg --purge bk-doctor',
  },
  {
    name: 'rpm',
    install: `rpm ${DB} --install --nodeps "$OUT/bk-doctor-${version}-1.x86_64.rpm"; rpm ${DB} --verify --nodeps bk-doctor`,
    start: 'bk-doctor',
    uninstall: `rpm ${DB} --erase bk-doctor`,
  },
];
