# SPDX-License-Identifier: MIT
# Tests of the generators: sanitized builds against bad input, and that the
# outputs kept in the tree are what the generators make.

TESTS += test-gen test-gen-drift

TGEN := $(BUILD)/tests/gen
TGEN_CFLAGS := $(filter-out -O2,$(CFLAGS_COMMON)) -O1 $(SAN_FLAGS_asan) -Idriver/abi -Ihw-model/gen

$(TGEN)/regsgen: $(REGSGEN_SRC) hw-model/gen/regs.h
	@mkdir -p $(@D)
	$(CC) $(TGEN_CFLAGS) $(REGSGEN_SRC) -o $@

$(TGEN)/boardgen: $(BOARDGEN_SRC) hw-model/gen/board.h driver/abi/ashlar_regs.h
	@mkdir -p $(@D)
	$(CC) $(TGEN_CFLAGS) $(BOARDGEN_SRC) -lfdt -o $@

$(TGEN)/test_board: tests/gen/test_board.c hw-model/gen/board_parse.c hw-model/gen/board.h driver/abi/ashlar_regs.h
	@mkdir -p $(@D)
	$(CC) $(TGEN_CFLAGS) tests/gen/test_board.c hw-model/gen/board_parse.c -lfdt -lcmocka -o $@

TGEN_DTBS := $(foreach b,$(BOARDS),$(GEN)/$(b)/board.dtb)

.PHONY: test-gen test-gen-drift
test-gen: $(TGEN)/regsgen $(TGEN)/boardgen $(TGEN)/test_board $(TGEN_DTBS)
	tests/gen/test-regs $(TGEN)/regsgen $(TGEN)/regs
	$(TGEN)/test_board
	tests/gen/test-board $(TGEN)/boardgen $(TGEN)/board $(TGEN_DTBS)
	$(CROSS)gcc -march=rv32imc -mabi=ilp32 -Idriver/abi -c tests/gen/regs_asm.S -o $(TGEN)/regs_asm.o
	@echo "1 passed, 0 failed"

test-gen-drift: $(GEN)/ashlar_regs.h $(GEN)/ash_fn_table.h
	@tests/gen/test-drift $(GEN)/ashlar_regs.h driver/abi/ashlar_regs.h \
		$(GEN)/registers.md hw-model/regs/registers.md \
		$(GEN)/ash_fn_table.h hw-model/numerics/ash_fn_table.h \
		$(GEN)/ash_fn_pkg.sv hw-model/rtl/lib/ash_fn_pkg.sv
