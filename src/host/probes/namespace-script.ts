/**
 * What is tried inside the namespaces, as the root that buildkitd would be there. POSIX sh.
 *
 * Arguments: directory on the cache's file system ('' for none), "fuse" or '', tree to survey or '', PATH of buildkitd,
 * OCI runtime or '', its configuration, the program in it that is not there.
 * Answers on standard output as NUL-terminated records: key, tab, value. An outcome is "ok", or "fail" and the tool's words.
 * Everything temporary is made in one directory and removed on every way out.
 */
export const NAMESPACE_SCRIPT = `
LC_ALL=C; export LC_ALL
daemon_path=$4
runtime=$5
step=$6
nothing=$7
PATH=/usr/sbin:/usr/bin:/sbin:/bin; export PATH
say() { printf '%s\\t%s\\000' "$1" "$2"; }
try() { # name, command...
  name=$1; shift
  if words=$("$@" 2>&1); then say "$name" ok; return 0; fi
  say "$name" "fail $(printf %s "$words" | tr '\\000\\n' '  ' | cut -c1-600)"
  return 1
}
work=
tidy() {
  trap '' TERM INT HUP
  [ -n "$keeper" ] && kill "$keeper" 2>/dev/null
  [ -n "$stepper" ] && wait "$stepper" 2>/dev/null
  if [ -n "$work" ]; then
    for at in fused merged bound; do [ -d "$work/$at" ] && umount "$work/$at" 2>/dev/null; done
    rm -rf "$work"
  fi
}
keeper=
stepper=
# The runtime does all that a RUN step asks of it, then finds no program to start: that it says so is the proof.
try_step() {
  mkdir "$work/step" "$work/step/rootfs" "$work/state" && printf %s "$step" >"$work/step/config.json" || return
  name=bk-doctor-$$
  words=$(PATH=$daemon_path "$runtime" --root "$work/state" run --bundle "$work/step" "$name" </dev/null 2>&1)
  case $words in
    *"$nothing"*) say step ok ;;
    *) say step "fail $(printf %s "$words" | tr '\\000\\n' '  ' | cut -c1-600)" ;;
  esac
  PATH=$daemon_path "$runtime" --root "$work/state" delete --force "$name" >/dev/null 2>&1
}
trap 'tidy; exit 143' TERM INT HUP
trap tidy EXIT
say uidmap "$(cat /proc/self/uid_map)"
say gidmap "$(cat /proc/self/gid_map)"
say ready ok
if command -v unshare >/dev/null; then
  try isolate unshare --mount --ipc --uts true
  # runc mounts a fresh /proc in the new process namespace of every RUN step.
  try proc unshare --fork --pid --mount --ipc --uts mount -t proc proc /proc
fi
if [ -n "$1" ]; then
  if words=$(mktemp -d "$1/.bk-doctor-XXXXXXXX" 2>&1) && work=$words &&
    words=$(mkdir "$work/l1" "$work/l2" "$work/upper" "$work/work" "$work/merged" "$work/fused" "$work/bound" 2>&1); then
    [ -n "$runtime" ] && { try_step & stepper=$!; }
    try overlay mount -t overlay overlay -o "lowerdir=$work/l2:$work/l1,upperdir=$work/upper,workdir=$work/work" "$work/merged"
    if [ "$2" = fuse ] && try fuse env PATH="$daemon_path" mount.fuse3 overlay "$work/fused" -o "lowerdir=$work/l2:$work/l1" -t fuse-overlayfs; then
      # buildkitd chooses by the read-only mount above; a RUN step then needs a writable one.
      umount "$work/fused" 2>/dev/null
      try fusewrite sh -c 'PATH=$2 mount.fuse3 overlay "$1/fused" -o "lowerdir=$1/l2:$1/l1,upperdir=$1/upper,workdir=$1/work" -t fuse-overlayfs && mkdir "$1/fused/made"' sh "$work" "$daemon_path"
    fi
    try bind sh -c 'mount --bind "$1/l1" "$1/bound" && mount -o remount,bind,ro "$1/bound"' sh "$work"
    try chown sh -c ': >"$1/owned" && chown 65534:65534 "$1/owned"' sh "$work"
    [ -n "$stepper" ] && wait "$stepper"
    stepper=
  else
    say workspace "fail $words"
  fi
fi
if [ -n "$3" ] && command -v nsenter >/dev/null; then
  # A namespace in which the subordinate ids lie far from 65534, so that only what is foreign shows up as nobody.
  unshare --user sleep 600 </dev/null >/dev/null 2>&1 &
  keeper=$!
  mine=$(readlink /proc/self/ns/user)
  for turn in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    theirs=$(readlink "/proc/$keeper/ns/user" 2>/dev/null)
    [ -n "$theirs" ] && [ "$theirs" != "$mine" ] && break
    sleep 0.02
  done
  shifted() { awk '{ total += $3 } END { print "0 0 1"; if (total > 1) printf "1000001 1 %d\\n", total - 1 }' "$1"; }
  if printf '%s\\n' "$(shifted /proc/self/uid_map)" >"/proc/$keeper/uid_map" 2>/dev/null &&
     printf '%s\\n' "$(shifted /proc/self/gid_map)" >"/proc/$keeper/gid_map" 2>/dev/null; then
    say survey begin
    nsenter --user --target "$keeper" --setuid 0 --setgid 0 find "$3" -xdev ! '(' '(' -uid 0 -o -uid +1000000 ')' '(' -gid 0 -o -gid +1000000 ')' ')' -printf 'foreign\\t%y\\t%U\\t%G\\t%n\\t%p\\0'
    say survey "end $?"
  fi
fi
say done ok
`;
