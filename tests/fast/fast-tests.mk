# SPDX-License-Identifier: MIT
# What is promised of the functional model besides the board's behaviour, which
# every other test of a board is run on too.
#   test-fast       many boards, repeatable runs, idle threads; tiles that write
#                   to one area, with threads as without; record and replay
#   test-fast-san   the same and the tests of the library on the board, with
#                   model, library and program under ASan, UBSan; under TSan

FAST_T := $(BUILD)/tests/fast
FAST_T_DIR := tests/fast
FAST_T_SRC := $(FAST_T_DIR)/test_fast.c tests/kernels/kt_case.c userspace/kernels/ref/kernels_ref.c
FAST_T_HEADERS := tests/lib/counted.h tests/kernels/kt.h userspace/kernels/ref/kernels_ref.h \
	$(wildcard userspace/include/ashlar/*.h)
FAST_T_INCLUDE := -Iuserspace/include -Idriver/abi -Ihw-model/numerics -Iuserspace/kernels/ref -Itests/kernels -Itests/lib
FAST_T_DATA := ASHLAR_DATA_DIR=$(LIB_DATA)

$(FAST_T)/test_fast: $(FAST_T_SRC) $(NUMERICS_LIB) $(FAST_T_HEADERS) $(LIB_OUT)/libashlar.so
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_COMMON) $(FAST_T_INCLUDE) $(filter %.c %.a,$^) -lm -lcmocka \
		-L$(LIB_OUT) -lashlar -Wl,-rpath,$(abspath $(LIB_OUT)) -o $@

$(FAST_T)/test_fast-%: $(FAST_T_SRC) $(NUMERICS_SRC) $(FAST_T_HEADERS) $(BUILD)/tests/lib/%/lib.a
	@mkdir -p $(@D)
	$(CC) $(LIB_T_CFLAGS) $(LIB_T_SAN_$*) $(NUMERICS_CFLAGS) $(FAST_T_INCLUDE) $(filter %.c %.a,$^) -lm -lcmocka \
		-lfdt -ldl -lpthread -lm -o $@

# Two tiles that write to one area.
$(FAST_T)/weave.elf: $(FAST_T_DIR)/weave.c $(FAST_T_DIR)/weave_args.h $(SDK_FILES)
	@mkdir -p $(@D)
	$(ASHLAR_CC) $< -o $@

FAST_T_WEAVE := $(FAST_T_DIR)/test_weave.c
FAST_T_WEAVE_HEADERS := $(FAST_T_DIR)/weave_args.h $(FAST_T_HEADERS)

$(FAST_T)/test_weave: $(FAST_T_WEAVE) $(FAST_T_WEAVE_HEADERS) $(LIB_OUT)/libashlar.so
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_COMMON) $(FAST_T_INCLUDE) $(filter %.c,$^) -lcmocka \
		-L$(LIB_OUT) -lashlar -Wl,-rpath,$(abspath $(LIB_OUT)) -o $@

$(FAST_T)/test_weave-%: $(FAST_T_WEAVE) $(FAST_T_WEAVE_HEADERS) $(BUILD)/tests/lib/%/lib.a
	@mkdir -p $(@D)
	$(CC) $(LIB_T_CFLAGS) $(LIB_T_SAN_$*) $(FAST_T_INCLUDE) $(filter %.c %.a,$^) -lcmocka -lfdt -ldl -lpthread -lm -o $@

# What work touches in board memory, by itself.
$(FAST_T)/test_pending: $(FAST_T_DIR)/test_pending.c $(FAST_DIR)/pending.c $(FAST_DIR)/pending.h $(FAST_DIR)/work.h \
		tests/lib/counted.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_COMMON) $(FAST_SAN_asan) -Itests/lib -I$(FAST_DIR) -Ihw-model/numerics $(filter %.c,$^) -lcmocka -o $@

.PHONY: test-fast test-fast-san
test-fast: $(FAST_T)/test_fast $(FAST_T)/test_pending $(FAST_T)/test_weave $(FAST_T)/weave.elf lib lib-data kernels firmware fast $(MODEL)/ashlar-model-rtl-tiny.so $(MODEL)/ashlar-replay $(BUILD)/kernels-tests/sim_campaign
	@failed=0; $(FAST_T)/test_fast sim:fast || failed=1; \
	$(FAST_T)/test_pending || failed=1; \
	$(FAST_T)/test_weave sim:fast $(FAST_T)/weave.elf || failed=1; \
	$(FAST_T_DIR)/replay $(KT)/sim_campaign $(MODEL)/ashlar-replay $(MODEL)/ashlar-model-fast-tiny.so \
		$(MODEL)/ashlar-model-rtl-tiny.so $(FAST_T) || failed=1; \
	exit $$failed

test-fast-san: $(foreach s,asan tsan,$(FAST_T)/test_fast-$(s) $(FAST_T)/test_weave-$(s) $(MODEL)/ashlar-model-fast-sim-$(s).so $(BUILD)/tests/lib/$(s)/test_device) \
		$(BUILD)/tests/lib/device_kernels.elf $(FAST_T)/weave.elf lib-data kernels firmware
	@failed=0; for s in asan tsan; do \
		model=sim:fast,model=$(MODEL)/ashlar-model-fast-sim-$$s.so; \
		$(FAST_T_DATA) $(FAST_T)/test_fast-$$s $$model || failed=1; \
		$(FAST_T_DATA) $(FAST_T)/test_weave-$$s $$model $(FAST_T)/weave.elf || failed=1; \
		$(FAST_T_DATA) ASHLAR_DEVICE=$$model $(LIB_T)/$$s/test_device $(LIB_T)/device_kernels.elf all || failed=1; \
	done; exit $$failed

TESTS += test-fast test-fast-san
