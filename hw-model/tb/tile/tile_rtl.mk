# SPDX-License-Identifier: MIT
# What the benches dma, mmu and tile share: the tile's RTL without core, matrix
# and vector unit, and how a bench is built from it.
ifndef TILE_RTL

BUILD ?= build
VERILATOR ?= verilator
ifndef GEN
include tools/flags.mk hw-model/gen/gen.mk
endif

# The package first.
TILE_RTL := $(addprefix hw-model/rtl/tile/,ash_tile_pkg.sv ash_clock_gate.sv ash_dma_gen.sv ash_dma_index.sv \
	ash_dma_load.sv ash_dma_params.sv ash_dma_store.sv ash_lmem.sv ash_loader.sv ash_mmu.sv ash_rd_port.sv \
	ash_spad.sv ash_tile.sv ash_tile_ctrl.sv ash_tile_regs.sv ash_unit_after.sv ash_unit_count.sv) \
	hw-model/rtl/lib/ash_fifo.sv hw-model/rtl/lib/ash_unit_queue.sv
TILE_BUILD := $(BUILD)/tile

# $(call tile-verilate,OUTPUT,BOARD,TOP,OPTIONS,SOURCES): OUTPUT is
# $(TILE_BUILD)/NAME-BOARD/NAME; sources after the packages.
define tile-verilate
	@mkdir -p $(dir $(1))
	@nice $(VERILATOR) --cc --exe --build -j 2 -Wall --assert -O3 --x-assign fast \
		--x-initial unique -CFLAGS "-std=c++17 -O2 -I$(abspath $(GEN)/$(2))" \
		-MAKEFLAGS "OPT_FAST=-O2 OPT_SLOW=-O0 OPT_GLOBAL=-O2" $(4) \
		--top-module $(3) --Mdir $(dir $(1))obj -o $(abspath $(1)) \
		$(GEN)/$(2)/ash_board_pkg.sv $(GEN)/ash_regs_pkg.sv hw-model/rtl/ash_pkg.sv $(5) \
		>$(1).log 2>&1 || { cat $(1).log; exit 1; }
endef

endif
