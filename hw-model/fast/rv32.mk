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
$(RV32_BUILD)/rv32-run-asan: $(RV32_DIR)/test/rv32_run.c $(RV32_SRC) $(RV32_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(RV32_CFLAGS) $(RV32_SAN) $(filter %.c,$^) -o $@
# As the bench that is built with HALT_ON_TRAP.
$(RV32_BUILD)/rv32-run-halt $(RV32_BUILD)/rv32-run-asan-halt: %-halt: %
	printf '#!/bin/sh\nexec "$$(dirname "$$0")"/$(<F) --halt-on-trap "$$@"\n' >$@
	chmod +x $@

.PHONY: rv32-run
rv32-run: $(RV32_RUN) $(RV32_RUN)-halt
ALL += $(RV32_RUN)
