# SPDX-License-Identifier: MIT
# The generators and what they make:
#   $(GEN)/ash_regs_pkg.sv                 constants of the registers
#   $(GEN)/BOARD/board.dtb                 a board's device tree blob
#   $(GEN)/BOARD/ash_board_pkg.sv          its sizes
#   $(GEN)/BOARD/ash_dtb_pkg.sv            the blob as a ROM
#   $(GEN)/BOARD/ash_board.h board.dtb.c   the same for C
#   $(GEN)/ash_fn_table.h ash_fn_pkg.sv    the table of the vector unit's functions
# `make regs` and `make functions` renew the outputs that are kept in the tree.

GEN := $(BUILD)/gen
BOARDS := tiny sim product

GEN_CFLAGS := $(CFLAGS_COMMON) -Idriver/abi
REGSGEN_SRC := $(addprefix hw-model/gen/,regsgen.c regs_parse.c regs_code.c regs_page.c)
BOARDGEN_SRC := $(addprefix hw-model/gen/,boardgen.c board_parse.c)

$(GEN)/regsgen: $(REGSGEN_SRC) hw-model/gen/regs.h
	@mkdir -p $(@D)
	$(CC) $(GEN_CFLAGS) $(REGSGEN_SRC) -o $@

$(GEN)/boardgen: $(BOARDGEN_SRC) hw-model/gen/board.h driver/abi/ashlar_regs.h
	@mkdir -p $(@D)
	$(CC) $(GEN_CFLAGS) $(BOARDGEN_SRC) -lfdt -o $@

$(GEN)/ash_regs_pkg.sv $(GEN)/ashlar_regs.h $(GEN)/registers.md &: $(GEN)/regsgen hw-model/regs/ashlar.regs
	$(GEN)/regsgen hw-model/regs/ashlar.regs $(GEN)/ashlar_regs.h $(GEN)/ash_regs_pkg.sv $(GEN)/registers.md

$(GEN)/fngen: hw-model/gen/fngen.c
	@mkdir -p $(@D)
	$(CC) $(GEN_CFLAGS) $< -lm -o $@

$(GEN)/ash_fn_table.h $(GEN)/ash_fn_pkg.sv &: $(GEN)/fngen
	$(GEN)/fngen $(GEN)/ash_fn_table.h $(GEN)/ash_fn_pkg.sv

$(GEN)/%/board.dtb: hw-model/board/%.dts hw-model/board/ashlar.dtsi
	@mkdir -p $(@D)
	dtc -q -I dts -O dtb -o $@ $<

GEN_BOARD_FILES := ash_board_pkg.sv ash_dtb_pkg.sv ash_board.h board.dtb.c

$(addprefix $(GEN)/%/,$(GEN_BOARD_FILES)) &: $(GEN)/%/board.dtb $(GEN)/boardgen
	$(GEN)/boardgen $< $(@D)

.PHONY: regs functions gen
regs: $(GEN)/ashlar_regs.h ## renew the register header and page in the tree from ashlar.regs
	cp $(GEN)/ashlar_regs.h driver/abi/ashlar_regs.h
	cp $(GEN)/registers.md hw-model/regs/registers.md

functions: $(GEN)/ash_fn_table.h ## renew the tables of the vector unit's functions in the tree
	cp $(GEN)/ash_fn_table.h hw-model/numerics/ash_fn_table.h
	cp $(GEN)/ash_fn_pkg.sv hw-model/rtl/lib/ash_fn_pkg.sv

# $(call sv-packages,BOARD): the packages of a board, in the order in which
# Verilator wants them. Bench and model rules list them as prerequisites.
sv-packages = $(GEN)/$(1)/ash_board_pkg.sv $(GEN)/$(1)/ash_dtb_pkg.sv \
	$(GEN)/ash_regs_pkg.sv hw-model/rtl/ash_pkg.sv

gen: $(foreach b,$(BOARDS),$(call sv-packages,$(b)))
