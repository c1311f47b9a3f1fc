# SPDX-License-Identifier: MIT
# The reference of the arithmetic and its tests:
#   make -f hw-model/numerics/numerics.mk test-numerics
#   make -f hw-model/numerics/numerics.mk functions-all   every argument
# $(NUMERICS_LIB) is a static library for models and tests.
BUILD ?= build
ifndef GEN
include tools/flags.mk
GEN := $(BUILD)/gen
endif

NUMERICS := hw-model/numerics
NUMERICS_SRC := $(addprefix $(NUMERICS)/,ash_num.c ash_fn.c ash_matrix_ref.c ash_vector_check.c ash_vector_ref.c ash_gemm.c)
NUMERICS_OBJ := $(NUMERICS_SRC:$(NUMERICS)/%.c=$(BUILD)/numerics/%.o)
NUMERICS_LIB := $(BUILD)/numerics/libash-numerics.a
NUMERICS_INC := -I$(NUMERICS) -Idriver/abi
# Whoever compiles the sources anew (for a sanitizer) needs these too.
NUMERICS_CFLAGS := -ffp-contract=off -frounding-math
NUMERICS_TESTS := $(addprefix $(BUILD)/numerics/,test_num test_fn test_vector test_gemm)
ALL += $(NUMERICS_LIB)
TESTS += test-numerics

# -O3 vectorises the loops of ash_gemm.c; its float arithmetic is plain IEEE.
$(BUILD)/numerics/%.o: $(NUMERICS)/%.c $(wildcard $(NUMERICS)/*.h) driver/abi/ashlar_regs.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_SHARED) -O3 $(NUMERICS_CFLAGS) $(NUMERICS_INC) -c $< -o $@

$(NUMERICS_LIB): $(NUMERICS_OBJ)
	rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/numerics/test_%: $(NUMERICS)/test/test_%.c $(NUMERICS)/test/host_fp.h $(NUMERICS_LIB)
	$(CC) $(CFLAGS_COMMON) $(NUMERICS_CFLAGS) $(NUMERICS_INC) $< $(NUMERICS_LIB) -lcmocka -lm -o $@

.PHONY: test-numerics functions-all
functions-all: $(BUILD)/numerics/test_fn ## the vector unit's functions with every argument
	$< all

test-numerics: $(NUMERICS_TESTS)
	@passed=0; failed=0; for t in $(NUMERICS_TESTS); do \
		out=$$($$t 2>&1) || { echo "$$out"; }; \
		p=$$(echo "$$out" | grep -c '^\[       OK \]'); f=$$(echo "$$out" | grep -c '^\[  FAILED  \] [a-z_0-9]*$$'); \
		n=$$(echo "$$out" | sed -n 's/.*Running \([0-9]*\) test(s).*/\1/p'); \
		[ "$$n" = "$$((p + f))" ] || f=$$((f + 1)); \
		passed=$$((passed + p)); failed=$$((failed + f)); \
	done; echo "$$passed passed, $$failed failed"; [ $$failed -eq 0 ] && [ $$passed -gt 0 ]
