# SPDX-License-Identifier: MIT
# The copy engine's bench.
COPY_TB := $(BUILD)/copy
COPY_SRC := $(call sv-packages,tiny) $(addprefix hw-model/rtl/,lib/ash_fifo.sv mp/ash_copy.sv)

$(COPY_TB)/copy_tb: $(COPY_SRC) hw-model/tb/copy/copy_tb.cpp
	@mkdir -p $(@D)
	$(VERILATOR) --cc --exe --build -j 2 -Wall --assert --top-module ash_copy --Mdir $(@D)/obj -o ../copy_tb \
		-CFLAGS "-O1 -Wall -I$(abspath $(GEN)/tiny) -I$(abspath driver/abi)" $(COPY_SRC) \
		$(abspath hw-model/tb/copy/copy_tb.cpp) >$(@D)/build.log 2>&1 || { cat $(@D)/build.log; exit 1; }

.PHONY: test-copy
test-copy: $(COPY_TB)/copy_tb ## random copies between all spaces
	$(COPY_TB)/copy_tb

TESTS += test-copy
