#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The interpreter's speed beside that of QEMU, for the same programs.

  mips.py RV32_RUN EMPTY ELF...

Millions of instructions in a second of processor time, the best of three runs by
turns. What EMPTY, a program that ends at once, takes is taken off.
"""
import os
import re
import resource
import subprocess
import sys

QEMU = ["qemu-system-riscv32", "-M", "virt", "-m", "64", "-bios", "none", "-display", "none",
        "-serial", "null", "-monitor", "none", "-kernel"]
RUNS = 3


def seconds(cmd):
    """Processor time of all its threads, and what it wrote to stderr."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    p = subprocess.run(cmd, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.PIPE)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, p.stderr


def rate(count, times, start):
    return count / max(min(times) - start, 1e-3) / 1e6


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    mine = [sys.argv[1], "--max-cycles", str(10 ** 12), "--stats"]
    empty = sys.argv[2]
    my_start = min(seconds(mine + [empty])[0] for _ in range(RUNS))
    ref_start = min(seconds(QEMU + [empty])[0] for _ in range(RUNS))
    print("%-12s %13s %12s %11s %6s" % ("program", "instructions", "rv32 MIPS", "QEMU MIPS", "ratio"))
    for elf in sys.argv[3:]:
        my_times, ref_times = [], []
        for _ in range(RUNS):
            t, stats = seconds(mine + [elf])
            my_times.append(t)
            ref_times.append(seconds(QEMU + [elf])[0])
        count = int(re.search(rb"retired (\d+)", stats).group(1))
        mips, ref = rate(count, my_times, my_start), rate(count, ref_times, ref_start)
        print("%-12s %13d %12.0f %11.0f %6.2f" % (
            os.path.basename(elf).split(".")[0], count, mips, ref, mips / ref))


if __name__ == "__main__":
    main()
