# SPDX-License-Identifier: MIT
# The RTL model as shared objects, and its tools.
#   make model            build/model/ashlar-model-rtl-{sim,tiny}.so, ashlar-replay
#   make model-trace      the same with waveforms (FST): ...-trace.so; slower
#   make MODEL_CFLAGS=-O2 portable code (the default is for this processor)

MODEL := $(BUILD)/model
MODEL_DIR := hw-model/model
MODEL_BOARDS := sim tiny
MODEL_CFLAGS ?= -O3 $(or $(SIMD),-march=native)
MODEL_JOBS ?= 2

# Every RTL file except packages, which sv-packages and RTL_PACKAGES put first.
RTL_PACKAGES := $(sort $(filter-out hw-model/rtl/ash_pkg.sv,$(wildcard hw-model/rtl/*/*_pkg.sv)))
RTL_FILES := $(filter-out %_pkg.sv,$(sort $(wildcard hw-model/rtl/*.sv hw-model/rtl/*/*.sv)))

# $(call rtl-sources,BOARD)
rtl-sources = $(call sv-packages,$(1)) $(RTL_PACKAGES) $(RTL_FILES)

MODEL_VFLAGS := --cc $(or $(MATRIX_VERILATOR_FLAGS),-O3 --x-assign fast --x-initial fast) --threads 1 \
	--output-split 20000 --output-split-cfuncs 2000 --prefix Vash_board --top-module ash_board

# Board kinds: plain (shipped), check (assertions on, for tests), trace.
MODEL_KINDS := plain check trace
MODEL_VFLAGS_plain := --no-assert
MODEL_VFLAGS_check := --assert
MODEL_VFLAGS_trace := --no-assert --trace-fst --trace-structs
MODEL_CFLAGS_check := -O1
MODEL_LIBS_trace := -lz

ifndef VERILATOR_ROOT
VERILATOR_ROOT := $(shell $(VERILATOR) --getenv VERILATOR_ROOT 2>/dev/null)
endif
MODEL_INCLUDE := -I$(MODEL_DIR) -Idriver/abi

ifneq ($(wildcard firmware/firmware.mk),)
MODEL_ROM := $(BUILD)/firmware/rom.bin
MODEL_ROM_FLAGS := -DROM_IMAGE='"$(MODEL_ROM)"'
endif

MODEL_SHELL := shell misuse memory insn outside record
MODEL_C := $(MODEL_SHELL) rtl dpi

# $(call model-rules,BOARD,KIND): the objects of a model, in
# $(MODEL)/BOARD-KIND/objects.list.
define model-rules
$(MODEL)/$(1)-$(2)/rtl.stamp: $(call rtl-sources,$(1)) hw-model/model/model.mk
	@mkdir -p $$(@D)/rtl
	$(VERILATOR) $(MODEL_VFLAGS) $(MODEL_VFLAGS_$(2)) --Mdir $$(@D)/rtl $(call rtl-sources,$(1))
	$$(MAKE) -j $(MODEL_JOBS) -C $$(@D)/rtl -f Vash_board.mk --no-print-directory -s \
		OPT_FAST="$$(or $$(MODEL_CFLAGS_$(2)),$(MODEL_CFLAGS))" OPT_SLOW=-O1 OPT_GLOBAL=-O2 \
		USER_CPPFLAGS="-fPIC -fvisibility=hidden -fno-gnu-unique" \
		Vash_board__ALL.a $(if $(filter trace,$(2)),verilated_fst_c.o) verilated.o verilated_dpi.o verilated_threads.o
	@touch $$@

$(MODEL)/$(1)-$(2)/board.o: $(MODEL_DIR)/board.cpp $(MODEL_DIR)/board.h $(MODEL)/$(1)-$(2)/rtl.stamp
	$(CXX) $(CXXFLAGS_COMMON) -fPIC -fvisibility=hidden -fno-gnu-unique \
		-DVM_TRACE=$(if $(filter trace,$(2)),1,0) $(MODEL_INCLUDE) -I$$(@D)/rtl \
		-isystem $(VERILATOR_ROOT)/include -isystem $(VERILATOR_ROOT)/include/vltstd -c $$< -o $$@

$(MODEL)/$(1)-$(2)/%.o: $(MODEL_DIR)/%.c $(wildcard $(MODEL_DIR)/*.h) $(MODEL)/$(1)-$(2)/rtl.stamp
	$(CC) $(CFLAGS_SHARED) $(MODEL_INCLUDE) -I$$(@D)/rtl -I$(GEN)/$(1) \
		-isystem $(VERILATOR_ROOT)/include/vltstd -c $$< -o $$@

$(MODEL)/$(1)-$(2)/dtb.o: $(GEN)/$(1)/board.dtb.c
	@mkdir -p $$(@D)
	$(CC) $(CFLAGS_SHARED) -I$(GEN)/$(1) -c $$< -o $$@

$(MODEL)/$(1)-$(2)/rom.o: $(MODEL_DIR)/rom.S $(MODEL_ROM)
	@mkdir -p $$(@D)
	$(CC) $(MODEL_ROM_FLAGS) -c $$< -o $$@

$(MODEL)/$(1)-$(2)/model.list: $(addprefix $(MODEL)/$(1)-$(2)/,board.o $(addsuffix .o,$(MODEL_C)) dtb.o rom.o)
	@echo $$^ $(addprefix $(MODEL)/$(1)-$(2)/rtl/,Vash_board__ALL.a verilated.o verilated_dpi.o verilated_threads.o \
		$(if $(filter trace,$(2)),verilated_fst_c.o)) $(MODEL_LIBS_$(2)) > $$@
endef

$(foreach b,$(MODEL_BOARDS),$(foreach k,$(MODEL_KINDS),$(eval $(call model-rules,$(b),$(k)))))

model-link = $(CXX) -shared -fPIC -Wl,--version-script=$(MODEL_DIR)/export.map -Wl,-z,defs \
	-o $@ $$(cat $<)

$(MODEL)/ashlar-model-rtl-%.so: $(MODEL)/%-plain/model.list $(MODEL_DIR)/export.map
	$(model-link)

$(MODEL)/ashlar-model-rtl-%-trace.so: $(MODEL)/%-trace/model.list $(MODEL_DIR)/export.map
	$(model-link)

$(MODEL)/ashlar-model-rtl-%-check.so: $(MODEL)/%-check/model.list $(MODEL_DIR)/export.map
	$(model-link)

$(MODEL)/ashlar-replay: $(addprefix $(MODEL_DIR)/,ashlar-replay.c ashlar_model.h record.h)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_COMMON) $(MODEL_INCLUDE) $< -ldl -o $@

.PHONY: model model-trace model-check
model: $(foreach b,$(MODEL_BOARDS),$(MODEL)/ashlar-model-rtl-$(b).so) $(MODEL)/ashlar-replay ## the RTL model as a shared object, a board each
model-trace: $(foreach b,$(MODEL_BOARDS),$(MODEL)/ashlar-model-rtl-$(b)-trace.so) ## the RTL model with waveforms
model-check: $(foreach b,$(MODEL_BOARDS),$(MODEL)/ashlar-model-rtl-$(b)-check.so) ## the RTL model with assertions

ALL += model
