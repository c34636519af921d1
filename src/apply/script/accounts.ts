import type { Account } from '../../model/look.ts';
import { word } from './shell-word.ts';

/** Words that start this program; null: only as it is installed for root. */
export type Program = readonly string[] | null;

/**
 * Runs what stands on its standard input as the account that will run buildkitd: in a session of its own, without a terminal,
 * with none of root's descriptors, environment or groups, and with nothing of its own before it has become that account.
 */
export function targetFunction({ uid, gid, name, home }: Account): string {
  const environment = [
    'PATH=/usr/local/bin:/usr/bin:/bin',
    ...(home === null ? [] : [`HOME=${home}`]),
    ...(name === null ? [] : [`USER=${name}`, `LOGNAME=${name}`]),
    `XDG_RUNTIME_DIR=/run/user/${uid}`,
  ];
  const clean = `env -i ${environment.map(word).join(' ')}`;
  // With the sign it is a number, also where somebody's name is that number.
  const setpriv = `setpriv --reuid=+${uid} --regid=+${gid} ${name === null ? '--clear-groups' : '--init-groups'} --inh-caps=-all /bin/sh -s`;
  const su =
    name === null
      ? `problem 'the setpriv of util-linux is needed to act as uid ${uid}'`
      : `commands | legibly 60 ${clean} su -s /bin/sh ${word(name)} -c 'exec /bin/sh -s'`;
  return [
    '# Does the steps on standard input as the account that runs buildkitd, in a session and with descriptors of their own.',
    'commands() {',
    `  printf '%s\\n' "$functions" '[ "$me" -eq ${uid} ] || { problem "this is not the account ${uid}"; exit 1; }' '{'`,
    '  cat',
    `  printf '%s\\n' '} </dev/null' 'exit "$failed"'`,
    '}',
    'as_target() {',
    `  if [ "$me" -eq ${uid} ]; then commands | ${clean} /bin/sh -s; return; fi`,
    '  case $(setpriv --version 2>&1) in',
    `    *util-linux*) commands | legibly 60 ${clean} ${setpriv} ;;`,
    `    *) ${su} ;;`,
    '  esac',
    '}',
  ].join('\n');
}

/**
 * What a shell cannot do safely is done by bk-doctor, which holds what it changes. Root runs only one that is root's: who
 * made the script for root gives no way to one (`program` is null).
 */
export function doctorFunction(program: Program): string {
  const found =
    program === null
      ? [
          '  set -- "$(find_program bk-doctor)" "$@"',
          '  [ -n "$1" ] || { shift; problem "this needs bk-doctor, which is not installed for this account: bk-doctor $*"; return 1; }',
          '  for program in "$1" "$(find_program node)"; do owned "$program" || return 1; done',
        ]
      : [
          `  set -- ${program.map(word).join(' ')} "$@"`,
          `  for program in ${program.map(word).join(' ')}; do owned "$program" || return 1; done`,
        ];
  return [
    '# doctor ARGUMENT...: bk-doctor itself, for what a shell cannot do safely where others can write: it holds what it',
    '# changes by its handle, keeps a journal, and looks again afterwards.',
    'doctor() (',
    '  PATH=/usr/local/sbin:/usr/local/bin:$PATH',
    ...found,
    '  "$@" </dev/null',
    ')',
  ].join('\n');
}
