#!/bin/sh
# What a machine has beyond a fresh Debian: furnish.sh ROOT NAME PUBLIC-KEY
set -eu
root=$1 name=$2 key=$3
echo "$name" >"$root/etc/hostname"
printf '127.0.0.1 localhost %s\n::1 localhost\n' "$name" >"$root/etc/hosts"
# /usr/local is a disk of its own with Node, bk-doctor and the judge, made anew for each run.
label=
case $name in selinux) label=,context=system_u:object_r:bin_t:s0 ;; esac
printf '/dev/vda / ext4 defaults,errors=remount-ro 0 1\n/dev/vdb /usr/local ext4 ro,nofail%s 0 0\n' "$label" >"$root/etc/fstab"
cat >"$root/etc/systemd/network/10-machine.network" <<'NETWORK'
[Match]
Name=eth0
[Network]
Address=10.0.2.15/24
LinkLocalAddressing=no
IPv6AcceptRA=no
NETWORK
chroot "$root" systemctl -q enable systemd-networkd
# Nothing begins by itself while something is compared.
for unit in systemd-networkd-wait-online.service systemd-timesyncd.service e2scrub_reap.service \
  apt-daily.timer apt-daily-upgrade.timer man-db.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \
  nfs-server.service nfs-kernel-server.service nfs-blkmap.service rpcbind.service rpcbind.socket nfs-client.target; do
  chroot "$root" systemctl -q mask "$unit" 2>/dev/null || true
done
printf 'UseDNS no\nAcceptEnv *\n' >>"$root/etc/ssh/sshd_config"
chroot "$root" useradd --create-home --shell /bin/bash alice
echo 'alice ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/alice"
# So that what the judge makes there is no trace of a repair.
mkdir -p "$root/home/alice/.config/buildkit" "$root/home/alice/.local/share"
chroot "$root" chown -R alice: /home/alice
for home in root home/alice; do
  mkdir -p -m 700 "$root/$home/.ssh"
  install -m 600 "$key" "$root/$home/.ssh/authorized_keys"
done
chroot "$root" chown -R alice: /home/alice/.ssh
: >"$root/etc/machine-id"
rm -rf "$root/var/lib/apt/lists/"* "$root/usr/share/doc" "$root/usr/share/man" "$root/usr/share/locale"
case $name in
  selinux)
    mount -t proc proc "$root/proc"
    chroot "$root" setfiles -F /etc/selinux/default/contexts/files/file_contexts / || true
    umount "$root/proc" ;;
esac
