#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds encodings.S for ranges of encodings and prints the files' names.
#   encodings.sh OUT KIND:FIRST:LAST...
set -eu
out=$1
shift
here=$(dirname "$0")
mkdir -p "$out"
for range; do
	kind=${range%%:*} rest=${range#*:}
	elf=$out/encodings-$kind-${rest%:*}-${rest#*:}.elf
	"${RISCV:-riscv64-unknown-elf-}gcc" -march=rv32imc -mabi=ilp32 -mno-relax \
		--specs=picolibc.specs -nostartfiles -Wall -Wl,--no-warn-rwx-segments \
		-Wl,-z,max-page-size=4096 -T "$here/rt/link.ld" -DKIND="$kind" \
		-DFIRST="${rest%:*}" -DLAST="${rest#*:}" "$here/encodings.S" -o "$elf"
	echo "$elf"
done
