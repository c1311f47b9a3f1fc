# SPDX-License-Identifier: MIT
# The control core: lint, bench, directed tests.
#   make -f hw-model/tb/core/core.mk core-lint core-tb test-core
BUILD ?= build
VERILATOR ?= verilator
RISCV ?= riscv64-unknown-elf-

CORE_DIR := hw-model/rtl/core
CORE_TB_DIR := hw-model/tb/core
CORE_BUILD := $(BUILD)/core

# In compile order: the package first.
CORE_RTL := $(addprefix $(CORE_DIR)/,ash_core_pkg.sv ash_core_fetch.sv ash_core_expand.sv \
  ash_core_decode.sv ash_core_alu.sv ash_core_mul.sv ash_core_div.sv ash_core_regs.sv \
  ash_core_lsu.sv ash_core_csr.sv ash_core.sv)
CORE_TB_SRC := $(addprefix $(CORE_TB_DIR)/,ash_core_tb_port.sv ash_core_tb.sv core_tb.cpp)

CORE_TB := $(CORE_BUILD)/tb/core-tb
CORE_TB_HALT := $(CORE_BUILD)/tb-halt/core-tb

.PHONY: core-lint core-tb test-core
core-lint:
	$(VERILATOR) --lint-only -Wall --assert --top-module ash_core $(CORE_RTL)
	$(VERILATOR) --lint-only -Wall --assert -GHALT_ON_TRAP="1'b1" --top-module ash_core $(CORE_RTL)

core-tb: $(CORE_TB) $(CORE_TB_HALT)

# $(call core_verilate,output,extra options)
define core_verilate
@mkdir -p $(dir $(1))
$(VERILATOR) --cc --exe --build -j 1 -Wall --assert -O3 --x-assign fast --x-initial unique \
  -CFLAGS "-O2 -Wall" -MAKEFLAGS "OPT_FAST=-O2 OPT_SLOW=-O0" $(2) \
  --top-module ash_core_tb --Mdir $(dir $(1))obj -o ../core-tb \
  $(CORE_RTL) $(abspath $(CORE_TB_SRC)) >$(dir $(1))verilate.log 2>&1 || { cat $(dir $(1))verilate.log; exit 1; }
endef

$(CORE_TB): $(CORE_RTL) $(CORE_TB_SRC)
	$(call core_verilate,$@)
$(CORE_TB_HALT): $(CORE_RTL) $(CORE_TB_SRC)
	$(call core_verilate,$@,-GHALT_ON_TRAP="1'b1")

# Directed tests (tests/core/directed), with and without memory stalls.
test-core: core-lint $(CORE_TB) $(CORE_TB_HALT)
	@RISCV=$(RISCV) tests/core/directed.sh $(CORE_TB) $(CORE_TB_HALT) $(CORE_BUILD)/directed

TESTS += test-core
