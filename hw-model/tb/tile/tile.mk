# SPDX-License-Identifier: MIT
# Bench of a whole tile, with core, matrix and vector unit, on the tiny board.
# Alone: make -f hw-model/tb/tile/tile.mk test-tile
include hw-model/tb/tile/tile_rtl.mk
ifndef MATRIX_SRC
include hw-model/rtl/matrix/flags.mk
endif

TESTS += test-tile

TILE_TB_DIR := hw-model/tb/tile
TILE_TB := $(TILE_BUILD)/tile-tiny/tile
TILE_KERNEL := $(TILE_BUILD)/kernel
TILE_KERNEL_SRC := $(addprefix $(TILE_TB_DIR)/,start.S kernel.c)

TILE_UNITS := core matrix vector
TILE_UNIT_PKG := $(sort $(wildcard hw-model/rtl/lib/*_pkg.sv $(TILE_UNITS:%=hw-model/rtl/%/*_pkg.sv)))
TILE_UNIT_RTL := $(sort $(wildcard $(TILE_UNITS:%=hw-model/rtl/%/*.sv)))
TILE_TB_RTL := $(TILE_UNIT_PKG) $(TILE_RTL)

.PHONY: test-tile
test-tile: $(TILE_TB) $(TILE_KERNEL).bin ## a tile with its core: kernels, faults, kills, latencies
	@text=0x$$($(CROSS)nm $(TILE_KERNEL).elf | sed -n 's/ .* text_end$$//p') && \
	$(TILE_TB_DIR)/run-benches "$(TILE_TB) $(TILE_KERNEL).bin $$text 1" \
		"$(TILE_TB) $(TILE_KERNEL).bin $$text 2 80"

$(TILE_KERNEL).elf: $(TILE_KERNEL_SRC) $(TILE_TB_DIR)/tests.h $(TILE_TB_DIR)/kernel.ld driver/abi/ashlar_regs.h
	@mkdir -p $(@D)
	@$(CROSS)gcc $(CFLAGS_BOARD) -fno-builtin -nostdlib -Wl,--no-warn-rwx-segments -Idriver/abi -T $(TILE_TB_DIR)/kernel.ld \
		$(TILE_KERNEL_SRC) -lgcc -o $@

$(TILE_KERNEL).bin: $(TILE_KERNEL).elf
	@$(CROSS)objcopy -O binary $< $@

$(TILE_TB): $(TILE_TB_RTL) $(TILE_UNIT_RTL) $(TILE_TB_DIR)/tile_tb.cpp $(TILE_TB_DIR)/tests.h \
		$(TILE_TB_DIR)/bus_model.h hw-model/rtl/ash_pkg.sv driver/abi/ashlar_regs.h \
		$(GEN)/ash_regs_pkg.sv $(GEN)/tiny/ash_board_pkg.sv $(GEN)/tiny/ash_board.h
	$(call tile-verilate,$@,tiny,ash_tile,-CFLAGS -I$(abspath driver/abi) \
		$(TILE_UNITS:%=-y hw-model/rtl/%) --unroll-count 72 $(filter +define+%,$(MATRIX_VERILATOR_FLAGS)),$(TILE_TB_RTL) $(abspath $(TILE_TB_DIR)/tile_tb.cpp))
