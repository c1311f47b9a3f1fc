# SPDX-License-Identifier: MIT
# Tests of the operator library: tests/ops/test_FAMILY.c on emulated tiles
# (under sanitizers) and on boards.
#   test-ops-emu       all families on the emulator, and their host parts
#   test-ops-fast      on the functional models
#   test-ops-rtl       on the RTL: a few cases
#   ops-campaign       the long form: CASES=n SEED=n FAMILY=name

OT := $(BUILD)/tests/ops
OT_DIR := tests/ops
OT_FAMILIES := $(patsubst $(OT_DIR)/test_%.c,%,$(sort $(wildcard $(OT_DIR)/test_*.c)))
# A family's further files.
OT_MORE := $(foreach f,$(OT_FAMILIES),$(wildcard $(OT_DIR)/$(f)_*.c))
OT_INCLUDE := $(OPS_INCLUDE) -I$(OT_DIR) -Itests/kernels -Iuserspace/kernels/ref -Iuserspace/sdk/emu
OT_HEADERS := $(OPS_HEADERS) $(KT_HEADERS) $(wildcard $(OT_DIR)/*.h)
OT_COMMON := $(OT_DIR)/ot.c tests/kernels/kt_case.c userspace/kernels/ref/kernels_ref.c
# The names of shapes and formats.
OT_DEVICE_SRC := $(OT_COMMON) $(OT_DIR)/ot_device.c $(OPS_DIR)/check.c
# Kernels, plans, references and emulator as parts of one program.
OT_EMU_SRC := $(OT_COMMON) $(OT_DIR)/ot_emu.c $(filter-out %/ops.c,$(OPS_SRC)) $(OPS_REF_SRC) \
	$(EMU_SRC) $(NUMERICS_SRC) $(KERNELS_DIR)/gemm.c $(sort $(wildcard $(OPS_DIR)/kernels/*/*.c))
OT_EMU_OBJ := $(OT_EMU_SRC:%.c=$(OT)/emu/%.o)
OT_DEVICE_OBJ := $(OT_DEVICE_SRC:%.c=$(OT)/device/%.o)

.SECONDARY: $(OT_EMU_OBJ) $(OT_DEVICE_OBJ) $(OT)/emu/$(OT_DIR)/ot_main.o $(OT)/device/$(OT_DIR)/ot_main.o $(OT_FAMILIES:%=$(OT)/emu/$(OT_DIR)/test_%.o) \
	$(OT_FAMILIES:%=$(OT)/device/$(OT_DIR)/test_%.o) $(OT_MORE:%.c=$(OT)/emu/%.o) $(OT_MORE:%.c=$(OT)/device/%.o)

$(OT)/emu/%.o: %.c $(OT_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_COMMON) $(SAN_FLAGS_asan) $(NUMERICS_CFLAGS) -DASHLAR_EMU $(OT_INCLUDE) -c $< -o $@

$(OT)/device/%.o: %.c $(OT_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_COMMON) $(NUMERICS_CFLAGS) $(OT_INCLUDE) -c $< -o $@

.SECONDEXPANSION:
ot-more = $(patsubst %.c,$(OT)/$(1)/%.o,$(sort $(wildcard $(OT_DIR)/$(2)_*.c)))

# Kernels are found by name.
$(OT)/emu_%: $(OT)/emu/$(OT_DIR)/test_%.o $(OT)/emu/$(OT_DIR)/ot_main.o $$(call ot-more,emu,$$*) $(OT_EMU_OBJ)
	$(CC) $(SAN_FLAGS_asan) -rdynamic $^ -lm -ldl -o $@

$(OT)/device_%: $(OT)/device/$(OT_DIR)/test_%.o $(OT)/device/$(OT_DIR)/ot_main.o $$(call ot-more,device,$$*) $(OT_DEVICE_OBJ) $(OPS_REF_LIB) $(NUMERICS_LIB) $(LIB_OUT)/libashlar.so
	$(CC) $(SAN_FLAGS) $(filter %.o %.a,$^) -lm -L$(LIB_OUT) -lashlar -Wl,-rpath,$(abspath $(LIB_OUT)) -o $@

