# SPDX-License-Identifier: MIT
# The firmware on the RTL model of the board, and on the fast one. Included by the top Makefile
# after firmware.mk and model.mk.
FWB_OUT := $(BUILD)/firmware/board
FWB_MODEL ?= $(BUILD)/model/ashlar-model-rtl-tiny-check.so
FWB_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -Idriver/abi \
	-Ihw-model/model -Itests/firmware -Itools/ashlar-log -Ifirmware/tools

$(FWB_OUT)/kernels.elf: tests/firmware/kernels.S
	@mkdir -p $(@D)
	riscv64-unknown-elf-gcc -march=rv32im -mabi=ilp32 -nostdlib \
		-nostartfiles -Wl,-Ttext=0 -Wl,--build-id=none $< -o $@

$(FWB_OUT)/kernels.bin: $(FWB_OUT)/kernels.elf
	riscv64-unknown-elf-objcopy -O binary -j .text $< $@

$(FWB_OUT)/fwboard: tests/firmware/fwboard.c tests/firmware/board.c \
		tools/ashlar-log/logdecode.c firmware/tools/elf32.c \
		tests/firmware/board.h tools/ashlar-log/logdecode.h driver/abi/ashlar_abi.h \
		hw-model/model/ashlar_model.h
	@mkdir -p $(@D)
	$(CC) $(FWB_CFLAGS) $(filter %.c,$^) -ldl -o $@

.PHONY: test-firmware-board
test-firmware-board: $(FWB_OUT)/fwboard $(FWB_OUT)/kernels.bin $(FWB_MODEL) $(BUILD)/model/ashlar-model-fast-tiny.so \
		$(BUILD)/firmware/rom.bin $(BUILD)/firmware/ashlar-fw.bin ## ROM and runtime on the models
	@failed=0; for m in $(FWB_MODEL) $(BUILD)/model/ashlar-model-fast-tiny.so; do \
		$(FWB_OUT)/fwboard $$m $(BUILD)/firmware/rom.bin $(BUILD)/firmware/ashlar-fw.bin \
			$(BUILD)/firmware/ashlar-fw.elf $(FWB_OUT)/kernels.bin $(FWB_OUT)/insn.trace || failed=1; \
	done; exit $$failed

TESTS += test-firmware-board
