# SPDX-License-Identifier: MIT
# The bench of the shared RTL:
#   make -f hw-model/tb/lib/lib.mk test-lib-rtl
BUILD ?= build
ifndef GEN
include tools/flags.mk
GEN := $(BUILD)/gen
endif

LIB_TB := hw-model/tb/lib
LIB_TB_SV := $(addprefix hw-model/rtl/lib/,ash_fp_pkg.sv ash_fn_pkg.sv ash_func_pkg.sv ash_fifo.sv) $(LIB_TB)/ash_lib_tb.sv
LIB_TB_REF := $(addprefix hw-model/numerics/,ash_num.c ash_fn.c)
TESTS += test-lib-rtl

$(BUILD)/lib-tb/lib-tb: $(LIB_TB_SV) $(LIB_TB)/lib_tb.cpp $(LIB_TB_REF) hw-model/numerics/ash_num.h hw-model/numerics/ash_fn_table.h
	@mkdir -p $(@D)/obj
	for f in $(LIB_TB_REF); do $(CC) $(CFLAGS_COMMON) -c $$f -o $(@D)/$$(basename $$f .c).o || exit 1; done
	$(VERILATOR) --cc --exe -Wall --assert -O3 --x-assign fast --x-initial fast --Mdir $(@D)/obj -o ../lib-tb \
		-CFLAGS "-O2 -Wall -I$(abspath hw-model/numerics)" --top-module ash_lib_tb $(LIB_TB_SV) \
		$(abspath $(LIB_TB)/lib_tb.cpp $(@D)/ash_num.o $(@D)/ash_fn.o)
	+$(MAKE) --no-print-directory -s -C $(@D)/obj -f Vash_lib_tb.mk OPT_FAST=-O2

.PHONY: test-lib-rtl
test-lib-rtl: $(BUILD)/lib-tb/lib-tb
	$(BUILD)/lib-tb/lib-tb
