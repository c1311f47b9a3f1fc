# SPDX-License-Identifier: MIT
# The firmware of the management processor: images, and tests on the host.
# From the repository root: make -f firmware/firmware.mk firmware test-firmware

BUILD ?= build
FW_OUT := $(BUILD)/firmware
FW_CROSS ?= riscv64-unknown-elf-
FW_CC := $(FW_CROSS)gcc
FW_HOST_CC ?= cc

FW_VERSION := 0x00010000
FW_HW_MIN := 0x00010000
FW_HW_MAX := 0x0001ffff

FW_WARN := -Wall -Wextra -Werror
FW_INCLUDE := -Ifirmware/common -Ifirmware/drivers -Ifirmware/runtime \
	-Ifirmware/rom -Idriver/abi
# picolibc's headers only; no library is linked.
FW_CFLAGS := -march=rv32imc_zicsr_zifencei -mabi=ilp32 -mcmodel=medlow \
	-msmall-data-limit=64 -std=gnu11 -O2 -g -ffreestanding -fno-common \
	-ffunction-sections -fno-tree-loop-distribute-patterns \
	--specs=picolibc.specs $(FW_WARN) -Ifirmware/hal $(FW_INCLUDE)
FW_LDFLAGS := -nostdlib -nostartfiles -Wl,--gc-sections \
	-Wl,--build-id=sha1 -Wl,--fatal-warnings -Wl,--no-warn-rwx-segments
FW_HOST_CFLAGS := -std=gnu11 -O2 -g $(FW_WARN)

FW_ROM_SRC := firmware/rom/start.S firmware/rom/boot.c firmware/rom/image.c \
	firmware/rom/layout.c firmware/common/crc32.c firmware/common/mem.c
FW_DRIVER_SRC := $(addprefix firmware/drivers/,copy.c doorbell.c irq.c log.c \
	tile.c timer.c)
FW_RUNTIME_SRC := $(addprefix firmware/runtime/,init.c turn.c fetch.c job.c \
	sched.c run.c report.c context.c ctrl.c ops.c telemetry.c)
FW_ALL_SRC := firmware/runtime/start.S firmware/runtime/main.c \
	$(FW_RUNTIME_SRC) $(FW_DRIVER_SRC) firmware/common/bits.c \
	firmware/common/mem.c
FW_HEADERS := $(wildcard firmware/*/*.h) driver/abi/ashlar_abi.h \
	driver/abi/ashlar_regs.h

.PHONY: firmware test-firmware
firmware: $(FW_OUT)/rom.bin $(FW_OUT)/ashlar-fw.bin

$(FW_OUT)/rom.elf: $(FW_ROM_SRC) $(FW_HEADERS) firmware/rom/rom.ld
	@mkdir -p $(@D)
	$(FW_CC) $(FW_CFLAGS) $(FW_LDFLAGS) -Wl,--build-id=none \
		-T firmware/rom/rom.ld $(FW_ROM_SRC) -o $@

$(FW_OUT)/rom.bin: $(FW_OUT)/rom.elf
	$(FW_CROSS)objcopy -O binary $< $@

$(FW_OUT)/ashlar-fw.elf: $(FW_ALL_SRC) $(FW_HEADERS) firmware/runtime/runtime.ld
	@mkdir -p $(@D)
	$(FW_CC) $(FW_CFLAGS) -flto $(FW_LDFLAGS) \
		-T firmware/runtime/runtime.ld $(FW_ALL_SRC) -o $@

$(FW_OUT)/mkfwimage: firmware/tools/mkfwimage.c firmware/tools/elf32.c \
		firmware/rom/image.c firmware/common/crc32.c $(FW_HEADERS)
	@mkdir -p $(@D)
	$(FW_HOST_CC) $(FW_HOST_CFLAGS) -Ifirmware/tools $(FW_INCLUDE) \
		$(filter %.c,$^) -o $@

$(FW_OUT)/ashlar-fw.bin: $(FW_OUT)/ashlar-fw.elf $(FW_OUT)/mkfwimage
	$(FW_OUT)/mkfwimage $< $@ $(FW_VERSION) $(FW_HW_MIN) $(FW_HW_MAX)

# Host tests: the whole runtime against the mock board, with sanitizers.
FW_TEST_SRC := $(addprefix firmware/test/,main.c mock.c host.c test_drivers.c \
	test_rom.c test_job.c test_ctrl.c test_run.c test_log.c test_random.c)
FW_TEST_CFLAGS := -std=gnu11 -O1 -g $(FW_WARN) -fsanitize=address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer -Ifirmware/test/hal \
	-Ifirmware/test -Ifirmware/tools -Itools/ashlar-log $(FW_INCLUDE)

$(FW_OUT)/test/fwtest: $(FW_TEST_SRC) $(FW_RUNTIME_SRC) $(FW_DRIVER_SRC) \
		firmware/common/bits.c firmware/common/crc32.c \
		firmware/rom/boot.c firmware/rom/image.c \
		firmware/tools/elf32.c tools/ashlar-log/logdecode.c \
		$(FW_HEADERS) firmware/test/hal/hal.h tools/ashlar-log/logdecode.h
	@mkdir -p $(@D)
	$(FW_HOST_CC) $(FW_TEST_CFLAGS) $(filter %.c,$^) -lcmocka -o $@

test-firmware: $(FW_OUT)/test/fwtest
	@$(FW_OUT)/test/fwtest > $(FW_OUT)/test/fwtest.log 2>&1; s=$$?; \
	if [ $$s -ne 0 ]; then cat $(FW_OUT)/test/fwtest.log; fi; \
	tail -n 1 $(FW_OUT)/test/fwtest.log; exit $$s

$(FW_OUT)/ashlar-log: tools/ashlar-log/main.c tools/ashlar-log/logdecode.c \
		firmware/tools/elf32.c $(FW_HEADERS) tools/ashlar-log/logdecode.h
	@mkdir -p $(@D)
	$(FW_HOST_CC) $(FW_HOST_CFLAGS) -Ifirmware/tools -Itools/ashlar-log \
		$(FW_INCLUDE) $(filter %.c,$^) -o $@
firmware: $(FW_OUT)/ashlar-log

TESTS += test-firmware
