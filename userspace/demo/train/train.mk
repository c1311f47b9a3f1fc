# SPDX-License-Identifier: MIT
# Training on the board: digits by a convolutional network, text by a transformer.

TRAIN := $(BUILD)/demo
TRAIN_DIR := userspace/demo/train
TRAIN_SHARED := $(addprefix $(TRAIN_DIR)/,machine.c params.c lockstep.c curve.c)
TRAIN_HEADERS := $(wildcard $(TRAIN_DIR)/*.h userspace/demo/*.h userspace/include/ashlar/*.h) \
	userspace/ops/ref/ref.h
TRAIN_LINK := $(OPS_REF_LIB) $(NUMERICS_LIB)

define train-program
$(TRAIN)/$(1): $(TRAIN_DIR)/$(1).c $(2) $(TRAIN_SHARED) $(TRAIN_LINK) $(TRAIN_HEADERS) $(LIB_OUT)/libashlar.so
	@mkdir -p $$(@D)
	$(CC) $(CFLAGS_COMMON) $(OPS_INCLUDE) $$(filter %.c,$$^) $(TRAIN_LINK) -lm -lz \
		-L$(LIB_OUT) -lashlar -Wl,-rpath,$(abspath $(LIB_OUT)) -o $$@
endef
$(eval $(call train-program,train-digits,$(TRAIN_DIR)/cnn.c userspace/demo/images.c userspace/demo/weights.c))
$(eval $(call train-program,train-text,$(TRAIN_DIR)/lm.c))


ALL += $(TRAIN)/train-digits $(TRAIN)/train-text

TRAIN_NEEDS := lib lib-data ops firmware $(BUILD)/model/ashlar-model-fast-sim.so
TRAIN_TEXT := LICENSES/GPL-2.0-only.txt

.PHONY: demo-train demo-lm run-demo-train run-demo-lm
demo-train: ## train a convolutional network on the digits, on the board; curve in build/demo/train-digits.svg
	@tools/packages.sh demo
	@+$(MAKE) --no-print-directory -s run-demo-train
run-demo-train: $(TRAIN)/train-digits $(TRAIN_NEEDS) $(BUILD)/model/ashlar-model-rtl-sim.so
	$(TRAIN)/train-digits --compare reference:10 --compare sim:rtl:2 \
		--curve $(TRAIN)/train-digits.svg userspace/demo

demo-lm: ## train a small transformer on a text, on the board, and have it write; curve in build/demo/train-text.svg
	@tools/packages.sh demo
	@+$(MAKE) --no-print-directory -s run-demo-lm
run-demo-lm: $(TRAIN)/train-text $(TRAIN_NEEDS)
	$(TRAIN)/train-text --compare reference:10 --curve $(TRAIN)/train-text.svg $(TRAIN_TEXT)

# Both, to the end: the programs fail when a byte differs or a network has not
# learned.
.PHONY: test-training
test-training:
	@+failed=0; \
	for demo in run-demo-train run-demo-lm; do \
		$(MAKE) --no-print-directory -s $$demo || failed=$$((failed + 1)); \
	done; \
	echo "$$((2 - failed)) passed, $$failed failed"; [ $$failed = 0 ]
TESTS += test-training
