# SPDX-License-Identifier: MIT
# Tests of the kernel module in guests, by ioctls.
#   test-guest        the quick set, one boot of each kernel
#   test-guest-debug  all programs on the debug kernel, then failing allocations
#   guest-campaign    faults, killed processes, link errors, removal, dying boards: ROUNDS=n SEED=n

GUEST_T := $(BUILD)/tests/guest
GUEST_DIR := tests/guest
# Removal and death come last: they leave the board with the most behind it.
GUEST_TESTS := uapi memory jobs faults isolation sharing signals reports recovery removal surprise
GUEST_KERNELS := 7.3 6.12
GUEST_INCLUDE := -I$(GUEST_DIR) -Itests/lib -Idriver/uapi -Idriver/abi -Iuserspace/include \
	-Iuserspace/lib $(LIBDRM_CFLAGS)
GUEST_SHARED := $(addprefix $(GUEST_DIR)/,guest.c card.c users.c) userspace/lib/kernel_elf.c
GUEST_HEADERS := $(wildcard $(GUEST_DIR)/*.h) driver/uapi/ashlar_accel.h driver/abi/ashlar_abi.h \
	driver/abi/ashlar_pci.h driver/abi/ashlar_regs.h tests/lib/counted.h userspace/lib/kernel_elf.h \
	userspace/include/ashlar/kernel_abi.h
GUEST_ELF := $(GUEST_T)/guest-kernels.elf
GUEST_PROGRAMS := $(patsubst %,$(GUEST_T)/test_%,$(GUEST_TESTS) injection)

$(GUEST_ELF): $(GUEST_DIR)/guest_kernels.c $(GUEST_DIR)/guest_args.h $(SDK_FILES)
	@mkdir -p $(@D)
	$(ASHLAR_CC) $< -o $@

$(GUEST_T)/test_%: $(GUEST_DIR)/test_%.c $(GUEST_SHARED) $(GUEST_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_COMMON) $(GUEST_INCLUDE) $< $(GUEST_SHARED) -lcmocka -lpthread -lrt -o $@

# $(call guest-run,KERNEL,SECONDS,COMMANDS,OPTIONS): in one boot. Each command runs,
# whatever became of those before, and says how long it took. The board dies as
# often as GUEST_DEATHS, when a command says so, and another comes.
GUEST_DEATHS := 18
guest-run = $(MAKE) --no-print-directory -s module KERNEL=$(1) >$(GUEST_T)/module-$(1).log 2>&1 && \
	echo "Linux $(1):" && \
	tools/vm/run --kernel $(1) --board tiny --module $(BUILD)/driver/$(1)/ashlar.ko --timeout $(2) \
		--board-dies-at 'guest test: the board dies now' --boards $$(($(GUEST_DEATHS) + 2)) \
		--board-returns-at 'guest test: another board comes now' \
		--log $(GUEST_T)/console-$(1).log $(4) -- sh -c 'failed=0; $(3) exit $$failed'
guest-command = start=$$(date +%s); $(GUEST_T)/test_$(1) || failed=1; \
	echo "test_$(1): $$(($$(date +%s) - start)) s";

.PHONY: guest-programs test-guest guest-campaign
guest-programs: $(GUEST_PROGRAMS) $(GUEST_ELF)
GUEST_NEEDS := guest-programs firmware server guest-root fast $(MODEL)/ashlar-model-rtl-tiny.so \
	lib lib-data kernels lib-device-test $(BUILD)/demo/digits

# What is asked of the library on the models, asked through the kernel driver.
guest-lib = start=$$(date +%s); \
	tests/lib/guest-run $(LIB_T)/plain/test_device $(LIB_T)/device_kernels.elf || failed=1; \
	echo "test_device: $$(($$(date +%s) - start)) s";

# A program of the library whose board dies, and no other comes. The last of a boot.
guest-board-dies = $(GUEST_DIR)/board-dies $(BUILD)/demo/digits userspace/demo || failed=1;

# All of it on the functional model, which leaves jobs less time to be in the
# way; on the RTL, one kernel, what depends most on the board.
GUEST_RTL_TESTS := uapi memory jobs faults
test-guest: $(GUEST_NEEDS)
	@+failed=0; \
	$(foreach k,$(GUEST_KERNELS),$(call guest-run,$(k),400,$(guest-lib) $(foreach t,$(GUEST_TESTS),$(call guest-command,$(t)))$(guest-board-dies),--model fast) || failed=1;) \
	$(call guest-run,7.3,400,$(foreach t,$(GUEST_RTL_TESTS),$(call guest-command,$(t)))$(guest-board-dies)) || failed=1; \
	exit $$failed
TESTS += test-guest

# With KASAN, lockdep and the rest, which are some ten times slower. Injection
# judges at its end what all have leaked; the guest does so again without the
# module. Linux warns when it takes back a /proc/irq/N that it had no memory for.
# Boards that come are last, without proofs of locks: Linux 7.3 takes two of its
# own in both orders when a card comes, which ends the proofs of all others.
GUEST_DEBUG_COMMANDS = export GUEST_SLOW=20; \
	$(foreach t,$(filter-out surprise,$(GUEST_TESTS)) injection,$(call guest-command,$(t))) \
	echo 0 >/proc/sys/kernel/prove_locking || failed=1; \
	$(call guest-command,surprise) rmmod ashlar || failed=1;
.PHONY: test-guest-debug
test-guest-debug: $(GUEST_NEEDS) debug-kernel ## the kernel driver on a kernel with KASAN, lockdep, kmemleak and failing allocations
	@+$(call guest-run,debug,7200,$(GUEST_DEBUG_COMMANDS),--model fast --allow 'WARNING: .* at remove_proc_entry')

ROUNDS ?= 100
SEED ?= 1
guest-campaign: $(GUEST_NEEDS) ## the kernel driver: faults, killed processes, link errors, removal, dying boards (ROUNDS=n SEED=n)
	@+failed=0; \
	$(foreach k,$(GUEST_KERNELS),$(call guest-run,$(k),$$((400 + $(ROUNDS) * 90)),$(foreach t,faults isolation recovery removal,$(call guest-command,$(t) $(ROUNDS) $(SEED)))) || failed=1; \
		$(foreach n,$(shell seq 1 $(GUEST_DEATHS) $(ROUNDS)),$(call guest-run,$(k),1500,$(call guest-command,surprise $(GUEST_DEATHS) $(SEED)$(n)),--model fast) || failed=1;)) \
	exit $$failed
