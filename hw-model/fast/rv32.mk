# SPDX-License-Identifier: MIT
# The interpreter of the fast model (rv32.h), and a bench of it by itself:
#   make rv32-run          build/fast/rv32-run, which takes what core-tb takes
#   make test-rv32         its tests, a minute
#   make rv32-lockstep     beside the RTL core: instructions and their cycles
#   make rv32-torture      all of GCC's torture programs, against QEMU
#   make bench-rv32        its speed beside QEMU's
RV32_DIR := hw-model/fast
RV32_BUILD := $(BUILD)/fast
# What the fast model is linked from.
FAST_CORE_C := rv32 rv32_csr rv32_decode rv32_loop rv32_memory rv32_slow
RV32_SRC := $(FAST_CORE_C:%=$(RV32_DIR)/%.c)
RV32_HEADERS := $(wildcard $(RV32_DIR)/rv32*.h) $(RV32_DIR)/rv32.mk
RV32_RUN := $(RV32_BUILD)/rv32-run

RV32_CFLAGS := $(filter-out -fsanitize%,$(CFLAGS_COMMON)) -fno-omit-frame-pointer
RV32_SAN := -fsanitize=address,undefined -fno-sanitize-recover=all

$(RV32_BUILD)/rv32-run: $(RV32_DIR)/test/rv32_run.c $(RV32_SRC) $(RV32_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(RV32_CFLAGS) $(filter %.c,$^) -o $@
# Once for both programs: the loop takes its time to compile with sanitizers.
RV32_ASAN_O := $(FAST_CORE_C:%=$(RV32_BUILD)/asan/%.o)
$(RV32_ASAN_O): $(RV32_BUILD)/asan/%.o: $(RV32_DIR)/%.c $(RV32_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(RV32_CFLAGS) -O1 $(RV32_SAN) -c $< -o $@
$(RV32_BUILD)/rv32-run-asan: $(RV32_DIR)/test/rv32_run.c $(RV32_ASAN_O)
	$(CC) $(RV32_CFLAGS) $(RV32_SAN) $^ -o $@
# As the bench that is built with HALT_ON_TRAP.
$(RV32_BUILD)/rv32-run-halt $(RV32_BUILD)/rv32-run-asan-halt: %-halt: %
	printf '#!/bin/sh\nexec "$$(dirname "$$0")"/$(<F) --halt-on-trap "$$@"\n' >$@
	chmod +x $@

.PHONY: rv32-run
rv32-run: $(RV32_RUN) $(RV32_RUN)-halt
ALL += $(RV32_RUN)

$(RV32_BUILD)/rv32-test: $(RV32_DIR)/test/rv32_test.c $(RV32_ASAN_O) tests/lib/counted.h
	$(CC) $(RV32_CFLAGS) $(RV32_SAN) -Itests/lib $(filter %.c %.o,$^) -lcmocka -o $@

# The bench of the RTL core (hw-model/tb/core/core.mk).
RV32_RTL := $(BUILD)/core/tb/core-tb $(BUILD)/core/tb-halt/core-tb
RV32_TORTURE := $(BUILD)/torture/execute
RV32_RUN_PY = tests/core/run.py $(1) --core $(RV32_RUN) --cc $(CROSS)gcc --jobs $(RV32_JOBS) --stalls 1
RV32_JOBS ?= 2
# Of each kind of tests/core/encodings.S, as many as are quick, and all.
RV32_ENCODINGS_SHORT := 0:0:65536 1:0:16384 2:0x3000:0x3480 2:0xb000:0xb080 3:0:4000
RV32_ENCODINGS := 0:0:65536 1:0:32768 2:0:65536 3:0:100000

.PHONY: test-rv32 rv32-lockstep rv32-torture bench-rv32
# The directed tests on the interpreter, and each of them beside the RTL core;
# sanitizers; torture programs against QEMU.
test-rv32: $(RV32_BUILD)/rv32-test $(RV32_RUN) $(RV32_RUN)-halt $(RV32_RUN)-asan $(RV32_RUN)-asan-halt \
		$(RV32_RTL) $(RV32_TORTURE)/.done
	$(RV32_BUILD)/rv32-test
	RISCV=$(CROSS) tests/core/directed.sh $(RV32_RUN) $(RV32_RUN)-halt $(RV32_BUILD)/directed
	RISCV=$(CROSS) tests/core/directed.sh $(RV32_RUN)-asan $(RV32_RUN)-asan-halt $(RV32_BUILD)/directed-asan 2
	tests/core/cycles.py $(firstword $(RV32_RTL)) $(RV32_RUN) $(RV32_BUILD)/directed/*.elf \
		$$(RISCV=$(CROSS) tests/core/encodings.sh $(RV32_BUILD) $(RV32_ENCODINGS_SHORT))
	$(call RV32_RUN_PY,torture) --src $(RV32_TORTURE) --out $(RV32_BUILD)/torture-short --opt=-O2 --limit 60 \
		--lockstep 3000
TESTS += test-rv32

# All encodings, random programs and torture programs beside the RTL core.
rv32-lockstep: $(RV32_RUN) $(RV32_RTL) $(RV32_TORTURE)/.done ## the interpreter beside the RTL core, instruction by instruction, cycle by cycle
	rm -f $(RV32_BUILD)/lockstep/*.elf
	$(call RV32_RUN_PY,csmith) --src /usr/include/csmith --out $(RV32_BUILD)/lockstep --limit 20 --opt=-O1,-O2 --keep
	$(call RV32_RUN_PY,torture) --src $(RV32_TORTURE) --out $(RV32_BUILD)/lockstep --opt=-O0,-Os --limit 100 --keep
	tests/core/cycles.py $(firstword $(RV32_RTL)) $(RV32_RUN) $(RV32_BUILD)/lockstep/*.elf \
		$$(RISCV=$(CROSS) tests/core/encodings.sh $(RV32_BUILD) $(RV32_ENCODINGS))

rv32-torture: $(RV32_RUN) $(RV32_TORTURE)/.done ## all of GCC's torture programs on the interpreter, against QEMU
	$(call RV32_RUN_PY,torture) --src $(RV32_TORTURE) --out $(RV32_BUILD)/torture --opt=-O0,-O2,-Os,-O3 \
		--lockstep 5000

RV32_BENCH := empty integer memory branches
$(RV32_BENCH:%=$(RV32_BUILD)/bench/%.elf): $(RV32_BUILD)/bench/%.elf: tests/core/bench/%.c
	@mkdir -p $(@D)
	$(CROSS)gcc -march=rv32imc -mabi=ilp32 --specs=picolibc.specs -nostartfiles -O2 -Wall \
		-Wl,--no-warn-rwx-segments -Wl,-z,max-page-size=4096 -Ttests/core/rt/link.ld \
		tests/core/rt/crt0.S tests/core/rt/rt.c $< -o $@

bench-rv32: $(RV32_RUN) $(RV32_BENCH:%=$(RV32_BUILD)/bench/%.elf) ## the interpreter's speed beside QEMU's
	tests/core/mips.py $(RV32_RUN) $(RV32_BENCH:%=$(RV32_BUILD)/bench/%.elf)
BENCHES += bench-rv32
