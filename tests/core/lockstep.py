#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares every instruction of a program on the core with QEMU: pc and all 31 registers.

  lockstep.py BENCH ELF [STALL_SEED]

QEMU prints its registers before each instruction (`-d cpu`, one instruction a block); the core
prints what each instruction wrote. Both are read as they come, nothing is kept.
"""
import re
import struct
import subprocess
import sys


def one_insn_flags(qemu):
    out = subprocess.run([qemu, "--version"], stdout=subprocess.PIPE, check=True).stdout
    major = int(re.search(rb"version (\d+)", out).group(1))
    return ["-singlestep"] if major < 8 else ["-accel", "tcg,one-insn-per-tb=on"]


class States:
    """QEMU's register dumps. All are of one length, found from the first two."""

    def __init__(self, stream):
        self.stream = stream
        self.buf = b""
        self.at = 0
        while self.buf.count(b"\n pc ") < 3:
            self._more()
        first, second = [m.start() for m in re.finditer(rb"\n pc ", self.buf)][:2]
        self.size = second - first
        self.at = first
        self.pc = 1 + len(" pc       ")
        x0 = self.buf.index(b"x0/zero", first) - first
        end = self.buf.index(b"\n", self.buf.index(b"x31/", first)) - first
        self.regs = slice(x0, end)
        block = self.buf[first + x0:first + end]
        # where the eight digits of each register are within the block
        self.where = [re.search(rb"\bx%d/\S+ +" % i, block).end() for i in range(32)]

    def _more(self):
        got = self.stream.read(1 << 20)
        if not got:
            raise EOFError
        self.buf = self.buf[self.at:] + got
        self.at = 0

    def next(self):
        while len(self.buf) - self.at < self.size:
            self._more()
        rec = self.buf[self.at:self.at + self.size]
        self.at += self.size
        return rec[self.pc:self.pc + 8], rec[self.regs]


def compare(bench, elf, seed=0, qemu="qemu-system-riscv32", max_cycles=100000000):
    """(instructions compared, None or what differed)"""
    with open(elf, "rb") as f:
        entry = b"%08x" % struct.unpack("<I", f.read(28)[24:])[0]
    ref = subprocess.Popen([qemu, "-M", "virt", "-m", "64", "-bios", "none", "-display", "none",
                            "-serial", "null", "-monitor", "none", "-kernel", elf,
                            "-d", "nochain,cpu"] + one_insn_flags(qemu),
                           stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    dut = subprocess.Popen([bench, "--stall-seed", str(seed), "--max-cycles", str(max_cycles),
                            "--trace", "/dev/stderr", elf],
                           stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    count = 0
    try:
        states = States(ref.stderr)
        pc, regs = states.next()
        while pc != entry:
            pc, regs = states.next()
        mine = bytearray(regs)
        where = states.where
        for line in dut.stderr:
            f = line.split()
            if len(f) < 2 or len(f[0]) != 8:
                continue
            if f[0] != pc:
                return count, "after %d: pc %s, QEMU %s" % (count, f[0].decode(), pc.decode())
            if mine != regs:
                bad = [i for i in range(32) if mine[where[i]:where[i] + 8] != regs[where[i]:where[i] + 8]]
                return count, "after %d, before pc %s: %s" % (count, pc.decode(), ", ".join(
                    "x%d %s, QEMU %s" % (i, mine[where[i]:where[i] + 8].decode(),
                                         regs[where[i]:where[i] + 8].decode()) for i in bad))
            if len(f) >= 4 and f[2][:1] == b"x":
                at = where[int(f[2][1:])]
                mine[at:at + 8] = f[3]
            count += 1
            try:
                pc, regs = states.next()
            except EOFError:
                # QEMU ends at the store that ends the program, a little before the bench.
                rest = sum(1 for _ in dut.stderr)
                if rest > 64:
                    return count, "QEMU ended after %d, the core runs on" % count
                break
    finally:
        for p in (ref, dut):
            p.kill()
            p.stderr.close()
            p.wait()
    return count, None if count else "nothing compared"


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    count, why = compare(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 0)
    print("%d instructions, %s" % (count, why or "no difference"))
    sys.exit(1 if why else 0)


if __name__ == "__main__":
    main()
