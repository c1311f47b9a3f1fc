# SPDX-License-Identifier: MIT
# Tests of the kernel module in guests, by ioctls.
#   test-guest        the quick set on each kernel, one boot for each
#   guest-campaign    faults and removal, ROUNDS=n (and SEED=n) times

GUEST_T := $(BUILD)/tests/guest
GUEST_DIR := tests/guest
GUEST_TESTS := uapi memory jobs faults isolation sharing signals removal
GUEST_INCLUDE := -I$(GUEST_DIR) -Itests/lib -Idriver/uapi -Idriver/abi -Iuserspace/include -Iuserspace/lib $(LIBDRM_CFLAGS)
GUEST_SHARED := $(addprefix $(GUEST_DIR)/,guest.c card.c) userspace/lib/kernel_elf.c
GUEST_HEADERS := $(wildcard $(GUEST_DIR)/*.h) driver/uapi/ashlar_accel.h tests/lib/counted.h \
	userspace/lib/kernel_elf.h userspace/include/ashlar/kernel_abi.h
GUEST_ELF := $(GUEST_T)/guest-kernels.elf
GUEST_PROGRAMS := $(GUEST_TESTS:%=$(GUEST_T)/test_%)

$(GUEST_ELF): $(GUEST_DIR)/guest_kernels.c $(GUEST_DIR)/guest_args.h $(SDK_FILES)
	@mkdir -p $(@D)
	$(ASHLAR_CC) $< -o $@

$(GUEST_T)/test_%: $(GUEST_DIR)/test_%.c $(GUEST_SHARED) $(GUEST_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_COMMON) $(GUEST_INCLUDE) $< $(GUEST_SHARED) -lcmocka -lpthread -lrt -o $@

.PHONY: guest-programs
guest-programs: $(GUEST_PROGRAMS) $(GUEST_ELF)
