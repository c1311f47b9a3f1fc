# SPDX-License-Identifier: MIT
# Tests of the SDK and the shipped kernels.
#   test-kernels-emu   on emulated tiles, under sanitizers; seconds
#   test-kernels-host  argument checks, the demo's reader of weights
#   test-kernels-tiny  through libashlar on the RTL model, one 8x8 tile
#   test-kernels-sim   the same, two 32x32 tiles
#   test-kernels-fast  the same on the functional model of each board
#   gemm-campaign      the long form of all: CASES=n SEED=n

KT := $(BUILD)/kernels-tests
KT_DIR := tests/kernels
KT_INCLUDE := -Iuserspace/include -Idriver/abi -Ihw-model/numerics -Iuserspace/kernels/ref -I$(KT_DIR)
KT_CASE := $(KT_DIR)/kt_case.c userspace/kernels/ref/kernels_ref.c
KT_HEADERS := $(wildcard $(KT_DIR)/*.h userspace/kernels/*.h userspace/kernels/ref/*.h \
	userspace/sdk/emu/*.h userspace/include/ashlar/*.h hw-model/numerics/*.h driver/abi/*.h)
EMU_SRC := $(wildcard userspace/sdk/emu/*.c)

$(KT)/emu_campaign: $(KT_DIR)/emu_campaign.c $(KT_CASE) $(EMU_SRC) $(NUMERICS_SRC) $(KERNELS_SRC) userspace/kernels/host/check.c $(KT_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_COMMON) $(SAN_FLAGS_asan) $(NUMERICS_CFLAGS) -DASHLAR_EMU $(KT_INCLUDE) \
		-Iuserspace/sdk/emu $(filter %.c,$^) -lm -o $@

# With the kernels of the guide.
KT_GUIDE := userspace/examples/fused-kernel
$(KT)/emu_test: $(KT_DIR)/emu_test.c $(KT_GUIDE)/softmax.c $(KT_CASE) $(EMU_SRC) $(NUMERICS_SRC) $(KT_HEADERS) \
		$(KT_GUIDE)/softmax_args.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_COMMON) $(SAN_FLAGS_asan) $(NUMERICS_CFLAGS) -DASHLAR_EMU $(KT_INCLUDE) \
		-Iuserspace/sdk/emu -I$(KT_GUIDE) $(filter %.c,$^) -lm -o $@

$(KT)/weights_test: $(KT_DIR)/weights_test.c userspace/demo/weights.c $(KT_CASE) $(NUMERICS_SRC) userspace/demo/weights.h $(KT_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_COMMON) $(SAN_FLAGS_asan) $(NUMERICS_CFLAGS) $(KT_INCLUDE) -Iuserspace/demo \
		$(filter %.c,$^) -lz -lm -o $@

$(KT)/check_test: $(KT_DIR)/check_test.c userspace/kernels/host/check.c $(KT_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_COMMON) $(SAN_FLAGS_asan) $(KT_INCLUDE) $(filter %.c,$^) -o $@

# Finds library and data folder in the build tree.
$(KT)/sim_campaign: $(KT_DIR)/sim_campaign.c $(KT_CASE) $(NUMERICS_LIB) $(KT_HEADERS) $(LIB_OUT)/libashlar.so
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_COMMON) $(KT_INCLUDE) $(filter %.c %.a,$^) -lm \
		-L$(LIB_OUT) -lashlar -Wl,-rpath,$(abspath $(LIB_OUT)) -o $@

CASES ?= 20000
SEED ?= 1

.PHONY: test-kernels-emu test-kernels-host test-kernels-tiny test-kernels-sim test-kernels-fast gemm-campaign
test-kernels-emu: $(KT)/emu_campaign $(KT)/emu_test
	$(KT)/emu_test
	$(KT)/emu_campaign 1 800

test-kernels-host: $(KT)/weights_test $(KT)/check_test
	$(KT)/check_test
	$(KT)/weights_test userspace/demo/weights.bin

# What a launch on the RTL model needs.
KT_SIM := $(KT)/sim_campaign lib lib-data kernels firmware

test-kernels-tiny: $(KT_SIM) $(BUILD)/model/ashlar-model-rtl-tiny.so
	$(KT)/sim_campaign sim:rtl,board=tiny 1 100

test-kernels-sim: $(KT_SIM) $(BUILD)/model/ashlar-model-rtl-sim.so
	$(KT)/sim_campaign sim:rtl 2 60

test-kernels-fast: $(KT_SIM) fast
	$(KT)/sim_campaign sim:fast,board=tiny 3 1000
	$(KT)/sim_campaign sim:fast 4 1000
	$(KT)/sim_campaign sim:fast,board=product 5 200

gemm-campaign: $(KT)/emu_campaign $(KT_SIM) model fast ## many random kernel launches, emulated and on the RTL (CASES=n SEED=n)
	$(KT)/emu_campaign $(SEED) $(CASES)
	$(KT)/sim_campaign sim:fast $(SEED) $(CASES)
	$(KT)/sim_campaign sim:rtl,board=tiny $(SEED) $$(($(CASES) / 10))
	$(KT)/sim_campaign sim:rtl $(SEED) $$(($(CASES) / 50))

TESTS += test-kernels-emu test-kernels-host test-kernels-tiny test-kernels-sim test-kernels-fast
