# SPDX-License-Identifier: MIT
# The shipped kernels: $(BUILD)/kernels/ashlar-kernels.elf.
# What of them belongs to libashlar is in KERNELS_HOST_SRC (lib.mk takes it).

KERNELS := $(BUILD)/kernels
KERNELS_DIR := userspace/kernels
KERNELS_ELF := $(KERNELS)/ashlar-kernels.elf
KERNELS_SRC := $(sort $(wildcard $(KERNELS_DIR)/*.c))
KERNELS_HOST_SRC := $(sort $(wildcard $(KERNELS_DIR)/host/*.c))

# Everything a kernel's compilation depends on.
SDK_FILES := $(addprefix userspace/sdk/,ashlar-cc crt0.S rt.c kernel.ld include/assert.h) \
	$(addprefix userspace/include/ashlar/,kernel.h kernel_abi.h) \
	driver/abi/ashlar_regs.h driver/abi/ashlar_abi.h
ASHLAR_CC := ASHLAR_CC=$(CROSS)gcc userspace/sdk/ashlar-cc -Werror

$(KERNELS_ELF): $(KERNELS_SRC) $(wildcard $(KERNELS_DIR)/*.h) userspace/include/ashlar/kernels.h $(SDK_FILES)
	@mkdir -p $(@D)
	$(ASHLAR_CC) $(KERNELS_SRC) -o $@

.PHONY: kernels install-kernels
kernels: $(KERNELS_ELF) ## the shipped kernels
ALL += kernels

install-kernels: $(KERNELS_ELF)
	install -D -m 644 $(KERNELS_ELF) $(DESTDIR)$(PREFIX)/share/ashlar/ashlar-kernels.elf
	install -D -m 644 userspace/include/ashlar/kernels.h $(DESTDIR)$(PREFIX)/include/ashlar/kernels.h
INSTALLS += install-kernels
