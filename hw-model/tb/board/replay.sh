#!/bin/sh
# SPDX-License-Identifier: MIT
#
# replay.sh FOLDER MODEL REPLAY
#
# Records a run of the board bench and replays it; then spoils the log in
# several ways, each of which the replay must notice.
set -u
folder=$1
model=$2
replay=$3
log=$folder/run.log
bad=$folder/bad.log
passed=0
failed=0

# expect STATUS WORDS LOG: the replay ends so and says WORDS
expect() {
	said=$("$replay" "$model" "$3" 2>&1)
	status=$?
	if [ $status -eq "$1" ] && echo "$said" | grep -q -- "$2"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "replay: status $status, expected $1 and \"$2\": $said"
	fi
}

# flip OFFSET: the log with one byte changed
flip() {
	cp "$log" "$bad"
	byte=$(od -An -tu1 -j "$1" -N 1 "$log")
	printf "$(printf '\\%03o' $((byte ^ 1)))" |
		dd of="$bad" bs=1 seek="$1" conv=notrunc 2>/dev/null
}

"$folder/board_tb" "$folder/rom.bin" "$folder/kernel.bin" "$folder" "$log" || exit 1
bytes=$(stat -c %s "$log")
rom=$(stat -c %s "$folder/rom.bin")
first=$((8 + 8 + 4 + 4 + 8 + rom))	# offset of the first record

expect 0 "equal" "$log"
expect 0 "equal" "$log"
head -c $((bytes / 2)) "$log" >"$bad"
expect 2 "cut off" "$bad"
head -c $((bytes - 9)) "$log" >"$bad"	# no end record
expect 2 "cut off" "$bad"
cat "$log" "$folder/rom.bin" >"$bad"
expect 2 "follow its end" "$bad"
flip 0
expect 2 "not a log" "$bad"
flip 16	# board name
expect 2 "the log is of board" "$bad"
flip $((first))	# kind of the first record
expect 2 "unknown record\|is bad" "$bad"
flip $((first + 40))	# a byte the host wrote: later reads differ
expect 1 "difference at record" "$bad"
flip $((bytes - 9 - 8 - 8))	# clocked cycles of the last operation
expect 1 "difference at record" "$bad"
: >"$bad"
expect 2 "not a log" "$bad"
expect 2 "cannot read" "$folder/no-such.log"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
