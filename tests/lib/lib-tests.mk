# SPDX-License-Identifier: MIT
# Tests of libashlar.
#   make test-lib         against the shared library and the fake board
#   make test-lib-asan    the same under AddressSanitizer and UBSan, with leaks
#   make test-lib-tsan    threads, under ThreadSanitizer
#   make test-lib-accel   the same programs, and those for cards alone, against
#                         the fake kernel driver, under all these sanitizers
#   make test-lib-board   with firmware and kernels on the RTL model of both boards
#   make test-lib-fast    the same on the functional model, the product too
#   make test-lib-traces  record=, insn-trace=, wave= and window= of a device's name
#   make test-lib-guest   the same through the kernel driver, in a guest (KERNEL=7.3)
#   make lib-device-test  builds the program that tests any device:
#                         ASHLAR_DEVICE=accel:0 build/tests/lib/plain/test_device \
#                                 build/tests/lib/device_kernels.elf

LIB_T := $(BUILD)/tests/lib
LIB_T_CFLAGS := $(filter-out -fsanitize%,$(CFLAGS_COMMON)) -fno-omit-frame-pointer
LIB_T_SAN_plain :=
LIB_T_SAN_asan := -fsanitize=address,undefined -fno-sanitize-recover=all
LIB_T_SAN_tsan := -fsanitize=thread
LIB_T_PROGRAMS_plain := api misuse sim threads
LIB_T_PROGRAMS_asan := elf topology api misuse sim threads
LIB_T_PROGRAMS_tsan := threads
LIB_T_INCLUDE := $(LIB_INCLUDE) -Itests/lib -I$(GEN)/tiny

