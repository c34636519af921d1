export const SAY = String.raw`say() { printf '%s\n' "$*"; }`;

/** What every script that changes something begins with. Plain POSIX sh, with the tools that coreutils and busybox share. */
export const SHELL_FUNCTIONS = String.raw`PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
umask 022
failed=0

${SAY}
problem() { printf 'not done: %s\n' "$*" >&2; return 1; }

# digest FILE: its SHA-256, "none" when there is no such file, "other" for what is not a plain file.
digest() {
  if [ -L "$1" ]; then echo other
  elif [ -f "$1" ]; then sha256sum <"$1" | cut -d ' ' -f 1
  elif [ -e "$1" ]; then echo other
  else echo none
  fi
}

# no_links PATH: no component of it is a symbolic link that another account than root and ours could have put there.
no_links() {
  part=$1
  while [ "$part" != / ]; do
    above=$(dirname "$part")
    if [ -L "$part" ]; then
      for holder in "$(stat -c %u "$part")" "$(stat -c %u "$above/.")"; do
        if [ "$holder" != 0 ] && [ "$holder" != "$(id -u)" ]; then problem "$part is a symbolic link"; return 1; fi
      done
    fi
    part=$above
  done
}

# own_place FILE: only root and who runs this can put things beside it, or lead its path elsewhere.
own_place() {
  no_links "$(dirname "$1")" || return 1
  place=$1
  while [ "$place" != / ]; do
    place=$(dirname "$place")
    holder=$(stat -c %u:%g "$place/.") || { problem "the directory of $1 does not exist"; return 1; }
    case $holder in 0:* | "$(id -u)":*) ;; *) problem "$1 is in a directory of another account, $place"; return 1 ;; esac
    case $(stat -c %A "$place/.") in
      d????????[tT]) ;;
      d???????w?) problem "$1 is in a directory that every account can write, $place"; return 1 ;;
      d????w????)
        case $holder in *:0 | "$(id -u):$(id -g)") ;; *) problem "$1 is in a directory that a group can write, $place"; return 1 ;; esac ;;
    esac
  done
}

# replace FILE MODE OWNER, with the new text on standard input: whole or not at all. What there was keeps its attributes.
replace() (
  new=$(dirname "$1")/.bk-doctor.$$
  trap 'rm -f "$new"' EXIT
  trap 'exit 1' HUP INT TERM
  rm -f "$new"
  (umask 077 && set -C && cat >"$new") || { problem "$1 could not be written"; exit 1; }
  if [ -e "$1" ]; then
    cp --attributes-only --preserve=mode,ownership,xattr "$1" "$new" || { problem "$1 could not be copied with its attributes (the cp of GNU coreutils is needed)"; exit 1; }
    [ ! -e /sys/fs/selinux/enforce ] || cp --attributes-only --preserve=context "$1" "$new" || { problem "$1 could not be copied with its label"; exit 1; }
    [ "$(stat -c %u:%g:%a "$1")" = "$(stat -c %u:%g:%a "$new")" ] || { problem "$1 could not be copied with its owner and mode"; exit 1; }
  else
    { [ "$(stat -c %u:%g "$new")" = "$3" ] || chown "$3" "$new"; } && chmod "0000$2" "$new" || { problem "$1 could not be written"; exit 1; }
  fi
  sync "$new" 2>/dev/null || sync
  mv -f "$new" "$1" || { problem "$1 could not be replaced"; exit 1; }
  sync "$(dirname "$1")" 2>/dev/null || sync
  say "written: $1"
)

# put FILE MODE OWNER DIGEST-BEFORE DIGEST-AFTER..., with the new text on standard input. What later steps make of it is done already, too.
put() {
  now=$(digest "$1")
  if is_among "$now" "$@"; then cat >/dev/null; say "already: $1"; return 0; fi
  own_place "$1" || { cat >/dev/null; return 1; }
  if [ "$now" != "$4" ]; then cat >/dev/null; problem "$1 is no longer what this script was made for"; return 1; fi
  replace "$1" "$2" "$3"
}

# is_among DIGEST FILE MODE OWNER DIGEST-BEFORE DIGEST-AFTER...
is_among() {
  sought=$1
  shift 5
  for one; do [ "$one" != "$sought" ] || return 0; done
  return 1
}

# add_line FILE LINE MODE OWNER
add_line() {
  if [ "$(digest "$1")" = other ]; then problem "$1 is not a plain file"; return 1; fi
  if [ -e "$1" ] && grep -q -x -F -e "$2" "$1"; then say "already: $1"; return 0; fi
  own_place "$1" || return 1
  { if [ -e "$1" ]; then cat "$1"; [ -z "$(tail -c 1 "$1")" ] || echo; fi; printf '%s\n' "$2"; } | replace "$1" "$3" "$4"
}

# remove FILE DIGEST DIGEST-AFTER...
remove() {
  now=$(digest "$1")
  if [ "$now" = none ] || is_among "$now" - - "$@"; then say "already: $1"; return 0; fi
  if [ "$now" != "$2" ]; then problem "$1 is no longer what this script was made for"; return 1; fi
  own_place "$1" || return 1
  rm -f "$1" && say "removed: $1"
}

# make_directory PATH MODE OWNER. (With so many digits chmod clears the setgid bit of a directory.)
make_directory() {
  no_links "$1" || return 1
  if [ -d "$1" ]; then
    if [ "$(stat -c %u:%g:%a "$1")" = "$3:$2" ]; then say "already: $1"; return 0; fi
    problem "$1 exists, with another owner or mode"; return 1
  fi
  [ -d "$(dirname "$1")" ] || make_directory "$(dirname "$1")" "$2" "$3" || return 1
  mkdir -m 0700 "$1" || { problem "$1 could not be made"; return 1; }
  { [ "$(stat -c %u:%g "$1")" = "$3" ] || chown -h "$3" "$1"; } && chmod "0000$2" "$1" && say "made: $1"
}

# give PATH FROM TO: the owner, as uid:gid.
give() {
  no_links "$1" || return 1
  if [ ! -e "$1" ]; then problem "$1 is not there"; return 1; fi
  now=$(stat -c %u:%g "$1")
  if [ "$now" = "$3" ]; then say "already: $1"; return 0; fi
  if [ "$now" != "$2" ]; then problem "$1 belongs to $now by now"; return 1; fi
  if [ ! -d "$1" ] && [ "$(stat -c %h "$1")" != 1 ]; then problem "$1 has other names"; return 1; fi
  chown -h "$3" "$1" && say "given to $3: $1"
}

# set_mode PATH FROM TO
set_mode() {
  no_links "$1" || return 1
  if [ -L "$1" ] || [ ! -e "$1" ]; then problem "$1 is not there, or is a link"; return 1; fi
  now=$(stat -c %a "$1")
  if [ "$now" = "$3" ]; then say "already: $1"; return 0; fi
  if [ "$now" != "$2" ]; then problem "$1 has the mode $now by now"; return 1; fi
  chmod "0000$3" "$1" && say "mode $3: $1"
}

# set_sysctl KEY FILE FROM TO
set_sysctl() {
  now=$(tr -s '\t ' ' ' <"$2") || { problem "$1 cannot be read"; return 1; }
  if [ "$now" = "$4" ]; then say "already: $1"; return 0; fi
  if [ "$now" != "$3" ]; then problem "$1 is $now by now"; return 1; fi
  { printf '%s\n' "$4" >"$2"; } 2>/dev/null
  if [ "$(tr -s '\t ' ' ' <"$2")" = "$4" ]; then say "set: $1 = $4"; else problem "$1 could not be set"; return 1; fi
}

# With it find(1) passes by what has file capabilities, or may have: a change of owner would drop them.
no_capabilities='if command -v getfattr >/dev/null; then test -z "$(getfattr -h -n security.capability "$1" 2>/dev/null)"; elif command -v getcap >/dev/null; then test -z "$(getcap "$1")"; else false; fi'

# The locks of useradd and usermod.
lock_ids() {
  for file in subuid subgid; do
    tries=0
    printf '%s' "$$" >"/etc/.bk-doctor.$$.lock"
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
