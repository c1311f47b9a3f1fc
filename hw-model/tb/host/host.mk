# SPDX-License-Identifier: MIT
# The host registers' bench.
HOST_TB := $(BUILD)/host-regs
HOST_SRC := $(call sv-packages,tiny) hw-model/rtl/host/ash_host_regs.sv

$(HOST_TB)/dtb.o: $(GEN)/tiny/board.dtb.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_COMMON) -I$(GEN)/tiny -c $< -o $@

$(HOST_TB)/host_tb: $(HOST_SRC) hw-model/tb/host/host_tb.cpp $(HOST_TB)/dtb.o
	@mkdir -p $(@D)
	$(VERILATOR) --cc --exe --build -j 2 -Wall --assert --top-module ash_host_regs --Mdir $(@D)/obj -o ../host_tb \
		-CFLAGS "-O1 -Wall -I$(abspath $(GEN)/tiny) -I$(abspath driver/abi)" $(HOST_SRC) \
		$(abspath hw-model/tb/host/host_tb.cpp $(HOST_TB)/dtb.o) >$(@D)/build.log 2>&1 || { cat $(@D)/build.log; exit 1; }

.PHONY: test-host
test-host: $(HOST_TB)/host_tb ## BAR0 register by register
	$(HOST_TB)/host_tb

TESTS += test-host
