#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the directed tests and runs each without memory stalls and with several seeds of them.
#   directed.sh BENCH HALT_BENCH OUT [SEEDS]
set -eu
bench=$1 halt=$2 out=$3 seeds=${4:-6}
here=$(dirname "$0")
# No relaxation: the alignments that the tests choose are the assembler's.
cc="${RISCV:-riscv64-unknown-elf-}gcc -march=rv32imc -mabi=ilp32 -mno-relax --specs=picolibc.specs -nostartfiles -Wall
 -Wl,--no-warn-rwx-segments -Wl,-z,max-page-size=4096 -T $here/rt/link.ld"
mkdir -p "$out"
passed=0 failed=0

# one NAME COMMAND...: counts it as passed if the command succeeds
one() {
	what=$1
	shift
	if "$@" >"$out/last.log" 2>&1; then
		passed=$((passed + 1))
	else
		echo "FAIL $what (status $?): $*"
		cat "$out/last.log"
		failed=$((failed + 1))
	fi
}

for src in "$here"/directed/*.[Sc]; do
	name=$(basename "$src")
	elf=$out/$name.elf
	case $name in
	halt.S) continue ;;
	*.c) $cc -O1 "$here/rt/crt0.S" "$here/rt/rt.c" "$src" -o "$elf" ;;
	*) $cc "$src" -o "$elf" ;;
	esac
	seed=0 last=$seeds
	[ "$name" != timing.S ] || last=0
	while [ $seed -le "$last" ]; do
		one "$name seed $seed" "$bench" --max-cycles 5000000 --stall-seed $seed "$elf"
		seed=$((seed + 1))
	done
done

sed -n 's/^ \* expect \([0-9]*\): //p' "$here/directed/halt.S" >"$out/halt.expect"
n=0
while read -r want; do
	n=$((n + 1))
	elf=$out/halt$n.elf
	$cc -DCASE=$n "$here/directed/halt.S" -o "$elf"
	seed=0
	while [ $seed -le "$seeds" ]; do
		one "halt $n seed $seed" sh -c '
			got=$("$1" --max-cycles 100000 --stall-seed "$2" "$3") || [ $? = 125 ] || exit
			[ "$got" = "$4" ] || { echo "got: $got"; echo "want: $4"; exit 1; }' \
			sh "$halt" $seed "$elf" "$want"
		seed=$((seed + 1))
	done
done <"$out/halt.expect"

echo "$passed passed, $failed failed"
[ $failed = 0 ]
