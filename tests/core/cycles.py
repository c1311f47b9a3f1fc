#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares the interpreter with the RTL core: every instruction, what it wrote,
whether it trapped, the cycle in which it left the execute stage, and the output.

  cycles.py RTL_BENCH RV32_RUN ELF...

Without memory stalls. What is named halt* runs with HALT_ON_TRAP, the benches
being RTL_BENCH's neighbour in tb-halt and RV32_RUN --halt-on-trap.
"""
import os
import subprocess
import sys
import threading

BLOCK = 1 << 20


def start(cmd, max_cycles):
    """The running bench, and the pipe of its trace."""
    r, w = os.pipe()
    p = subprocess.Popen(cmd[:1] + ["--max-cycles", str(max_cycles), "--trace-cycles", "--trace",
                                    "/dev/fd/%d" % w] + cmd[1:], pass_fds=[w],
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    os.close(w)
    return p, os.fdopen(r, "rb")


def difference(a, b, lines):
    """The first lines of two blocks of equal length that differ."""
    a, b = a.split(b"\n"), b.split(b"\n")
    for i, (x, y) in enumerate(zip(a, b)):
        if x != y:
            return "line %d: RTL '%s', interpreter '%s'" % (
                lines + i + 1, x.decode(errors="replace"), y.decode(errors="replace"))
    return "one trace ends at line %d" % (lines + min(len(a), len(b)))


def compare_traces(a, b):
    """(instructions, None or the first difference)"""
    lines = 0
    left = b""  # the same in both
    while True:
        x, y = left + a.read(BLOCK), left + b.read(BLOCK)
        if x != y:
            return lines, difference(x, y, lines)
        if x == left:
            return lines, None
        end = x.rfind(b"\n") + 1
        lines += x.count(b"\n")
        left = x[end:]


def drained(stream, into):
    into.append(stream.read())


def compare(rtl, fast, elf, max_cycles):
    one, trace1 = start(rtl + [elf], max_cycles)
    two, trace2 = start(fast + [elf], max_cycles)
    out1, out2 = [], []
    readers = [threading.Thread(target=drained, args=(p.stdout, o)) for p, o in ((one, out1), (two, out2))]
    for t in readers:
        t.start()
    count, why = compare_traces(trace1, trace2)
    if why:
        one.kill()
        two.kill()
    for t in readers:
        t.join()
    trace1.close()
    trace2.close()
    one.stdout.close()
    two.stdout.close()
    status1, status2 = one.wait(), two.wait()
    if not why and (status1, out1) != (status2, out2):
        why = "status %d and %d, output %r and %r" % (status1, status2, out1[0][-80:], out2[0][-80:])
    if not why and not count:
        why = "nothing compared"
    return count, why


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    rtl, fast = sys.argv[1:3]
    passed = failed = total = 0
    for elf in sys.argv[3:]:
        if os.path.basename(elf).startswith("halt"):
            top, name = os.path.split(rtl)
            benches = [os.path.join(os.path.dirname(top), "tb-halt", name)], [fast, "--halt-on-trap"]
        else:
            benches = [rtl], [fast]
        count, why = compare(*benches, elf, 1000000000)
        total += count
        if why:
            print("FAIL %s: %s" % (elf, why))
            failed += 1
        else:
            passed += 1
    print("%d instructions, their cycles and results compared with the RTL core's" % total)
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
