#!/bin/sh
# SPDX-License-Identifier: MIT
#
# packages.sh demo|vm|test|bench|list
#
# Installs the Debian packages (12 or 13) that are missing; `list` prints the
# names. This is the one place that names them. `packages.sh guest` prints
# those of the guests' private Debian (tools/vm), but for the kernels.
set -eu

# To build and run everything.
build="make gcc g++ libc6-dev pkgconf
	verilator
	gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf
	device-tree-compiler libfdt-dev libdrm-dev zlib1g-dev"
# To run guests with the kernel driver, besides.
vm="mmdebstrap"
# To test it, besides. QEMU's RISC-V machine moved to a package of its own.
tests="libcmocka-dev clang-format python3 csmith libcsmith-dev xz-utils"
if [ "$(. /etc/os-release && echo "${VERSION_ID:-}")" = 12 ]; then
	tests="$tests qemu-system-misc"
else
	tests="$tests qemu-system-riscv"
fi
# To measure: what the functional model is compared with.
bench="libopenblas-dev"
# In the guests' Debian 13: the kernels' compilers and checkers, QEMU for x86;
# what a kernel is built with.
guest="gcc-14 gcc-14-for-host make pahole perl sparse
	qemu-system-x86 busybox-static cpio kmod xz-utils zstd
	flex bison bc libelf-dev libssl-dev"

case "${1:-}" in
demo) wanted=$build ;;
vm) wanted="$build $vm" ;;
test) wanted="$build $vm $tests" ;;
bench) wanted="$build $vm $tests $bench" ;;
list)
	echo $build $vm $tests $bench
	exit 0
	;;
guest)
	echo $guest
	exit 0
	;;
*)
	echo "usage: packages.sh demo|vm|test|bench|list|guest" >&2
	exit 1
	;;
esac

if ! command -v dpkg-query >/dev/null; then
	echo "packages: no dpkg here; install what matches these Debian packages:" $wanted >&2
	exit 1
fi

# A name that dpkg does not know is an error of dpkg-query, and missing.
installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' $wanted 2>/dev/null || true)
missing=
for package in $wanted; do
	echo "$installed" | grep -qx "$package installed" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "packages: missing:$missing" >&2
	echo "packages: only root may install them: apt-get install$missing" >&2
	exit 1
fi

echo "packages: installing from the distribution (a minute or two):$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
# The lists may be there and fresh enough; fetch them when they are not.
if ! apt-get install -y -q --no-install-recommends $missing >"$log" 2>&1; then
	if ! apt-get update -q >"$log" 2>&1 ||
		! apt-get install -y -q --no-install-recommends $missing >>"$log" 2>&1; then
		cat "$log" >&2
		echo "packages: apt-get could not install:$missing" >&2
		exit 1
	fi
fi
