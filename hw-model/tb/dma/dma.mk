# SPDX-License-Identifier: MIT
# Bench of load and store DMA with MMU and scratchpad, lines of 32 (tiny) and of
# 128 bytes (sim). Alone: make -f hw-model/tb/dma/dma.mk test-dma
include hw-model/tb/tile/tile_rtl.mk

TESTS += test-dma

DMA_TB := $(foreach b,tiny sim,$(TILE_BUILD)/dma-$(b)/dma)
DMA_TB_RTL := $(filter-out %/ash_clock_gate.sv %/ash_tile.sv %/ash_tile_ctrl.sv %/ash_tile_regs.sv %/ash_lmem.sv \
	%/ash_loader.sv %/ash_dma_params.sv %/ash_unit_after.sv %/ash_unit_count.sv,$(TILE_RTL)) \
	hw-model/tb/dma/ash_dma_tb.sv
DMA_TB_C := $(addprefix hw-model/tb/dma/,dma_tb.cpp dma_ref.c)

.PHONY: test-dma
test-dma: $(DMA_TB) ## DMA macro-operations against a reference; exact cycle counts
	@hw-model/tb/tile/run-benches $(foreach t,$(DMA_TB),"$(t)" "$(t) 2 150")

$(DMA_TB): $(TILE_BUILD)/dma-%/dma: $(DMA_TB_RTL) $(DMA_TB_C) hw-model/tb/dma/dma_ref.h \
		hw-model/tb/tile/bus_model.h hw-model/rtl/ash_pkg.sv \
		$(GEN)/ash_regs_pkg.sv $(GEN)/%/ash_board_pkg.sv $(GEN)/%/ash_board.h
	$(call tile-verilate,$@,$*,ash_dma_tb,,$(DMA_TB_RTL) $(abspath $(DMA_TB_C)))
