#!/bin/sh
# Starts bk-doctor with the loader and the libraries that lie beside it. Without a shell:
# DIRECTORY/lib/ld-linux-x86-64.so.2 --library-path DIRECTORY/lib DIRECTORY/lib/bk-doctor
self=$0
case $self in */*) ;; *) self=./$self ;; esac
while [ -h "$self" ]; do
  to=$(readlink "$self") || exit 3
  case $to in /*) self=$to ;; *) self=${self%/*}/$to ;; esac
done
here=$(cd "${self%/*}" && pwd -P) || exit 3
exec "$here/lib/ld-linux-x86-64.so.2" --library-path "$here/lib" "$here/lib/bk-doctor" "$@"
