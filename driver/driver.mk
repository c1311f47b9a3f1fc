# SPDX-License-Identifier: MIT
# Tests of the driver core, on the host, against a fake board. The core itself
# is compiled into libashlar (userspace/lib/lib.mk) and the kernel module.
#   make test-driver-core              with sanitizers
#   make driver-core-freestanding      it needs no libc and no floating point
# And the kernel module for the kernels of the guests (tools/vm):
#   make module KERNEL=7.3|6.12, make test-driver-check

CORE_T := $(BUILD)/tests/core-driver
CORE_T_CFLAGS := $(filter-out -fsanitize%,$(CFLAGS_COMMON)) -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all \
	-Idriver/core -Idriver/abi -Iuserspace/lib -Ihw-model/model -Itests/lib -I$(GEN)/tiny
CORE_T_SHARED := $(sort $(wildcard driver/core/*.c)) userspace/lib/sim.c \
	tests/lib/fake_board.c tests/core-driver/core_board.c
CORE_T_DEPS := $(CORE_T_SHARED) $(wildcard driver/core/*.h driver/abi/*.h userspace/lib/sim.h \
	tests/lib/*.h tests/core-driver/*.h) $(GEN)/tiny/board.dtb.c driver/driver.mk
CORE_TESTS := range boot ctrl vm queue

# Flags for a compiler that runs in another folder.
core-absolute = $(foreach f,$(1),$(if $(filter -I%,$(f)),-I$(abspath $(f:-I%=%)),$(f)))

$(CORE_T)/shared.a: $(CORE_T_DEPS)
	@mkdir -p $(@D)/o
	@rm -f $@
	cd $(@D)/o && $(CC) $(call core-absolute,$(CORE_T_CFLAGS)) -c \
		$(abspath $(CORE_T_SHARED) $(GEN)/tiny/board.dtb.c)
	$(AR) rcs $@ $(CORE_T)/o/*.o

$(CORE_T)/test_%: tests/core-driver/test_%.c $(CORE_T)/shared.a
	$(CC) $(CORE_T_CFLAGS) $< $(CORE_T)/shared.a -lcmocka -ldl -lpthread -o $@

# Compiled as a kernel would: no library, no floating point; what it wants from
# outside must be the functions of ashlar_os.h and four of string.h and stdio.h.
CORE_FREE := $(CORE_T)/freestanding.o
$(CORE_FREE): $(wildcard driver/core/*.c driver/core/*.h driver/abi/*.h)
	@mkdir -p $(@D)/free
	cd $(@D)/free && $(CC) -std=gnu11 -O2 $(CWARNINGS) -ffreestanding -mgeneral-regs-only -m64 \
		$(call core-absolute,-Idriver/core -Idriver/abi) -c $(abspath $(wildcard driver/core/*.c))
	$(LD) -r $(CORE_T)/free/*.o -o $@

.PHONY: test-driver-core driver-core-freestanding
driver-core-freestanding: $(CORE_FREE)
	@extra=$$(nm -u $< | awk '{ print $$2 }' | \
		grep -v -e '^ashlar_os_' -e '^memcpy$$' -e '^memset$$' -e '^snprintf$$' || true); \
	if [ -n "$$extra" ]; then echo "driver core needs:" $$extra; echo "0 passed, 1 failed"; exit 1; fi; \
	echo "1 passed, 0 failed"

test-driver-core: $(CORE_TESTS:%=$(CORE_T)/test_%) driver-core-freestanding
	@failed=0; for t in $(CORE_TESTS); do $(CORE_T)/test_$$t || failed=1; done; exit $$failed
TESTS += test-driver-core

# The kernel module for a guest's kernel: $(BUILD)/driver/KERNEL/ashlar.ko
KERNEL ?= 7.3
MODULE_KERNELS := 6.12 7.3

.PHONY: module modules
module:
	@tools/vm/build-module $(KERNEL) driver linux $(BUILD)/driver/$(KERNEL) W=1 KCFLAGS=-Werror
	@ln -sf linux/ashlar.ko $(BUILD)/driver/$(KERNEL)/ashlar.ko

# What a maintainer's tools say. The shared headers and the core are read by
# compilers of user space and firmware too, which have no kernel types; the
# format of trace points is the kernel's own.
DRIVER_SHARED := $(sort $(wildcard driver/core/*.[ch] driver/abi/*.h driver/uapi/*.h))
DRIVER_SHARED_IGNORE := PREFER_KERNEL_TYPES,BIT_MACRO,ARRAY_SIZE,LINE_SPACING,LONG_LINE_COMMENT,$\
	VOLATILE,PREFER_DEFINED_ATTRIBUTE_MACRO,EMBEDDED_FUNCTION_NAME,PARENTHESIS_ALIGNMENT,OPEN_ENDED_LINE

# Debian's sparse is older than what headers after 6.12 are written for, which
# look at that with a script that they do not have: what it lacks is defined.
DRIVER_SPARSE := KBUILD_CHECKSRC=2 CF=-Wsparse-error \
	CHECK="sparse -D__typeof_unqual__=__typeof__ -D'__builtin_strlen(s)=(sizeof(s)-1)'"

# As a user does it, with the folder as a release has it: build, and clean so
# that nothing is left.
DRIVER_BY_HAND = rm -rf $(BUILD)/driver/tree && cp -r driver $(BUILD)/driver/tree && \
	by_hand="tools/vm/in-root make -s -C $(BUILD)/driver/tree KERNELRELEASE=$$(tools/vm/kernel-release $(KERNEL))" && \
	$$by_hand modules && test -e $(BUILD)/driver/tree/linux/ashlar.ko && \
	$$by_hand clean && diff -r driver $(BUILD)/driver/tree

.PHONY: test-driver-check
test-driver-check: ## checkpatch --strict; sparse and W=1 on both kernels
	@n=0; failed=0; \
	check() { if "$$@"; then n=$$((n + 1)); else failed=$$((failed + 1)); fi; }; \
	check tools/vm/checkpatch $(filter-out %/ashlar_trace.h,$(wildcard driver/linux/*.[ch])); \
	check tools/vm/checkpatch --ignore PARENTHESIS_ALIGNMENT,OPEN_ENDED_LINE driver/linux/ashlar_trace.h; \
	check tools/vm/checkpatch --ignore $(DRIVER_SHARED_IGNORE) $(DRIVER_SHARED); \
	for k in $(MODULE_KERNELS); do \
		check tools/vm/build-module $$k driver linux $(BUILD)/driver/sparse-$$k $(DRIVER_SPARSE); \
		check $(MAKE) --no-print-directory module KERNEL=$$k; \
	done; \
	by_hand() { $(DRIVER_BY_HAND); }; \
	check by_hand; \
	echo "$$n passed, $$failed failed"; [ $$failed -eq 0 ]
TESTS += test-driver-check

# KUnit tests, on the debug kernel: stock ones have no KUnit. Not in TESTS, for
# `make debug-kernel` comes first, which takes a quarter of an hour.
KUNIT_T := $(BUILD)/driver/kunit
KUNIT_RESULTS := /sys/kernel/debug/kunit/ashlar/results

.PHONY: test-driver-kunit
test-driver-kunit: guest-root debug-kernel ## KUnit tests of the driver, on the debug kernel
	@mkdir -p $(KUNIT_T)
	@tools/vm/build-module debug driver linux $(KUNIT_T) ASHLAR_KUNIT=y W=1 KCFLAGS=-Werror \
		>$(KUNIT_T)/build.log 2>&1 || { cat $(KUNIT_T)/build.log; exit 1; }
	@tools/vm/run --kernel debug --no-board --module $(KUNIT_T)/linux/ashlar.ko --timeout 300 \
		--log $(KUNIT_T)/console.log -- cat $(KUNIT_RESULTS) >$(KUNIT_T)/results || \
		{ cat $(KUNIT_T)/results; echo "0 passed, 1 failed"; exit 1; }
	@awk '/^ +not ok [0-9]+ / { bad++ } /^ +ok [0-9]+ / { good++ } /# .*:|not ok/ { print } \
		END { if (good + bad == 0) bad = 1; \
		printf "%d passed, %d failed\n", good, bad; exit bad > 0 }' $(KUNIT_T)/results

modules:
	@+for k in $(MODULE_KERNELS); do $(MAKE) --no-print-directory module KERNEL=$$k || exit 1; done
