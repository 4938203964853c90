#include "image/build/unpack_script.h"

namespace hospes::image {

std::string_view unpack_script() {
    return R"(set -euo pipefail
exec 3>&1 >&2
epoch=$1
root=/work/root

# Programs are in /usr alone in a Debian of today; the packages still name both places.
mkdir -p $root/usr
for folder in bin sbin lib lib64; do
    mkdir $root/usr/$folder
    ln -s usr/$folder $root/$folder
done
for deb in debs/*.deb; do
    # Not dpkg-deb -x: that one does not take a link for one that is there already.
    ar p "$deb" data.tar.xz | tar -x -J -C $root
done

mkdir -p $root/debs $root/proc $root/sys $root/dev
mount -t proc proc $root/proc
mount -t sysfs sysfs $root/sys
mount -t devtmpfs devtmpfs $root/dev
mount -o bind debs $root/debs
printf '#!/bin/sh\nexit 101\n' >$root/usr/sbin/policy-rc.d
chmod 755 $root/usr/sbin/policy-rc.d
# Always by their whole path: busybox takes what it has itself for a bare word, in a chroot as well.
in_root() {
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 SOURCE_DATE_EPOCH=$epoch \
        HOME=/root DPKG_MAINTSCRIPT_DEBUG= chroot $root "$@" </dev/null
}
in_root /bin/sh -c 'dpkg --force-depends --force-unsafe-io --unpack /debs/*.deb'
in_root /usr/bin/dpkg --force-unsafe-io --configure --pending
umount $root/debs
rmdir $root/debs

cp files/etc/apt/sources.list $root/etc/apt/sources.list
cp files/etc/default/locale $root/etc/default/locale
cp files/etc/hostname files/etc/hosts files/etc/resolv.conf $root/etc/
rm -f $root/usr/sbin/policy-rc.d $root/var/log/dpkg.log $root/var/log/alternatives.log \
    $root/var/cache/ldconfig/aux-cache $root/var/lib/dbus/machine-id
rm -f $root/var/lib/dpkg/*-old
[ ! -e $root/etc/machine-id ] || : >$root/etc/machine-id
in_root /usr/bin/find /run /tmp -mindepth 1 ! -path /run/lock -delete
umount $root/sys

in_root /usr/bin/tar -C / --create --one-file-system --sort=name --numeric-owner --xattrs --mtime=@$epoch --clamp-mtime \
    --exclude=./proc/* --exclude=./dev/* --exclude=./sys/* . >&3
)";
}

}  // namespace hospes::image
