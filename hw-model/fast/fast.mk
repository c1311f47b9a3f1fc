# SPDX-License-Identifier: MIT
# The functional model as shared objects, a board each.
#   make fast     build/model/ashlar-model-fast-{sim,tiny,product}.so

FAST_DIR := hw-model/fast
FAST_BOARDS := sim tiny product
FAST_C := board host mp mp_regs copy tile loader kernel_regs unit mmu dma ops work pending
FAST_INCLUDE := -I$(FAST_DIR) -I$(MODEL_DIR) -Ihw-model/numerics -Idriver/abi

# $(call fast-rules,BOARD)
define fast-rules
$(MODEL)/$(1)-fast/%.o: $(FAST_DIR)/%.c $(wildcard $(FAST_DIR)/*.h $(MODEL_DIR)/*.h hw-model/numerics/*.h) \
		$(GEN)/$(1)/ash_board.h driver/abi/ashlar_regs.h
	@mkdir -p $$(@D)
	$(CC) $(CFLAGS_SHARED) $(FAST_CFLAGS) $(FAST_INCLUDE) -I$(GEN)/$(1) -c $$< -o $$@

$(MODEL)/$(1)-fast/%.o: $(MODEL_DIR)/%.c $(wildcard $(MODEL_DIR)/*.h) $(GEN)/$(1)/ash_board.h
	@mkdir -p $$(@D)
	$(CC) $(CFLAGS_SHARED) $(FAST_INCLUDE) -I$(GEN)/$(1) -c $$< -o $$@

$(MODEL)/$(1)-fast/%.o: hw-model/numerics/%.c $(wildcard hw-model/numerics/*.h)
	@mkdir -p $$(@D)
	$(CC) $(CFLAGS_SHARED) $(FAST_INCLUDE) -c $$< -o $$@

$(MODEL)/$(1)-fast/dtb.o: $(GEN)/$(1)/board.dtb.c
	@mkdir -p $$(@D)
	$(CC) $(CFLAGS_SHARED) -I$(GEN)/$(1) -c $$< -o $$@

$(MODEL)/$(1)-fast/rom.o: $(MODEL_DIR)/rom.S $(MODEL_ROM)
	@mkdir -p $$(@D)
	$(CC) $(MODEL_ROM_FLAGS) -c $$< -o $$@

$(MODEL)/ashlar-model-fast-$(1).so: $(addprefix $(MODEL)/$(1)-fast/,$(addsuffix .o,$(FAST_C) $(FAST_CORE_C) \
		$(MODEL_SHELL) ash_num ash_fn ash_matrix_ref ash_vector_check ash_vector_ref dtb rom)) $(FAST_UNITS_LIB) $(MODEL_DIR)/export.map
	$(CC) -shared -fPIC -Wl,--version-script=$(MODEL_DIR)/export.map -Wl,-z,defs -o $$@ $$(filter %.o %.a,$$^) -lm -lpthread
endef

$(foreach b,$(FAST_BOARDS),$(eval $(call fast-rules,$(b))))

# For tests: all of it under sanitizers, in one go.
FAST_SAN_asan := -fsanitize=address,undefined -fno-sanitize-recover=all
FAST_SAN_tsan := -fsanitize=thread
FAST_ALL_SRC := $(foreach c,$(FAST_C) $(FAST_CORE_C),$(FAST_DIR)/$(c).c) $(FAST_UNITS_SRC) \
	$(MODEL_SHELL:%=$(MODEL_DIR)/%.c) $(addprefix hw-model/numerics/,ash_num.c ash_fn.c ash_matrix_ref.c ash_vector_check.c ash_vector_ref.c)

# $(call fast-san-rule,BOARD,SANITIZER)
define fast-san-rule
$(MODEL)/ashlar-model-fast-$(1)-$(2).so: $(FAST_ALL_SRC) $(wildcard $(FAST_DIR)/*.h $(MODEL_DIR)/*.h) \
		$(GEN)/$(1)/board.dtb.c $(MODEL_DIR)/rom.S $(MODEL_ROM)
	@mkdir -p $$(@D)
	$(CC) $(filter-out -fsanitize%,$(CFLAGS_COMMON)) -fPIC -fvisibility=hidden -fno-omit-frame-pointer \
		-ffp-contract=off $(FAST_SAN_$(2)) $(FAST_INCLUDE) -I$(GEN)/$(1) $(MODEL_ROM_FLAGS) -shared \
		$(FAST_ALL_SRC) $(GEN)/$(1)/board.dtb.c $(MODEL_DIR)/rom.S -lm -lpthread -o $$@
endef

$(foreach b,sim tiny,$(foreach s,asan tsan,$(eval $(call fast-san-rule,$(b),$(s)))))

.PHONY: fast
fast: $(FAST_BOARDS:%=$(MODEL)/ashlar-model-fast-%.so) ## the functional model, a board each

ALL += fast
