#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs C programs nobody here wrote on QEMU and on the control core.

  run.py torture  programs of gcc.c-torture/execute. What QEMU passes the core must pass;
                  what does not compile, or QEMU does not pass, is counted and left out.
  run.py csmith   random programs. The checksum printed must be the same on both.

The programs are taken from --src, everything made goes to --out. Each program runs on the
core without memory stalls and, with --stalls, again with seeded random ones; with --lockstep
the short ones are also compared with QEMU instruction by instruction.
"""
import argparse
import concurrent.futures as cf
import hashlib
import os
import re
import subprocess
import sys
import time

sys.dont_write_bytecode = True  # nothing is made in the source tree
import lockstep  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
FLAGS = ["-march=rv32imc", "-mabi=ilp32", "--specs=picolibc.specs", "-nostartfiles", "-w",
         "-Wl,--no-warn-rwx-segments", "-Wl,-z,max-page-size=4096",
         "-T" + os.path.join(HERE, "rt", "link.ld")]
LONG = 5000000  # cycles of a program that is not run again with stalls
# A program's own options; those that hang on a target are not looked at.
DG = re.compile(r'\{\s*dg-(?:additional-)?options\s+"([^"]*)"\s*\}')


def run(cmd, seconds):
    """Exit status and output; 'timeout' for the status of what did not end."""
    try:
        p = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           stdin=subprocess.DEVNULL, timeout=seconds, check=False)
        return p.returncode, p.stdout
    except subprocess.TimeoutExpired:
        return "timeout", b""


def qemu(args, elf):
    return run([args.qemu, "-M", "virt", "-m", "64", "-bios", "none", "-display", "none",
                "-serial", "stdio", "-monitor", "none", "-kernel", elf], args.timeout)


def core(args, elf, seed):
    return run([args.core, "--max-cycles", str(args.max_cycles), "--stats",
                "--stall-seed", str(seed), elf], args.timeout * 20)


def split_stats(out):
    """The bench's output without its last line, and (cycles, retired) from that line."""
    lines = out.splitlines(keepends=True)
    cycles = retired = 0
    keep = []
    for line in lines:
        at = line.find(b"cycles ")
        if b" retired " in line and at >= 0:
            f = line[at:].split()
            cycles, retired = int(f[1]), int(f[3])
            line = line[:at]
        keep.append(line)
    return b"".join(keep), cycles, retired


def build_runtime(args, opt):
    objs = []
    for name in ("crt0.S", "rt.c"):
        obj = os.path.join(args.out, "rt%s-%s.o" % (opt, name))
        subprocess.run([args.cc] + FLAGS[:4] + [opt, "-c", os.path.join(HERE, "rt", name), "-o", obj],
                       check=True)
        objs.append(obj)
    return objs


def one(args, job):
    """('ok' | 'skip' | 'fail', name, reason or instructions in lock-step, cycles, retired)"""
    name, src, opt, objs, extra = job
    elf = os.path.join(args.out, name + opt + ".elf")
    status, out = run([args.cc] + FLAGS + extra + [opt, src] + objs + ["-lm", "-o", elf], args.timeout * 6)
    if status != 0:
        return "skip", name + opt, "does not compile", 0, 0
    # QEMU's answer for the same bytes does not change.
    with open(elf, "rb") as f:
        key = hashlib.sha256(f.read()).hexdigest()
    ref = os.path.join(args.out, "qemu", key)
    if os.path.exists(ref):
        with open(ref, "rb") as f:
            want = f.read()
    else:
        status, want = qemu(args, elf)
        if status != 0:
            os.unlink(elf)
            return "skip", name + opt, "QEMU: %s" % status, 0, 0
        with open(ref + ".new%d" % os.getpid(), "wb") as f:
            f.write(want)
        os.replace(ref + ".new%d" % os.getpid(), ref)
    cycles = retired = 0
    for seed in [0] + ([args.stalls + len(name)] if args.stalls else []):
        if seed and cycles > LONG:
            continue
        status, out = core(args, elf, seed)
        out, cyc, ret = split_stats(out)
        if seed == 0:
            cycles, retired = cyc, ret
        if status != 0 or out != want:
            why = "status %s" % status if status != 0 else "output differs"
            return "fail", name + opt, "%s, stall seed %d, %s" % (why, seed, elf), cycles, retired
    steps = 0
    if retired <= args.lockstep:
        steps, why = lockstep.compare(args.core, elf, args.stalls, args.qemu)
        if why:
            return "fail", name + opt, "lock-step %s, %s" % (why, elf), cycles, retired
    if not args.keep:
        os.unlink(elf)
    return "ok", name + opt, steps, cycles, retired