FAMILY ?= $(OT_FAMILIES)
# $(call ot-run,DEVICE,SEED,CASES,PROGRAM): each family.
ot-run = failed=0; for f in $(FAMILY); do echo "$$f on $(1)"; $(OT)/$(4)_$$f $(1) $(2) $(3) || failed=1; done; [ $$failed -eq 0 ]

.PHONY: test-ops-emu test-ops-fast test-ops-rtl ops-campaign
test-ops-emu: $(FAMILY:%=$(OT)/emu_%)
	@$(call ot-run,emu$(comma)board=tiny,1,300,emu)
	@$(call ot-run,emu,2,150,emu)

OT_NEEDS := $(FAMILY:%=$(OT)/device_%) lib lib-data kernels ops firmware
test-ops-fast: $(OT_NEEDS) fast
	@$(call ot-run,sim:fast$(comma)board=tiny,3,300,device)
	@$(call ot-run,sim:fast,4,300,device)

test-ops-rtl: $(OT_NEEDS) $(BUILD)/model/ashlar-model-rtl-tiny.so $(BUILD)/model/ashlar-model-rtl-sim.so
	@$(call ot-run,sim:rtl$(comma)board=tiny,5,40,device)
	@$(call ot-run,sim:rtl,6,20,device)

ops-campaign: $(FAMILY:%=$(OT)/emu_%) $(OT_NEEDS) model fast ## many random operations, emulated and on both models (CASES=n SEED=n FAMILY=name)
	@$(call ot-run,emu$(comma)board=tiny,$(SEED),$(CASES),emu)
	@$(call ot-run,emu,$(SEED),$(CASES),emu)
	@$(call ot-run,sim:fast,$(SEED),$(CASES),device)
	@$(call ot-run,sim:rtl$(comma)board=tiny,$(SEED),$$(($(CASES) / 10)),device)
	@$(call ot-run,sim:rtl,$(SEED),$$(($(CASES) / 50)),device)

# Cycles on the RTL: tests/bench/ops.c, and ops_FAMILY.c with what is measured.
OB_FAMILIES := $(patsubst tests/bench/ops_%.c,%,$(sort $(wildcard tests/bench/ops_*.c)))
OB_COMMON := $(addprefix tests/bench/,ops.c figures.c common.c)

$(BENCH)/ops_%: tests/bench/ops_%.c $(OB_COMMON) tests/bench/bench.h tests/bench/ops.h $(OT_DEVICE_OBJ) $(OPS_REF_LIB) \
		$(NUMERICS_LIB) $(OT_HEADERS) $(LIB_OUT)/libashlar.so
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_COMMON) $(BENCH_INCLUDE) $(OT_INCLUDE) -Itests/bench $(filter %.c %.o %.a,$^) -lm \
		-L$(LIB_OUT) -lashlar -Wl,-rpath,$(abspath $(LIB_OUT)) -o $@

.PHONY: bench-ops
bench-ops: $(OB_FAMILIES:%=$(BENCH)/ops_%) lib lib-data kernels ops firmware $(BUILD)/model/ashlar-model-rtl-sim.so ## cycles of operations on the RTL, beside their bounds
	@failed=0; for f in $(if $(filter command line environment,$(origin FAMILY)),$(FAMILY),$(OB_FAMILIES)); do \
		$(BENCH)/ops_$$f $(BUILD) tests/bench/ops_$$f.json "$$($(CROSS)gcc -dumpfullversion)" \
			$(if $(UPDATE),--update) || failed=1; done; [ $$failed -eq 0 ]
BENCHES += bench-ops

TESTS += test-ops-emu test-ops-fast test-ops-rtl
comma := ,
