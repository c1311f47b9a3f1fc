# SPDX-License-Identifier: MIT
# Bench of the tile's MMU. Alone: make -f hw-model/tb/mmu/mmu.mk test-mmu
include hw-model/tb/tile/tile_rtl.mk

TESTS += test-mmu

MMU_TB := $(TILE_BUILD)/mmu-tiny/mmu
MMU_TB_RTL := hw-model/rtl/tile/ash_tile_pkg.sv hw-model/rtl/tile/ash_mmu.sv \
	hw-model/tb/mmu/ash_mmu_tb.sv
MMU_TB_C := hw-model/tb/mmu/mmu_tb.cpp

.PHONY: test-mmu
test-mmu: $(MMU_TB) ## translation, permissions, invalidation and faults of the MMU
	@hw-model/tb/tile/run-benches "$(MMU_TB)" "$(MMU_TB) 2"

$(MMU_TB): $(MMU_TB_RTL) $(MMU_TB_C) hw-model/tb/tile/bus_model.h hw-model/rtl/ash_pkg.sv \
		$(GEN)/ash_regs_pkg.sv $(GEN)/tiny/ash_board_pkg.sv $(GEN)/tiny/ash_board.h
	$(call tile-verilate,$@,tiny,ash_mmu_tb,,$(MMU_TB_RTL) $(abspath $(MMU_TB_C)))
