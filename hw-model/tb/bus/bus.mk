# SPDX-License-Identifier: MIT
# The interconnect's bench: all masters at random, memory channels and host.
BUS_TB := $(BUILD)/bus
BUS_SRC := $(call sv-packages,sim) $(addprefix hw-model/rtl/,lib/ash_fifo.sv bus/ash_rr.sv \
	bus/ash_bus_net.sv bus/ash_bus.sv mem/ash_delay.sv mem/ash_mem.sv host/ash_host_dma.sv) \
	hw-model/tb/bus/ash_bus_tb.sv

$(BUS_TB)/bus_tb: $(BUS_SRC) hw-model/tb/bus/bus_tb.cpp
	@mkdir -p $(@D)
	$(VERILATOR) --cc --exe --build -j 2 -Wall --assert --top-module ash_bus_tb --Mdir $(@D)/obj -o ../bus_tb \
		-CFLAGS "-O1 -Wall -I$(abspath $(GEN)/sim)" $(BUS_SRC) $(abspath hw-model/tb/bus/bus_tb.cpp) >$(@D)/build.log 2>&1 || \
		{ cat $(@D)/build.log; exit 1; }

.PHONY: test-bus
test-bus: $(BUS_TB)/bus_tb ## the interconnect under random traffic
	$(BUS_TB)/bus_tb

TESTS += test-bus
