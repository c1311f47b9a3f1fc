# SPDX-License-Identifier: MIT
# Tests of the SDK and the shipped kernels.
#   test-kernels-emu   on emulated tiles, under sanitizers; seconds
#   gemm-campaign      the long form: CASES=n SEED=n

KT := $(BUILD)/kernels-tests
KT_DIR := tests/kernels
KT_INCLUDE := -Iuserspace/include -Idriver/abi -Ihw-model/numerics -Iuserspace/kernels/ref -I$(KT_DIR)
KT_NUM := $(addprefix hw-model/numerics/,ash_num.c ash_matrix_ref.c ash_vector_ref.c)
KT_CASE := $(KT_DIR)/kt_case.c userspace/kernels/ref/kernels_ref.c
KT_HEADERS := $(wildcard $(KT_DIR)/*.h userspace/kernels/*.h userspace/kernels/ref/*.h \
	userspace/sdk/emu/*.h userspace/include/ashlar/*.h hw-model/numerics/*.h driver/abi/*.h)
EMU_SRC := $(wildcard userspace/sdk/emu/*.c)

$(KT)/emu_campaign: $(KT_DIR)/emu_campaign.c $(KT_CASE) $(EMU_SRC) $(KT_NUM) $(KERNELS_SRC) userspace/kernels/host/check.c $(KT_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_COMMON) $(SAN_FLAGS_asan) -DASHLAR_EMU $(KT_INCLUDE) -Iuserspace/sdk/emu \
		$(filter %.c,$^) -o $@

CASES ?= 20000
SEED ?= 1

.PHONY: test-kernels-emu gemm-campaign
test-kernels-emu: $(KT)/emu_campaign
	$(KT)/emu_campaign 1 800

gemm-campaign: $(KT)/emu_campaign ## many random GEMMs on the emulated tile (CASES=n SEED=n)
	$(KT)/emu_campaign $(SEED) $(CASES)

TESTS += test-kernels-emu
