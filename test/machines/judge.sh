#!/bin/bash
# What really happens, as the calling account: buildkitd is started as it would be (root's own by itself, another one's through
# rootlesskit), or the one at ADDRESS is asked, and builds FROM scratch with a RUN that gives a file away.
# Prints "built SNAPSHOTTER", or "failed start|build" and the last lines. Without a buildkitd the chain of packages judges.
# Env: DAEMON_FLAGS, KIT_FLAGS, ADDRESS
set -u
kit=(rootlesskit ${KIT_FLAGS:-})
[ "$(id -u)" = 0 ] && kit=()
work=$(mktemp -d 2>/dev/null || mktemp -d -p /dev/shm) || exit 9
trap 'rm -rf "$work"' EXIT
chain=/usr/local/lib/bk-doctor/chain
if [ -e "$chain" ]; then
  [ "${#kit[@]}" = 0 ] && kit=(unshare --mount)
  "${kit[@]}" sh "$chain" >"$work/log" 2>&1
  if [ "$(tail -n 1 "$work/log")" = built ]; then echo "built $(head -n 1 "$work/log")"; exit 0; fi
  echo "failed start"; tail -n 3 "$work/log"; exit 1
fi
address=${ADDRESS:-}
pid=
if [ -z "$address" ]; then
  timeout 200 "${kit[@]}" buildkitd ${DAEMON_FLAGS:-} >"$work/log" 2>&1 &
  pid=$!
  for _ in $(seq 400); do
    address=$(sed -n 's/.*running server on \([^ "\\]*\).*/\1/p' "$work/log" | head -n 1)
    [ -n "$address" ] && break
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.3
  done
  if [ -z "$address" ]; then
    kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null
    echo "failed start"; grep -vE '^(runtime|main|github|	|goroutine|$)' "$work/log" | tail -n 3; exit 1
  fi
  case $address in *://*) ;; /*) address=unix://$address ;; *) address=tcp://$address ;; esac
fi
mkdir "$work/context"
cp /bin/busybox "$work/context/"
cat >"$work/context/Dockerfile" <<'DOCKERFILE'
FROM scratch
COPY busybox /busybox
RUN ["/busybox", "sh", "-c", "/busybox touch /x && /busybox chown 65534:65534 /x"]
DOCKERFILE
timeout 200 buildctl --addr "$address" build --frontend dockerfile.v0 --no-cache --progress=plain \
  --local context="$work/context" --local dockerfile="$work/context" >"$work/build" 2>&1
code=$?
snapshotter=$(buildctl --addr "$address" debug workers -v 2>/dev/null | sed -n 's/.*worker.snapshotter:[[:space:]]*//p' | head -n 1)
if [ "$code" = 0 ]; then echo "built $snapshotter"; else echo "failed build"; grep -v '^-*$' "$work/build" | tail -n 3; fi
[ -n "$pid" ] && { kill "$pid"; wait "$pid" 2>/dev/null; }
exit "$code"
