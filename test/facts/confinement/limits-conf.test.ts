import { expect, test } from 'vitest';
import { limitsFor } from '../../../src/facts/confinement/limits-conf.ts';
import type { Account } from '../../../src/model/look.ts';

const nobody: Account = { uid: 65534, gid: 65534, groups: [65534], name: 'nobody', home: '/', shell: '/bin/sh' };

const read = (text: string, account = nobody) =>
  Object.fromEntries(
    Object.entries(limitsFor([{ path: '/etc/security/limits.conf', text }], account, new Set(['nogroup']))).map(
      ([item, { soft, hard }]) => [item, [soft?.value, hard?.value]],
    ),
  );

/** As pam_limits of Linux-PAM 1.5 set them for a session of nobody. */
test.each([
  ['* - nofile 100\nnobody soft nofile 50', { nofile: [50, 100] }],
  ['* hard nproc 100\n@nogroup hard nproc 200\n* hard nproc 7', { nproc: [undefined, 200] }],
  ['nobody - fsize 10\n* - as unlimited', { fsize: [10240, 10240], as: [null, null] }],
  ['65534: - nofile 33', { nofile: [33, 33] }],
  [':65534 - nofile 34', { nofile: [34, 34] }],
  ['@:65534 - nofile 35', { nofile: [35, 35] }],
  ['@60000:70000 - nofile 36', { nofile: [36, 36] }],
  ['1:2 - nofile 36', {}],
  ['nobody soft nofile 500\nnobody hard nofile 60', { nofile: [500, 60] }],
  ['* - nofile 10\nnobody -', {}],
  ['nobody - nonewprivs 1', { nonewprivs: [1, 1] }],
  ['  *   HARD   NOFILE  99 # x', { nofile: [undefined, 99] }],
  ['%nogroup - nofile 55\n* soft nproc 44', { nproc: [44, undefined] }],
  ['nobody - nofile 12\nnobody - nofile 13\n65534 - nofile 14', { nofile: [13, 13] }],
  ['nobody - nofile many\nnobody x nofile 1\n#nobody - nofile 2', {}],
])('%j', (text, expected) => expect(read(`${text}\n`)).toEqual(expected));

test('neither groups nor the wildcard count for root', () => {
  const root: Account = { ...nobody, uid: 0, gid: 0, groups: [0, 65534], name: 'root' };
  expect(read('* - nofile 1\n@nogroup - nofile 2\nroot - nproc 3\n', root)).toEqual({ nproc: [3, 3] });
});
