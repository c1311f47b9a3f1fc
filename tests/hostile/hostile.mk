# SPDX-License-Identifier: MIT
# Isolation under attack.
#   test-isolation       bounded: small board with RTL assertions beside the default board
#   test-isolation-fast  the same attacks on the functional model, more of them
#   isolation-campaign   SEEDS=n SEED=n, both boards with assertions
#   isolation-asan       the same program and library under AddressSanitizer, leaks too

HOSTILE := $(BUILD)/hostile-tests
HOSTILE_DIR := tests/hostile
HOSTILE_SRC := $(addprefix $(HOSTILE_DIR)/,campaign.c attack.c space.c raw.c) \
	tests/kernels/kt_case.c userspace/kernels/ref/kernels_ref.c
HOSTILE_HEADERS := $(wildcard $(HOSTILE_DIR)/*.h tests/kernels/*.h userspace/include/ashlar/*.h \
	userspace/lib/*.h driver/core/*.h driver/abi/*.h)
HOSTILE_INCLUDE := $(LIB_INCLUDE) -I$(HOSTILE_DIR) -Itests/kernels -Iuserspace/kernels/ref -Ihw-model/numerics
HOSTILE_ELF := $(HOSTILE)/hostile.elf

$(HOSTILE_ELF): $(HOSTILE_DIR)/hostile_kernels.c $(HOSTILE_DIR)/hostile_args.h $(SDK_FILES)
	@mkdir -p $(@D)
	$(ASHLAR_CC) -march=rv32imc_zicsr $< -o $@

# The archive, not the shared library: raw.c goes below the public interface.
$(HOSTILE)/campaign: $(HOSTILE_SRC) $(NUMERICS_LIB) $(HOSTILE_HEADERS) $(LIB_OUT)/libashlar.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_COMMON) $(HOSTILE_INCLUDE) $(HOSTILE_SRC) $(LIB_OUT)/libashlar.a $(NUMERICS_LIB) $(LIB_LIBS) -lm -o $@

$(HOSTILE)/campaign-asan: $(HOSTILE_SRC) $(NUMERICS_SRC) $(HOSTILE_HEADERS) $(LIB_SRC)
	@mkdir -p $(@D)
	$(CC) $(filter-out $(SAN_FLAGS),$(CFLAGS_COMMON)) $(SAN_FLAGS_asan) $(HOSTILE_INCLUDE) \
		-DASHLAR_DATADIR='"$(PREFIX)/share/ashlar"' $(NUMERICS_CFLAGS) $(HOSTILE_SRC) $(NUMERICS_SRC) $(LIB_SRC) -Wl,--wrap=dlclose $(LIB_LIBS) -lm -o $@

HOSTILE_TINY := sim:rtl,board=tiny,model=$(MODEL)/ashlar-model-rtl-tiny-check.so
HOSTILE_SIM := sim:rtl,model=$(MODEL)/ashlar-model-rtl-sim-check.so
HOSTILE_DATA := ASHLAR_DATA_DIR=$(LIB_DATA)
HOSTILE_NEEDS := $(HOSTILE_ELF) lib-data kernels firmware

.PHONY: test-isolation isolation-campaign isolation-asan
test-isolation: $(HOSTILE)/campaign $(HOSTILE_NEEDS) $(MODEL)/ashlar-model-rtl-tiny-check.so $(MODEL)/ashlar-model-rtl-sim.so
	@$(HOSTILE_DATA) $(HOSTILE)/campaign sim:rtl $(HOSTILE_ELF) 1001 8 8 & other=$$!; \
		$(HOSTILE_DATA) $(HOSTILE)/campaign $(HOSTILE_TINY) $(HOSTILE_ELF) 1 24 8; failed=$$?; \
		wait $$other || failed=1; exit $$failed

.PHONY: test-isolation-fast
test-isolation-fast: $(HOSTILE)/campaign $(HOSTILE_NEEDS) fast
	@$(HOSTILE_DATA) $(HOSTILE)/campaign sim:fast,board=tiny $(HOSTILE_ELF) 1 200 8
	@$(HOSTILE_DATA) $(HOSTILE)/campaign sim:fast $(HOSTILE_ELF) 1001 200 8

SEED ?= 1
SEEDS ?= 1000
HOSTILE_CHECK := $(MODEL)/ashlar-model-rtl-tiny-check.so $(MODEL)/ashlar-model-rtl-sim-check.so

isolation-campaign: $(HOSTILE)/campaign $(HOSTILE_NEEDS) $(HOSTILE_CHECK) ## attacks on other address spaces, long (SEEDS=n SEED=n)
	$(HOSTILE_DATA) $(HOSTILE)/campaign $(HOSTILE_TINY) $(HOSTILE_ELF) $(SEED) $(SEEDS) 8
	$(HOSTILE_DATA) $(HOSTILE)/campaign $(HOSTILE_SIM) $(HOSTILE_ELF) $(SEED) $$(($(SEEDS) / 4 + 1)) 8

isolation-asan: $(HOSTILE)/campaign-asan $(HOSTILE_NEEDS) $(MODEL)/ashlar-model-rtl-tiny-check.so
	$(HOSTILE_DATA) $(HOSTILE)/campaign-asan $(HOSTILE_TINY) $(HOSTILE_ELF) $(SEED) 20 8

TESTS += test-isolation test-isolation-fast
