# SPDX-License-Identifier: MIT
# The matrix and vector unit of the fast model:
#   make test-fast-units      against hw-model/numerics; also under ASan and
#                             UBSan, and with threads under TSan
#   make fast-units-campaign  the same with more commands (SEED=, COMMANDS=)
#   make bench-fast-units     beside OpenBLAS's sgemm
# $(FAST_UNITS_LIB) is a static library; it needs $(NUMERICS_LIB) and -lm.

FAST_UNITS := $(BUILD)/fast-units
FAST_UNITS_DIR := hw-model/fast
FAST_UNITS_SRC := $(wildcard $(foreach p,units matrix vector,$(FAST_UNITS_DIR)/$(p)*.c))
FAST_UNITS_HEADERS := $(wildcard $(foreach p,units matrix vector,$(FAST_UNITS_DIR)/$(p)*.h)) \
	$(wildcard hw-model/numerics/*.h) driver/abi/ashlar_regs.h hw-model/fast/units.mk
FAST_UNITS_LIB := $(FAST_UNITS)/libfast-units.a
FAST_UNITS_INC := -I$(FAST_UNITS_DIR) $(NUMERICS_INC)
# A product and a sum are rounded each by itself.
FAST_UNITS_CFLAGS := -O3 -ffp-contract=off
FAST_UNITS_TEST := $(FAST_UNITS_DIR)/test
FAST_UNITS_TEST_SRC := $(addprefix $(FAST_UNITS_TEST)/,units_random.c test_units.c)
FAST_UNITS_TEST_INC := $(FAST_UNITS_INC) -I$(FAST_UNITS_TEST) -Ihw-model/numerics/test

ALL += $(FAST_UNITS_LIB)
TESTS += test-fast-units
BENCHES += bench-fast-units

$(FAST_UNITS)/%.o: $(FAST_UNITS_DIR)/%.c $(FAST_UNITS_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_SHARED) $(FAST_UNITS_CFLAGS) $(FAST_UNITS_INC) -c $< -o $@

$(FAST_UNITS_LIB): $(FAST_UNITS_SRC:$(FAST_UNITS_DIR)/%.c=$(FAST_UNITS)/%.o)
	rm -f $@
	$(AR) rcs $@ $^

# The tests compile everything anew; "plain" is as fast as the library.
FAST_UNITS_PLAIN := $(filter-out -fsanitize%,$(CFLAGS_COMMON)) -fno-omit-frame-pointer $(FAST_UNITS_CFLAGS)
FAST_UNITS_SAN_plain :=
FAST_UNITS_SAN_asan := -fsanitize=address,undefined -fno-sanitize-recover=all
FAST_UNITS_SAN_tsan := -fsanitize=thread

$(FAST_UNITS)/test-%: $(FAST_UNITS_SRC) $(FAST_UNITS_HEADERS) $(FAST_UNITS_TEST_SRC) \
		$(FAST_UNITS_TEST)/units_random.h $(NUMERICS_SRC)
	@mkdir -p $(@D)
	$(CC) $(FAST_UNITS_PLAIN) $(FAST_UNITS_SAN_$*) $(FAST_UNITS_TEST_INC) $(filter %.c,$^) \
		-lcmocka -lm -lpthread -o $@

# OpenBLAS: the Debian package libopenblas-dev.
$(FAST_UNITS)/bench: $(FAST_UNITS_TEST)/bench_units.c $(FAST_UNITS_TEST)/units_random.c \
		$(FAST_UNITS_TEST)/units_random.h $(FAST_UNITS_LIB) $(NUMERICS_LIB) | bench-packages
	$(CC) $(CFLAGS_COMMON) $(FAST_UNITS_TEST_INC) $(filter %.c %.a,$^) -lopenblas -lm -o $@

SEED ?= 1
COMMANDS ?= 20000

.PHONY: test-fast-units fast-units-campaign bench-fast-units
test-fast-units: $(foreach v,plain asan tsan,$(FAST_UNITS)/test-$(v))
	@$(FAST_UNITS)/test-plain 1 100
	@$(FAST_UNITS)/test-asan 2 20
	@$(FAST_UNITS)/test-tsan 3 60 threads

fast-units-campaign: $(FAST_UNITS)/test-plain $(FAST_UNITS)/test-asan ## the fast model's units with many random commands
	$(FAST_UNITS)/test-plain $(SEED) $(COMMANDS)
	$(FAST_UNITS)/test-asan $(SEED) $$(($(COMMANDS) / 10))

bench-fast-units: $(FAST_UNITS)/bench ## the fast model's units beside OpenBLAS
	@$(FAST_UNITS)/bench
