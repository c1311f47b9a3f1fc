# SPDX-License-Identifier: MIT
# The parity gate: RTL and functional model asked the same questions.
#   test-parity       the saved cases and a bounded number of random ones
#   test-parity-gate  models that are wrong are found out
#   parity            all kinds, both boards: PARITY_CASES=n of each kind, SEED=s
#   parity-demos      whole programs through the library, on both
#   parity-campaign   the same, long

PARITY := $(BUILD)/parity
PARITY_DIR := tests/parity
PARITY_SRC := $(addprefix $(PARITY_DIR)/,main.c case.c names.c board.c model.c run.c lists.c program.c patterns.c outcome.c compare.c shrink.c \
	generate.c generate_registers.c generate_processor.c generate_tiles.c generate_pages.c \
	generate_kernel.c generate_units.c job.c)
PARITY_INCLUDE := -I$(PARITY_DIR) -I$(MODEL_DIR) -Ihw-model/numerics -Idriver/abi
PARITY_ONBOARD := $(CFLAGS_BOARD) -march=rv32imc_zicsr_zifencei -nostdlib -nostartfiles --specs=picolibc.specs \
	-I$(PARITY_DIR) -Idriver/abi
PARITY_ONBOARD_H := $(addprefix $(PARITY_DIR)/,protocol.h onboard.h) driver/abi/ashlar_regs.h

$(PARITY)/rom.elf: $(PARITY_DIR)/rom_start.S $(PARITY_DIR)/rom.c $(PARITY_DIR)/rom.ld $(PARITY_ONBOARD_H)
	@mkdir -p $(@D)
	$(CROSS)gcc $(PARITY_ONBOARD) -T $(PARITY_DIR)/rom.ld $(filter %.S %.c,$^) -o $@

$(PARITY)/kernel.elf: $(PARITY_DIR)/kernel.c $(PARITY_DIR)/kernel.ld $(PARITY_ONBOARD_H)
	@mkdir -p $(@D)
	$(CROSS)gcc $(PARITY_ONBOARD) -Os -T $(PARITY_DIR)/kernel.ld $< -o $@

$(PARITY)/%.bin: $(PARITY)/%.elf
	$(CROSS)objcopy -O binary $< $@

$(PARITY)/images.o: $(PARITY_DIR)/images.S $(PARITY)/rom.bin $(PARITY)/kernel.bin
	$(CC) -DROM_IMAGE='"$(PARITY)/rom.bin"' -DKERNEL_IMAGE='"$(PARITY)/kernel.bin"' -c $< -o $@

$(PARITY)/parity: $(PARITY_SRC) $(PARITY)/images.o $(NUMERICS_LIB) $(wildcard $(PARITY_DIR)/*.h) driver/abi/ashlar_regs.h $(MODEL_DIR)/ashlar_model.h
	$(CC) $(CFLAGS_COMMON) $(PARITY_INCLUDE) $(filter %.c %.o %.a,$^) -ldl -lfdt -lm -o $@

PARITY_CASES ?= 200
SEED ?= 1
PARITY_SAVED := $(wildcard $(PARITY_DIR)/cases/*.case)
PARITY_FAST := $(foreach b,tiny sim,$(MODEL)/ashlar-model-fast-$(b).so)
PARITY_RTL := $(foreach b,tiny sim,$(MODEL)/ashlar-model-rtl-$(b).so)
PARITY_CHECK := $(foreach b,tiny sim,$(MODEL)/ashlar-model-rtl-$(b)-check.so)
# $(call parity-run,BOARD,of the RTL model: -check or nothing)
parity-run = $(PARITY)/parity -o $(PARITY) $(MODEL)/ashlar-model-rtl-$(1)$(2).so $(MODEL)/ashlar-model-fast-$(1).so -s $(SEED)

.PHONY: test-parity parity parity-demos parity-campaign
test-parity: $(PARITY)/parity $(PARITY_FAST) $(PARITY_RTL)
	$(call parity-run,tiny) -n 60 $(PARITY_SAVED)
	$(call parity-run,sim) -n 10 $(PARITY_SAVED)

parity-demos: $(DEMO)/digits $(KT)/sim_campaign $(HOSTILE)/campaign $(HOSTILE_ELF) lib lib-data kernels firmware $(PARITY_FAST) $(PARITY_RTL)
	ASHLAR_DATA_DIR=$(LIB_DATA) $(PARITY_DIR)/demos $(PARITY)/demos $(SEED) $(BUILD)

parity: $(PARITY)/parity parity-demos $(PARITY_FAST) $(PARITY_RTL) ## do the RTL and the functional model agree? (PARITY_CASES=n SEED=n)
	$(call parity-run,tiny) -n $(PARITY_CASES) $(PARITY_SAVED)
	$(call parity-run,sim) -n $$(($(PARITY_CASES) / 4 + 1)) $(PARITY_SAVED)

parity-campaign: $(PARITY)/parity $(PARITY_FAST) $(PARITY_CHECK) ## the same, long, with assertions of the RTL on
	$(call parity-run,tiny,-check) -n $$(($(PARITY_CASES) * 50)) $(PARITY_SAVED)
	$(call parity-run,sim,-check) -n $$(($(PARITY_CASES) * 10)) $(PARITY_SAVED)

# The gate itself, with models that are wrong.
.PHONY: test-parity-gate
test-parity-gate: $(PARITY)/parity $(MODEL)/ashlar-model-fast-tiny.so
	@$(PARITY_DIR)/gate $(PARITY)/parity $(MODEL)/tiny-fast $(FAST_UNITS_LIB) $(MODEL)/ashlar-model-fast-tiny.so \
		$(PARITY)/gate $(CC) $(CFLAGS_SHARED) $(FAST_CFLAGS) $(FAST_INCLUDE) -I$(GEN)/tiny

TESTS += test-parity test-parity-gate
