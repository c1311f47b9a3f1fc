# SPDX-License-Identifier: MIT
# The bench of the matrix unit:
#   make -f hw-model/tb/matrix/matrix.mk test-matrix | bench-matrix
BUILD ?= build
ifndef GEN
include tools/flags.mk
include hw-model/gen/gen.mk
endif
ifndef MATRIX_SRC
include hw-model/rtl/matrix/flags.mk
endif

MATRIX_TB := hw-model/tb/matrix
MATRIX_TB_REF := $(addprefix hw-model/numerics/,ash_num.c ash_matrix_ref.c)
MATRIX_STREAMS_tiny := 1500
MATRIX_STREAMS_sim := 60
TESTS += test-matrix
BENCHES += bench-matrix

$(BUILD)/matrix/%/matrix-tb: $(GEN)/%/ash_board_pkg.sv $(GEN)/%/ash_board.h $(GEN)/ash_regs_pkg.sv \
		hw-model/rtl/ash_pkg.sv $(MATRIX_SRC) $(MATRIX_TB)/ash_matrix_tb.sv \
		$(MATRIX_TB)/matrix_tb.cpp $(MATRIX_TB_REF) hw-model/numerics/ash_num.h hw-model/numerics/ash_units.h
	@mkdir -p $(@D)/obj
	for f in $(MATRIX_TB_REF); do $(CC) $(CFLAGS_COMMON) -Idriver/abi -c $$f -o $(@D)/$$(basename $$f .c).o || exit 1; done
	$(VERILATOR) --cc --exe -Wall --assert $(MATRIX_VERILATOR_FLAGS) --Mdir $(@D)/obj -o ../matrix-tb \
		-CFLAGS "-O2 -Wall -I$(abspath $(GEN)/$*) -I$(abspath hw-model/numerics) -I$(abspath driver/abi)" \
		--top-module ash_matrix_tb $(GEN)/$*/ash_board_pkg.sv $(GEN)/ash_regs_pkg.sv hw-model/rtl/ash_pkg.sv \
		$(MATRIX_SRC) $(MATRIX_TB)/ash_matrix_tb.sv $(abspath $(MATRIX_TB)/matrix_tb.cpp) \
		$(addprefix $(abspath $(@D))/,$(notdir $(MATRIX_TB_REF:.c=.o)))
	+$(MAKE) --no-print-directory -s -C $(@D)/obj -f Vash_matrix_tb.mk $(MATRIX_OPT)

.PHONY: test-matrix bench-matrix
test-matrix: $(BUILD)/matrix/tiny/matrix-tb $(BUILD)/matrix/sim/matrix-tb
	$(BUILD)/matrix/tiny/matrix-tb 1 $(MATRIX_STREAMS_tiny)
	$(BUILD)/matrix/sim/matrix-tb 1 $(MATRIX_STREAMS_sim)

bench-matrix: $(BUILD)/matrix/sim/matrix-tb
	$(BUILD)/matrix/sim/matrix-tb bench