def torture_jobs(args):
    names = []
    for top, _, files in os.walk(args.src):
        names += [os.path.join(top, f) for f in files if f.endswith(".c") and "builtins" not in top]
    names.sort()
    if args.only:
        names = [n for n in names if args.only in n]
    if args.limit and args.limit < len(names):  # spread over the whole list, always the same
        names = [names[i * len(names) // args.limit] for i in range(args.limit)]
    for opt in args.opt.split(","):
        objs = build_runtime(args, opt)
        for n in names:
            name = os.path.relpath(n, args.src)[:-2].replace(os.sep, "_")
            with open(n, encoding="latin-1") as f:
                own = [o for m in DG.findall(f.read()) for o in m.split()]
            yield name, n, opt, objs, own


def csmith_jobs(args):
    objs = build_runtime(args, "-O2")
    for seed in range(args.first, args.first + args.limit):
        src = os.path.join(args.out, "csmith-%d.c" % seed)
        if not os.path.exists(src):
            # It leaves a platform.info where it runs.
            subprocess.run([args.csmith, "--seed", str(seed), "--no-argc", "--output",
                            os.path.basename(src)],
                           cwd=args.out, check=True, stdout=subprocess.DEVNULL)
        for opt in args.opt.split(","):
            yield "csmith-%d" % seed, src, opt, objs, ["-I" + args.src]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("what", choices=["torture", "csmith"])
    p.add_argument("--src", required=True, help="folder of the programs, or of csmith.h")
    p.add_argument("--out", required=True)
    p.add_argument("--core", required=True, help="the bench")
    p.add_argument("--opt", default="-O2", help="compiler levels, comma separated")
    p.add_argument("--limit", type=int, default=0, help="how many programs (0: all)")
    p.add_argument("--first", type=int, default=1, help="first csmith seed")
    p.add_argument("--only", default="", help="programs with this in their name")
    p.add_argument("--stalls", type=int, default=0, help="also run with memory stalls from this seed")
    p.add_argument("--lockstep", type=int, default=0, metavar="N",
                   help="compare programs of up to N instructions step by step")
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--timeout", type=int, default=10, help="seconds for QEMU; the core gets 20 times that")
    p.add_argument("--max-cycles", type=int, default=100000000)
    p.add_argument("--max-skip", type=int, default=-1, help="fail if more than this many are left out")
    p.add_argument("--keep", action="store_true", help="keep the ELF files")
    p.add_argument("--cc", default="riscv64-unknown-elf-gcc")
    p.add_argument("--qemu", default="qemu-system-riscv32")
    p.add_argument("--csmith", default="csmith")
    args = p.parse_args()
    os.makedirs(os.path.join(args.out, "qemu"), exist_ok=True)

    begin = time.time()
    jobs = list(torture_jobs(args) if args.what == "torture" else csmith_jobs(args))
    if not jobs:
        sys.exit("no programs in " + args.src)
    with cf.ThreadPoolExecutor(args.jobs) as pool:
        results = list(pool.map(lambda j: one(args, j), jobs))

    passed = [r for r in results if r[0] == "ok"]
    failed = [r for r in results if r[0] == "fail"]
    skipped = [r for r in results if r[0] == "skip"]
    cycles, retired = sum(r[3] for r in passed), sum(r[4] for r in passed)
    with open(os.path.join(args.out, args.what + ".log"), "w", encoding="utf-8") as log:
        for r in results:
            log.write("%s %s %s %d %d\n" % r)
    reasons = {}
    for r in skipped:
        reasons[r[2]] = reasons.get(r[2], 0) + 1
    for r in sorted(failed, key=lambda r: r[1]):
        print("FAIL %s: %s" % (r[1], r[2]))
    for why in sorted(reasons):
        print("left out, %s: %d" % (why, reasons[why]))
    print("%s: %d left out, %.0f s; %d instructions, CPI %.3f, %d in lock-step" % (
        args.what, len(skipped), time.time() - begin, retired,
        cycles / retired if retired else 0, sum(r[2] for r in passed)))
    print("%d passed, %d failed" % (len(passed), len(failed)))
    if args.max_skip >= 0 and len(skipped) > args.max_skip:
        print("more left out than expected (%d)" % args.max_skip)
        sys.exit(1)
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
