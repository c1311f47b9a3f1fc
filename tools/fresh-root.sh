#!/bin/bash
# SPDX-License-Identifier: MIT
#
# fresh-root.sh bookworm|trixie COMMAND...
#
# Runs COMMAND, as root, in a clean clone of HEAD on a fresh minimal Debian of
# that name that has make and nothing else of ours:
#
#	tools/fresh-root.sh trixie make test
#
# The Debian comes from the mirror of this machine and is kept, packed, below
# build/fresh, with the packages that COMMAND downloads; the root itself is
# removed at the end. Mounts are made in a namespace of their own and so end
# with it, however it ends. Needs root, git and mmdebstrap. The exit status is
# COMMAND's. The build folder of the clone is left at build/fresh/SUITE-build.
set -euo pipefail

if [ $# -lt 2 ] || { [ "$1" != bookworm ] && [ "$1" != trixie ]; }; then
	echo "usage: fresh-root.sh bookworm|trixie COMMAND..." >&2
	exit 1
fi
suite=$1
shift
[ "$(id -u)" -eq 0 ] || { echo "fresh-root: only root may do this" >&2; exit 1; }
for tool in git mmdebstrap unshare; do
	command -v $tool >/dev/null ||
		{ echo "fresh-root: $tool is missing" >&2; exit 1; }
done

cd "$(dirname "$0")/.."
fresh=$PWD/build/fresh
mkdir -p "$fresh/$suite-archives"
# One run for a suite at a time: they share the packed root and the archives.
exec 9>"$fresh/$suite.lock"
flock -n 9 || { echo "fresh-root: $suite is in use by another run" >&2; exit 1; }

. tools/debian-mirror.sh

if [ ! -e "$fresh/$suite.tar" ]; then
	echo "fresh-root: making a minimal $suite (about a minute)"
	mmdebstrap --quiet --mode=root --variant=minbase --include=make \
		"${apt_options[@]/#/--aptopt=}" "$suite" "$fresh/$suite.new.tar" \
		"deb $mirror $suite main" >&2
	mv "$fresh/$suite.new.tar" "$fresh/$suite.tar"
fi

root=$fresh/$suite-root
trap 'rm -rf --one-file-system "$root"' EXIT
rm -rf --one-file-system "$root"
mkdir "$root"
tar -C "$root" -xf "$fresh/$suite.tar"
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
printf '%s\n' 'Binary::apt::APT::Keep-Downloaded-Packages "1";' \
	"${apt_options[@]}" >"$root/etc/apt/apt.conf.d/99fresh"
git clone -q --no-local --depth 1 "file://$PWD" "$root/root/ashlar"

status=0
# $0 is the root, $1 the archives, then the command.
unshare --mount --pid --fork --kill-child --propagation private bash -c '
	set -e
	root=$0
	mount -t proc proc "$root/proc"
	mount -t devpts -o ptmxmode=666 devpts "$root/dev/pts"
	mount --bind "$1" "$root/var/cache/apt/archives"
	mount -t tmpfs tmpfs "$root/tmp"
	shift
	# Not exec: the first process of the namespace has to stay this one.
	env -i HOME=/root TERM=dumb LC_ALL=C.UTF-8 \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		${http_proxy:+http_proxy="$http_proxy"} \
		chroot "$root" sh -c "cd /root/ashlar && exec \"\$@\"" sh "$@" || exit $?
' "$root" "$fresh/$suite-archives" "$@" </dev/null || status=$?

rm -rf "$fresh/$suite-build"
[ ! -d "$root/root/ashlar/build" ] ||
	mv "$root/root/ashlar/build" "$fresh/$suite-build"
exit $status
