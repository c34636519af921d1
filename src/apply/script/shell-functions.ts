/** Before "{", where a template would take "${" for its own. */
const $ = '$';

export const SAY = String.raw`say() { printf '%s\n' "$*"; }`;

/** What every script that changes something begins with. Plain POSIX sh, with the tools that coreutils and busybox share. */
export const SHELL_FUNCTIONS = String.raw`PATH=/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin
LC_ALL=C
export PATH LC_ALL
umask 022
set +m
cd /
me=$(id -u)
failed=0

${SAY}
problem() { printf 'not done: %s\n' "$*" >&2; return 1; }

# ours: nobody but root and who runs this can put a name in this directory, or lead a way to it elsewhere.
# It looks upwards from here by "..", which no renaming or link can deceive.
ours() (
  top=$(stat -c %d:%i /) above=
  while :; do
    state=$(stat -c '%u:%g %A' .) || exit 1
    case $state in 0:* | "$me":*) ;; *) exit 1 ;; esac
    case $state in *\ d???????w? | *\ d????w????)
      case $state in
        *[tT]) [ "$me" != 0 ] || [ -n "$above" ] || exit 1 ;;
        "$me:$me d"????w??-?) [ "$me" != 0 ] || exit 1 ;;
        *) exit 1 ;;
      esac ;;
    esac
    [ "$(stat -c %d:%i .)" != "$top" ] || exit 0
    cd -P .. || exit 1
    above=1
  done
)

# at PATH PLACE: goes into the directory of PATH, which must be PLACE, as it was when this script was made (- where that does not matter).
at() {
  cd -P "${$}{1%/*}/" 2>/dev/null || { problem "the directory of $1 does not exist"; return 1; }
  if [ "$2" != - ] && [ "$PWD" != "$2" ]; then problem "$1 is no longer in $2, for which this script was made"; return 1; fi
  ours || { problem "$1 is in a directory that another account can write, or below one"; return 1; }
}

# in_place PATH PLACE COMMAND...: does COMMAND on $name in that directory, which is looked at before and after.
in_place() (
  path=$1 name=./${$}{1##*/}
  at "$1" "$2" || exit 1
  here=$(stat -c %d:%i .)
  shift 2
  "$@" || exit 1
  if [ "$(stat -c %d:%i "${$}{path%/*}/." 2>/dev/null)" = "$here" ] && ours; then exit 0; fi
  problem "the directory of $path was replaced meanwhile"
)

# digest: the SHA-256 of $name, "none" when there is no such file, "other" for what is not a plain file.
digest() {
  if [ -L "$name" ]; then echo other
  elif [ -f "$name" ]; then sha256sum <"$name" | cut -d ' ' -f 1
  elif [ -e "$name" ]; then echo other
  else echo none
  fi
}

# replaceable: $name has no other name and no setuid bit, and is of nobody whom root would not have to ask.
replaceable() {
  case $(stat -c '%h %u %a' "$name") in
    *\ [2-7]???) problem "$path has a setuid or setgid bit"; return 1 ;;
    1\ *) ;;
    *) problem "$path has other names"; return 1 ;;
  esac
  [ "$me" = 0 ] || [ "$(stat -c %u "$name")" = "$me" ] || { problem "$path belongs to another account"; return 1; }
}

# replace MODE OWNER DIGEST, with the new text on standard input: whole or not at all. What there was keeps its attributes.
replace() (
  new=./.bk-doctor.$$
  trap 'rm -f "$new"' EXIT
  trap 'exit 1' HUP INT TERM
  rm -f "$new"
  (umask 077 && set -C && cat >"$new") || { problem "$path could not be written"; exit 1; }
  if [ "$3" != - ] && [ "$(sha256sum <"$new" | cut -d ' ' -f 1)" != "$3" ]; then problem "$path changed while it was read"; exit 1; fi
  if [ -e "$name" ]; then
    replaceable || exit 1
    cp --attributes-only --preserve=mode,ownership,xattr "$name" "$new" || { problem "$path could not be copied with its attributes (the cp of GNU coreutils is needed)"; exit 1; }
    [ ! -e /sys/fs/selinux/enforce ] || cp --attributes-only --preserve=context "$name" "$new" || { problem "$path could not be copied with its label"; exit 1; }
    [ "$(stat -c %u:%g:%a "$name")" = "$(stat -c %u:%g:%a "$new")" ] || { problem "$path could not be copied with its owner and mode"; exit 1; }
  else
    { [ "$(stat -c %u:%g "$new")" = "$2" ] || chown "$2" "$new"; } && chmod "0000$1" "$new" || { problem "$path could not be written"; exit 1; }
  fi
  sync "$new" 2>/dev/null || sync
  mv -f "$new" "$name" || { problem "$path could not be replaced"; exit 1; }
  sync . 2>/dev/null || sync
  say "written: $path"
)

# compose keep LINES | drop LINES | add TEXT ...: the new text, from the old one.
compose() {
  from=1
  while [ "$#" -gt 0 ]; do
    case $1 in
      keep) tail -n "+$from" "$name" | head -n "$2"; from=$((from + $2)) ;;
      drop) from=$((from + $2)) ;;
      add) printf '%s' "$2" ;;
    esac
    shift 2
  done
}

# is_done DIGEST-AFTER...: the file is what this step makes of it, or what later steps make of that.
is_done() {
  for one do
    [ "$one" != -- ] || return 1
    [ "$one" != "$now" ] || { say "already: $path"; return 0; }
  done
  return 1
}

# put MODE OWNER DIGEST-BEFORE DIGEST-AFTER... -- RECIPE: the recipe is that of compose.
put() {
  now=$(digest) mode=$1 owner=$2 before=$3 after=$4
  shift 3
  ! is_done "$@" || return 0
  if [ "$now" != "$before" ]; then problem "$path is no longer what this script was made for"; return 1; fi
  while [ "$1" != -- ]; do shift; done
  shift
  compose "$@" | replace "$mode" "$owner" "$after"
}

# add_line MODE OWNER LINE
add_line() {
  if [ "$(digest)" = other ]; then problem "$path is not a plain file"; return 1; fi
  if [ -e "$name" ] && grep -q -x -F -e "$3" "$name"; then say "already: $path"; return 0; fi
  { if [ -e "$name" ]; then cat "$name"; [ -z "$(tail -c 1 "$name")" ] || echo; fi; printf '%s\n' "$3"; } | replace "$1" "$2" -
}

# remove DIGEST-BEFORE DIGEST-AFTER...
remove() {
  now=$(digest) before=$1
  shift
  if [ "$now" = none ]; then say "already: $path"; return 0; fi
  ! is_done "$@" || return 0
  if [ "$now" != "$before" ]; then problem "$path is no longer what this script was made for"; return 1; fi
  replaceable || return 1
  rm -f "$name" && say "removed: $path"
}

# make_directory PATH PLACE MODE OWNER, and those above it that are missing: closed until they are given away, the innermost first.
# (With so many digits chmod clears the setgid bit of a directory.)
make_directory() (
  top=$1 depth=
  while [ ! -d "${$}{top%/*}/" ]; do top=${$}{top%/*}; done
  at "$top" - || exit 1
  rest=${$}{1#"${$}{top%/*}/"}
  if [ "$2" != - ] && [ "${$}{PWD%/}/$rest" != "${$}{2%/}/${$}{1##*/}" ]; then problem "$1 is no longer in $2, for which this script was made"; exit 1; fi
  if [ -L "./$rest" ]; then problem "$1 is a symbolic link"; exit 1; fi
  if [ -d "./$rest" ]; then
    if [ "$(stat -c %u:%g:%a "./$rest")" = "$4:$3" ]; then say "already: $1"; exit 0; fi
    problem "$1 exists, with another owner or mode"; exit 1
  fi
  while :; do
    mkdir -m 0700 "./${$}{rest%%/*}" && cd -P "./${$}{rest%%/*}" || { problem "$1 could not be made"; exit 1; }
    case $rest in */*) rest=${$}{rest#*/} depth=x$depth ;; *) break ;; esac
  done
  while :; do
    { [ "$(stat -c %u:%g .)" = "$4" ] || chown "$4" .; } && chmod "0000$3" . || { problem "$1 could not be given its owner and mode"; exit 1; }
    [ -n "$depth" ] || break
    depth=${$}{depth#x}
    cd -P .. || exit 1
  done
  say "made: $1"
)

# there: $name is no link, and no device.
there() {
  if [ -L "$name" ] || [ ! -e "$name" ] || [ -b "$name" ] || [ -c "$name" ]; then problem "$path is not there, or is a link or a device"; return 1; fi
}

# bare: $name has no privilege that a change of owner would drop.
bare() {
  [ -f "$name" ] || return 0
  case $(stat -c %a "$name") in [2-7]???) return 1 ;; esac
  [ -x "$name" ] || return 0
  if command -v getfattr >/dev/null; then [ -z "$(getfattr -h -n security.capability "$name" 2>/dev/null)" ]
  elif command -v getcap >/dev/null; then [ -z "$(getcap "$name")" ]
  else false
  fi
}

# give FROM TO: the owner, as uid:gid.
give() {
  there || return 1
  now=$(stat -c %u:%g "$name")
  if [ "$now" = "$2" ]; then say "already: $path"; return 0; fi
  if [ "$now" != "$1" ]; then problem "$path belongs to $now by now"; return 1; fi
  if [ ! -d "$name" ] && [ "$(stat -c %h "$name")" != 1 ]; then problem "$path has other names"; return 1; fi
  bare || { problem "$path has, or may have, a privilege that a change of owner would drop"; return 1; }
  chown -h "$2" "$name" && say "given to $2: $path"
}

# set_mode FROM TO
set_mode() {
  there || return 1
  now=$(stat -c %a "$name")
  if [ "$now" = "$2" ]; then say "already: $path"; return 0; fi
  if [ "$now" != "$1" ]; then problem "$path has the mode $now by now"; return 1; fi
  if [ ! -d "$name" ]; then
    if [ "$(stat -c %h "$name")" != 1 ]; then problem "$path has other names"; return 1; fi
    case "$1 $2" in [2367]???\ * | *\ [2367]???) problem "$path has a setgid bit"; return 1 ;; esac
  fi
  chmod "0000$2" "$name" && say "mode $2: $path"
}

# as_helper COMMAND...: only where $name is newuidmap or newgidmap of a package, of root's, and nobody else can write it.
as_helper() {
  case $name in ./newuidmap | ./newgidmap) ;; *) problem "$path is not newuidmap or newgidmap"; return 1 ;; esac
  case $(stat -c '%h:%u:%A' "$name") in 1:0:-????[!w]??[!w]?) ;; *) problem "$path is not a file of root's alone"; return 1 ;; esac
  packaged "$path" || { problem "$path is in no package of this system"; return 1; }
  "$@"
}

# packaged FILE. A path under /usr may be listed without that prefix. Where no package manager can tell, it counts as one.
packaged() {
  asked=
  for file in "$1" "${$}{1#/usr}"; do
    for question in 'dpkg-query -S' 'rpm -qf' 'apk info -W' 'pacman -Qqo'; do
      command -v "${$}{question%% *}" >/dev/null || continue
      asked=1
      ! $question "$file" >/dev/null 2>&1 || return 0
    done
  done
  [ -z "$asked" ]
}

# set_sysctl KEY FILE FROM TO
set_sysctl() {
  now=$(tr -s '\t ' ' ' <"$2") || { problem "$1 cannot be read"; return 1; }
  if [ "$now" = "$4" ]; then say "already: $1"; return 0; fi
  if [ "$now" != "$3" ]; then problem "$1 is $now by now"; return 1; fi
  { printf '%s\n' "$4" >"$2"; } 2>/dev/null
  if [ "$(tr -s '\t ' ' ' <"$2")" = "$4" ]; then say "set: $1 = $4"; else problem "$1 could not be set"; return 1; fi
}

# owned PROGRAM: nobody but root and who runs this can change it.
owned() (
  real=$(readlink -f "$1") && at "$real" - || exit 1
  case $(stat -c '%u:%A' "./${$}{real##*/}") in 0:-????[!w]??[!w]? | "$me":-????[!w]??[!w]?) ;; *) problem "another account can change $1"; exit 1 ;; esac
)

# find_program NAME: where it is in PATH, whatever the shell has under that name.
find_program() (
  case $1 in /*) [ ! -x "$1" ] || echo "$1"; exit 0 ;; esac
  IFS=:
  for directory in $PATH; do
    [ -f "$directory/$1" ] && [ -x "$directory/$1" ] && { echo "$directory/$1"; exit 0; }
  done
  exit 0
)

# run PROGRAM ARGUMENT...: what root runs, and the files it is given, must be root's.
run() {
  program=$(find_program "$1")
  [ -n "$program" ] || { problem "$1 is not installed here"; return 1; }
  shift
  if [ "$me" = 0 ]; then
    owned "$program" || return 1
    for one do
      case $one in
        /*) (at "$one" -) || return 1 ;;
        -*=/*) (at "${$}{one#*=}" -) || return 1 ;;
      esac
    done
  fi
  legibly 300 "$program" "$@" </dev/null || problem "$program failed"
}

# Closes every descriptor but the first three, in a shell that knows numbers of two digits.
close_others='for fd in /proc/self/fd/*; do fd=${$}{fd##*/}; case $fd in 0 | 1 | 2) ;; *) eval "exec $fd>&-" ;; esac; done; exec "$@"'

# legibly SECONDS COMMAND...: for so long at most, in a session of its own, with no terminal and none of our descriptors;
# what it prints is shown in plain letters.
legibly() {
  limit=$1
  shift
  case $(ls /proc/self/fd) in
    *[0-9][0-9]*)
      closer=/bin/sh
      [ "$(echo x 11>&1)" = x ] || closer=$(find_program bash)
      if [ -z "$closer" ]; then problem "descriptors beyond 9 are open, which this shell cannot close: run this from one that has none"; return 1; fi
      set -- "$closer" -c "$close_others" sh "$@" ;;
  esac
  {
    code=$({
      { timeout -s KILL "$limit" setsid "$@" 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; echo "$?" >&3; } |
        timeout -s KILL "$((limit + 5))" tr -c '\n\t -~' '?' >&4 3>&-
    } 3>&1)
  } 4>&1
  return "${$}{code:-1}"
}

# The locks of useradd and usermod.
lock_ids() {
  for file in subuid subgid; do
    tries=0
    printf '%s' "$$" >"/etc/.bk-doctor.$$.lock"
    sync "/etc/.bk-doctor.$$.lock" 2>/dev/null || sync
    until ln "/etc/.bk-doctor.$$.lock" "/etc/$file.lock" 2>/dev/null; do
      holder=$(cat "/etc/$file.lock" 2>/dev/null)
      if [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null; then rm -f "/etc/$file.lock"; fi
      tries=$((tries + 1))
      if [ "$tries" -gt 15 ]; then rm -f "/etc/.bk-doctor.$$.lock"; problem "/etc/$file.lock is held"; return 1; fi
      [ "$tries" -eq 1 ] || sleep 1
    done
    rm -f "/etc/.bk-doctor.$$.lock"
    held="$held /etc/$file.lock"
  done
}
unlock_ids() { [ -z "$held" ] || rm -f $held; held=; }
held=
trap unlock_ids EXIT
`;
