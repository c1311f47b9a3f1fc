# SPDX-License-Identifier: MIT
# `make bench`: figures of the RTL model, as text and $(BUILD)/bench.json, then
# those of the kernel driver in a guest.
#   make bench-rtl, bench-fast, bench-driver    one of them
#   make bench UPDATE=1                  writes tests/bench/golden.json anew

BENCH := $(BUILD)/bench
BENCH_COMMON := $(addprefix tests/bench/,common.c figures.c launches.c)
BENCH_SRC := $(BENCH_COMMON) $(addprefix tests/bench/,bench.c gemm.c latency.c) \
	tests/kernels/kt_case.c userspace/kernels/ref/kernels_ref.c
BENCH_HEADERS := tests/bench/bench.h tests/bench/launches.h tests/kernels/kt.h userspace/kernels/ref/kernels_ref.h \
	hw-model/model/record.h $(wildcard userspace/include/ashlar/*.h)
BENCH_INCLUDE := -Iuserspace/include -Idriver/abi -Ihw-model/numerics -Ihw-model/model \
	-Iuserspace/kernels/ref -Itests/kernels

$(BENCH)/empty.elf: tests/bench/empty.c $(SDK_FILES)
	@mkdir -p $(@D)
	$(ASHLAR_CC) $< -o $@

$(BENCH)/bench: $(BENCH_SRC) $(NUMERICS_LIB) $(BENCH_HEADERS) $(LIB_OUT)/libashlar.so
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_COMMON) $(BENCH_INCLUDE) $(filter %.c %.a,$^) -lm \
		-L$(LIB_OUT) -lashlar -Wl,-rpath,$(abspath $(LIB_OUT)) -o $@

.PHONY: bench-rtl
bench-rtl: $(BENCH)/bench $(BENCH)/empty.elf lib lib-data kernels firmware $(BUILD)/model/ashlar-model-rtl-sim.so
	$(BENCH)/bench $(BENCH)/empty.elf $(BUILD) tests/bench/golden.json \
		"$$($(CROSS)gcc -dumpfullversion)" $(if $(UPDATE),--update)

BENCHES += bench-rtl

# OpenBLAS with one thread, to compare with.
$(BENCH)/bench-fast: $(BENCH_COMMON) $(addprefix tests/bench/,fast.c gemm.c) tests/kernels/kt_case.c \
		userspace/kernels/ref/kernels_ref.c $(NUMERICS_LIB) $(BENCH_HEADERS) $(LIB_OUT)/libashlar.so | bench-packages
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_COMMON) $(BENCH_INCLUDE) $(filter %.c %.a,$^) -lopenblas -lm \
		-L$(LIB_OUT) -lashlar -Wl,-rpath,$(abspath $(LIB_OUT)) -o $@

.PHONY: bench-fast
bench-fast: $(BENCH)/bench-fast $(BENCH)/empty.elf lib kernels firmware fast $(BUILD)/model/ashlar-model-rtl-sim.so ## the functional model beside OpenBLAS and the RTL
	OPENBLAS_NUM_THREADS=1 $(BENCH)/bench-fast $(BENCH)/empty.elf tests/bench/golden.json $(BUILD)

BENCHES += bench-fast

$(BENCH)/bench-driver: $(BENCH_COMMON) tests/bench/driver.c $(BENCH_HEADERS) driver/uapi/ashlar_accel.h $(LIB_OUT)/libashlar.so
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_COMMON) $(BENCH_INCLUDE) -Idriver/uapi $(LIBDRM_CFLAGS) $(filter %.c,$^) \
		-L$(LIB_OUT) -lashlar -Wl,-rpath,$(abspath $(LIB_OUT)) -o $@

# The guest writes the figures of its calls, the board's model the record.
.PHONY: bench-driver
bench-driver: $(BENCH)/bench-driver $(BENCH)/empty.elf
	@tools/packages.sh vm
	@+$(MAKE) --no-print-directory -s vm BOARD=sim BOARD_MODEL=rtl VM_ARGS='--board-args "--record $(abspath $(BENCH))/driver.record"' \
		RUN='$(BENCH)/bench-driver measure $(BENCH)/empty.elf $(BENCH)/driver.figures'
	$(BENCH)/bench-driver report $(BENCH)/empty.elf $(BENCH)/driver.figures $(BENCH)/driver.record $(BUILD)
	@rm -f $(BENCH)/driver.record

BENCHES += bench-driver
