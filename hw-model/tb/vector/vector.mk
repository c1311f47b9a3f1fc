# SPDX-License-Identifier: MIT
# The bench of the vector unit:
#   make -f hw-model/tb/vector/vector.mk test-vector | bench-vector
BUILD ?= build
ifndef GEN
include tools/flags.mk
include hw-model/gen/gen.mk
endif
ifndef MATRIX_SRC
include hw-model/rtl/matrix/flags.mk
endif
include hw-model/rtl/vector/files.mk

VECTOR_TB := hw-model/tb/vector
VECTOR_TB_REF := $(addprefix hw-model/numerics/,ash_num.c ash_fn.c ash_vector_check.c ash_vector_ref.c)
VECTOR_TB_SRC := $(addprefix $(VECTOR_TB)/vector_,tb.cpp bench.cpp random.cpp timing.cpp values.cpp faults.cpp)
VECTOR_STREAMS_tiny := 3000
VECTOR_STREAMS_sim := 300
TESTS += test-vector
BENCHES += bench-vector

$(BUILD)/vector/%/vector-tb: $(GEN)/%/ash_board_pkg.sv $(GEN)/%/ash_board.h $(GEN)/ash_regs_pkg.sv \
		hw-model/rtl/ash_pkg.sv $(VECTOR_SRC) $(VECTOR_TB)/ash_vector_tb.sv \
		$(VECTOR_TB_SRC) $(VECTOR_TB)/vector_tb.h $(VECTOR_TB_REF) hw-model/numerics/ash_num.h hw-model/numerics/ash_units.h
	@mkdir -p $(@D)/obj
	for f in $(VECTOR_TB_REF); do $(CC) $(CFLAGS_COMMON) -Idriver/abi -c $$f -o $(@D)/$$(basename $$f .c).o || exit 1; done
	$(VERILATOR) --cc --exe -Wall --assert $(MATRIX_VERILATOR_FLAGS) --Mdir $(@D)/obj -o ../vector-tb \
		-CFLAGS "-std=c++17 -O2 -Wall -I$(abspath $(GEN)/$*) -I$(abspath hw-model/numerics) -I$(abspath driver/abi)" \
		--top-module ash_vector_tb $(GEN)/$*/ash_board_pkg.sv $(GEN)/ash_regs_pkg.sv hw-model/rtl/ash_pkg.sv \
		$(VECTOR_SRC) $(VECTOR_TB)/ash_vector_tb.sv $(abspath $(VECTOR_TB_SRC)) \
		$(addprefix $(abspath $(@D))/,$(notdir $(VECTOR_TB_REF:.c=.o)))
	+$(MAKE) --no-print-directory -s -C $(@D)/obj -f Vash_vector_tb.mk $(MATRIX_OPT)

.PHONY: test-vector bench-vector
test-vector: $(BUILD)/vector/tiny/vector-tb $(BUILD)/vector/sim/vector-tb
	$(BUILD)/vector/tiny/vector-tb 1 $(VECTOR_STREAMS_tiny)
	$(BUILD)/vector/sim/vector-tb 1 $(VECTOR_STREAMS_sim)

bench-vector: $(BUILD)/vector/sim/vector-tb
	$(BUILD)/vector/sim/vector-tb bench
