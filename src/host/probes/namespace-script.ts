/**
 * What is tried inside the namespaces, as the root that buildkitd would be there. POSIX sh.
 *
 * Arguments: directory to make on the cache's file system ('' for none), "fuse" or '', tree to survey or '', PATH of
 * buildkitd, OCI runtime or '', its configuration, the program in it that is not there, "frozen" where the runtime must
 * not make control groups; then what earlier runs left, to be removed here where it can be.
 * Answers on standard output as NUL-terminated records: key, tab, value. An outcome is "ok", or "fail" and the tool's
 * words. Everything temporary is made in that directory, which is removed on every way out.
 * Each program that is started costs about a millisecond, so that the shell does what it can.
 */
export const NAMESPACE_SCRIPT = `
LC_ALL=C; export LC_ALL
system_path=/usr/sbin:/usr/bin:/sbin:/bin
PATH=$system_path; export PATH
work=$1 daemon_path=$4 runtime=$5 step=$6 nothing=$7 frozen=$8 rootless= made= mounted= keeper= stepper=
say() { printf '%s\\t%s\\000' "$1" "$2"; }
try() { # name, command...
  name=$1; shift
  if words=$("$@" 2>&1); then say "$name" ok; return 0; fi
  say "$name" "fail $(printf %s "$words" | tr '\\000\\n' '  ' | cut -c1-600)"
  return 1
}
mapped() { # name, file; counts the ids
  lines= total=0
  while read -r inside outside count; do
    lines="$lines$inside $outside $count
" total=$((total + count))
  done <"$2"
  say "$1" "$lines"
}
tidy() {
  trap '' TERM INT HUP PIPE
  [ -n "$keeper" ] && kill "$keeper" 2>/dev/null
  [ -n "$stepper" ] && wait "$stepper"
  [ -n "$mounted" ] && (cd "$work" && umount $mounted) 2>/dev/null
  [ -n "$made" ] && rm -rf "$work"
}
trap 'tidy; exit 143' TERM INT HUP PIPE
trap tidy EXIT
mapped uidmap /proc/self/uid_map; uids=$total
mapped gidmap /proc/self/gid_map; gids=$total
say ready ok
if command -v unshare >/dev/null; then
  # runc mounts a fresh /proc in the new process namespace of every RUN step.
  if try proc unshare --fork --pid --mount --ipc --uts mount -t proc proc /proc; then say isolate ok
  else try isolate unshare --mount --ipc --uts true
  fi
fi
overlay() { mount -t overlay overlay -o "lowerdir=l2:l1,upperdir=upper,workdir=work" merged; }
fuse() { PATH=$daemon_path mount.fuse3 overlay "$work/fused" -o "lowerdir=$work/l2:$work/l1$1" -t fuse-overlayfs; }
fuse_write() { fuse ",upperdir=$work/upper,workdir=$work/work" && mkdir fused/made; }
bind() { mount --bind l1 bound && mount -o remount,bind,ro bound; }
own() { : >owned && chown 65534:65534 owned; }
# A filter of system calls may refuse what buildkitd does with files. Not link, which it does without, nor rename, of which there are several.
filtered() {
  while read -r field value; do
    if [ "$field" = Seccomp: ]; then [ "$value" = 2 ]; return; fi
  done </proc/self/status
  return 1
}
files() { : >made && chmod 640 made && touch -d @1 made && truncate -s 8 made && sync made && sync -d made; }
# Real root's runtime would make control groups of the host's: here it finds them read-only, and is told to do without.
freeze() {
  while read -r _ _ _ _ at options rest; do
    case $rest in *'- cgroup'*) case $options in ro*) ;; *) "$@" "$at" || return ;; esac ;; esac
  done </proc/self/mountinfo
}
if [ -n "$frozen" ]; then
  rootless=--rootless=true
  if ! freeze mount -o remount,bind,ro || ! freeze false; then runtime=; fi
fi 2>/dev/null
# The runtime does all that a RUN step asks of it, then finds no program to start: that it says so is the proof.
try_step() {
  printf %s "$step" >step/config.json || return
  words=$(PATH=$daemon_path "$runtime" $rootless --root "$work/state" run --bundle "$work/step" "bk-doctor-$$" </dev/null 2>&1)
  code=$?
  case $words in
    *"$nothing"*) say step ok ;;
    *)
      [ "$code" -gt 128 ] && words="ended by signal $((code - 128))\${words:+: $words}"
      # What went wrong is said last, behind any warnings; by a crash first, before its stacks, on a line of its own.
      case $words in
        *'fatal error: '*|*'panic: '*|*'goroutine '*|'ended by '*) say step "fail $(printf %s "$words" | tr '\\000' ' ' | head -c 1500)" ;;
        *) say step "fail $(printf %s "$words" | tr '\\000\\n' '  ' | tail -c 1500)" ;;
      esac
      PATH=$daemon_path "$runtime" --root "$work/state" delete --force "bk-doctor-$$" >/dev/null 2>&1
      ;;
  esac
}
sweep() { [ $# -gt 8 ] && shift 8 && rm -rf -- "$@" 2>/dev/null; }
if [ -n "$work" ]; then
  sweep "$@"
  if words=$(mkdir -m 700 "$work" 2>&1) && made=yes && cd "$work" && words=$(mkdir l1 l2 upper work merged fused bound step step/rootfs state 2>&1); then
    mounted='merged bound fused'
    if [ -n "$runtime" ]; then try_step & stepper=$!; fi
    try overlay overlay
    if [ "$2" = fuse ]; then
      if ! device=$( (: <>/dev/fuse) 2>&1); then say fuse "fail $device"
      elif try fuse fuse ''; then
        # buildkitd chooses by the read-only mount above; a RUN step then needs a writable one.
        umount fused 2>/dev/null
        try fusewrite fuse_write
      fi
    fi
    try bind bind
    try chown own
    if filtered; then try files files; fi
    [ -n "$stepper" ] && wait "$stepper"
    stepper=
    cd /
  else
    say workspace "fail $words"
  fi
fi
if [ -n "$3" ] && command -v nsenter >/dev/null; then
  # A namespace in which the subordinate ids lie far from 65534, so that only what is foreign shows up as nobody.
  unshare --user sleep 600 </dev/null >/dev/null 2>&1 &
  keeper=$!
  # Until it has its own namespace, the map that it shows is ours; then none.
  turn=0
  while [ "$turn" -lt 3000 ] && read -r first <"/proc/$keeper/uid_map"; do
    turn=$((turn + 1))
    [ "$turn" -gt 2980 ] && sleep 0.02
  done 2>/dev/null
  # The kernel takes a map in one write; the printf of some shells writes line by line, that of the system does not.
  shifted() { if [ "$1" -gt 1 ]; then env printf '0 0 1\\n1000001 1 %d\\n' $(($1 - 1)); else echo 0 0 1; fi; }
  if shifted "$uids" >"/proc/$keeper/uid_map" && shifted "$gids" >"/proc/$keeper/gid_map"; then
    say survey begin
    nsenter --user --target "$keeper" --setuid 0 --setgid 0 find "$3" -xdev ! '(' '(' -uid 0 -o -uid +1000000 ')' '(' -gid 0 -o -gid +1000000 ')' ')' -printf 'foreign\\t%y\\t%U\\t%G\\t%n\\t%p\\0'
    say survey "end $?"
  fi
fi
say done ok
`;