LIB_T_SHARED := tests/lib/lib_board.c tests/lib/elf_make.c
LIB_T_HEADERS := $(wildcard tests/lib/*.h $(LIB_DIR)/*.h driver/core/*.h driver/abi/*.h driver/uapi/*.h \
	userspace/include/ashlar/*.h) tests/lib/lib-tests.mk

# $(call lib-test-rules,VARIANT): the fake board as a model, the library, and
# a program per test file. "plain" links the library as it ships, so that
# nothing but the public interface can be used; the others compile it in.
define lib-test-rules
$(LIB_T)/$(1)/fake.so: tests/lib/fake_board.c $(GEN)/tiny/board.dtb.c $(LIB_T_HEADERS)
	@mkdir -p $$(@D)
	$(CC) $(LIB_T_CFLAGS) $(LIB_T_SAN_$(1)) -fPIC -shared $(LIB_T_INCLUDE) $$(filter %.c,$$^) -o $$@

$(LIB_T)/$(1)/lib.a: $(LIB_SRC) $(LIB_T_HEADERS)
	@mkdir -p $$(@D)/o
	@rm -f $$@
	for f in $(LIB_SRC); do \
		$(CC) $(LIB_T_CFLAGS) $(LIB_INCLUDE) $(LIB_T_SAN_$(1)) \
			-c $$$$f -o $$(@D)/o/$$$$(echo $$$$f | tr / -).o || exit 1; \
	done
	$(AR) rcs $$@ $$(@D)/o/*.o

$(LIB_T)/$(1)/test_%: tests/lib/test_%.c $(LIB_T_SHARED) $(GEN)/tiny/board.dtb.c \
		$(LIB_T)/$(1)/fake.so $(if $(filter plain,$(1)),$(LIB_OUT)/libashlar.so,$(LIB_T)/$(1)/lib.a)
	$(CC) $(LIB_T_CFLAGS) $(LIB_T_SAN_$(1)) $(LIB_T_INCLUDE) -DLIB_MODEL='"$(LIB_T)/$(1)/fake.so"' \
		-DLIB_DEVICE='"sim:rtl,board=tiny,model=$(LIB_T)/$(1)/fake.so"' \
		-DLIB_FIRMWARE='"$(LIB_T)/$(1)/$$*.fw"' -DLIB_TRACE='"$(LIB_T)/$(1)/$$*.json"' \
		$$< $(LIB_T_SHARED) $(GEN)/tiny/board.dtb.c \
		$(if $(filter plain,$(1)),-L$(LIB_OUT) -Wl$(,)-rpath$(,)$(abspath $(LIB_OUT)) -lashlar,$(LIB_T)/$(1)/lib.a) \
		-lcmocka -lfdt -ldl -lpthread -lm -o $$@

.PHONY: test-lib$(if $(filter plain,$(1)),,-$(1))
test-lib$(if $(filter plain,$(1)),,-$(1)): $(LIB_T_PROGRAMS_$(1):%=$(LIB_T)/$(1)/test_%)
	@failed=0; for t in $(LIB_T_PROGRAMS_$(1)); do $(LIB_T)/$(1)/test_$$$$t || failed=1; done; exit $$$$failed
endef
, := ,

$(foreach v,plain asan tsan,$(eval $(call lib-test-rules,$(v))))
TESTS += test-lib test-lib-asan test-lib-tsan

# The fake kernel is put between the library and the system's calls.
LIB_T_WRAP := -Wl,--wrap=open,--wrap=ioctl,--wrap=mmap,--wrap=close,--wrap=readlink
LIB_T_ACCEL := $(addprefix $(LIB_T)/asan/accel_,api misuse threads accel) \
	$(addprefix $(LIB_T)/tsan/accel_,threads accel)

define lib-accel-rules
$(LIB_T)/$(1)/accel_%: tests/lib/test_%.c tests/lib/fake_kernel.c $(LIB_T_SHARED) $(GEN)/tiny/board.dtb.c \
		$(LIB_T)/$(1)/lib.a
	$(CC) $(LIB_T_CFLAGS) $(LIB_T_SAN_$(1)) $(LIB_T_INCLUDE) -DLIB_DEVICE='"accel:0"' \
		-DLIB_FIRMWARE='"$(LIB_T)/$(1)/accel_$$*.fw"' -DLIB_TRACE='"$(LIB_T)/$(1)/accel_$$*.json"' \
		$$< tests/lib/fake_kernel.c $(LIB_T_SHARED) $(GEN)/tiny/board.dtb.c $(LIB_T)/$(1)/lib.a \
		$(LIB_T_WRAP) -lcmocka -lfdt -ldl -lpthread -lm -o $$@
endef

$(foreach v,asan tsan,$(eval $(call lib-accel-rules,$(v))))

.PHONY: test-lib-accel
test-lib-accel: $(LIB_T_ACCEL)
	@failed=0; for t in $(LIB_T_ACCEL); do $$t || failed=1; done; exit $$failed
TESTS += test-lib-accel

$(LIB_T)/device_kernels.elf: tests/lib/device_kernels.c tests/lib/device_args.h \
		$(wildcard userspace/sdk/* userspace/include/ashlar/*.h)
	@mkdir -p $(@D)
	ASHLAR_CC=$(CROSS)gcc userspace/sdk/ashlar-cc -Werror -Itests/lib $< -o $@

# The library under ThreadSanitizer finds the data by the environment, since it
# is part of the program there.
.PHONY: test-lib-board lib-device-test
lib-device-test: $(LIB_T)/plain/test_device $(LIB_T)/device_kernels.elf
test-lib-board: lib-device-test $(LIB_T)/tsan/test_device lib model firmware
	@failed=0; for b in tiny sim; do for g in all cycles; do \
		ASHLAR_DEVICE=sim:rtl,board=$$b $(LIB_T)/plain/test_device $(LIB_T)/device_kernels.elf $$g || \
			failed=1; done; done; \
	ASHLAR_DEVICE=sim:rtl,board=tiny ASHLAR_DATA_DIR=$(LIB_DATA) \
		$(LIB_T)/tsan/test_device $(LIB_T)/device_kernels.elf threads || failed=1; \
	exit $$failed
TESTS += test-lib-board

.PHONY: test-lib-fast
test-lib-fast: lib-device-test $(LIB_T)/tsan/test_device lib fast firmware
	@failed=0; for b in tiny sim product; do \
		ASHLAR_DEVICE=sim:fast,board=$$b $(LIB_T)/plain/test_device $(LIB_T)/device_kernels.elf all || failed=1; \
	done; \
	ASHLAR_DEVICE=sim:fast ASHLAR_DATA_DIR=$(LIB_DATA) \
		$(LIB_T)/tsan/test_device $(LIB_T)/device_kernels.elf threads || failed=1; \
	exit $$failed
TESTS += test-lib-fast

# Waveforms are read with the code of Verilator that writes them.
LIB_T_FST := $(VERILATOR_ROOT)/include/gtkwave
$(LIB_T)/fst/%.o: $(LIB_T_FST)/%.c
	@mkdir -p $(@D)
	$(CC) -O1 -w -I$(LIB_T_FST) -DFST_CONFIG_INCLUDE='"fst_config.h"' -c $< -o $@

$(LIB_T)/wave_check: tests/lib/wave_check.c $(addprefix $(LIB_T)/fst/,fstapi.o lz4.o fastlz.o)
	$(CC) $(CFLAGS_COMMON) -isystem $(LIB_T_FST) $^ -lz -lpthread -o $@

.PHONY: test-lib-traces
test-lib-traces: $(LIB_T)/wave_check $(KT)/sim_campaign $(MODEL)/ashlar-replay $(MODEL)/ashlar-model-rtl-tiny-trace.so \
		lib lib-data kernels firmware
	@tests/lib/traces $(KT)/sim_campaign $(MODEL)/ashlar-replay $(MODEL)/ashlar-model-rtl-tiny-trace.so \
		$(LIB_T)/wave_check $(LIB_T)
TESTS += test-lib-traces

# Two minutes on a machine with two cores.
.PHONY: test-lib-guest
test-lib-guest: lib-device-test firmware server guest-root $(BUILD)/model/ashlar-model-rtl-tiny.so
	@+$(MAKE) --no-print-directory -s module KERNEL=$(KERNEL) >$(LIB_T)/module-$(KERNEL).log 2>&1 || \
		{ cat $(LIB_T)/module-$(KERNEL).log; exit 1; }
	@tools/vm/run --kernel $(KERNEL) --board tiny --module $(BUILD)/driver/$(KERNEL)/ashlar.ko --timeout 500 \
		--log $(LIB_T)/console-$(KERNEL).log -- \
		tests/lib/guest-run $(LIB_T)/plain/test_device $(LIB_T)/device_kernels.elf
