#!/bin/sh
# All that a repair may change, a line for each thing: names, owners, modes, attributes, contents, kernel values, units, profiles.
places="/etc /home /root /usr/lib/sysctl.d /var/lib/buildkit /var/lib/systemd/linger"
for place in $places; do
  [ -e "$place" ] && find "$place" -xdev \
    \( -name .cache -o -name .ssh -o -path '*/share/buildkit' -o -path '*/state/bk-doctor' -o -name '.bk-doctor*' \) -prune \
    -o -type f -printf '%y %m %u %g %p ' -exec sha256sum {} \; \
    -o \( -type l -o -type d \) -printf '%y %m %u %g %p %l\n'
done | grep -vE '/etc/(machine-id|mtab|resolv.conf|adjtime|ld.so.cache|.pwd.lock)|bash_history' | sort
getfattr -R -h -d -m '^(security|system|trusted)' /etc/subuid /etc/subgid /etc/sysctl.d /etc/apparmor.d /usr/bin/newuidmap /usr/bin/newgidmap 2>/dev/null
stat -c '%a %U %G %n' /usr/bin/newuidmap /usr/bin/newgidmap /dev/fuse 2>/dev/null
sysctl -a 2>/dev/null | grep -E '^(user\.max|kernel\.(unprivileged|apparmor|keys\.max)|fs\.inotify\.max|net\.ipv4\.ip_unprivileged)'
cat /sys/kernel/security/apparmor/profiles 2>/dev/null | sort
systemctl list-unit-files --no-legend 'buildkit*' 2>/dev/null
systemctl list-units --all --no-legend --plain 'buildkit*' 2>/dev/null
ls /var/lib/systemd/linger 2>/dev/null
true
