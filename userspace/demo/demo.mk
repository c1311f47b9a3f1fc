# SPDX-License-Identifier: MIT
# The demo: digits on the simulated board. `make demo` runs it.

DEMO := $(BUILD)/demo
DEMO_DIR := userspace/demo
DEMO_SRC := $(addprefix $(DEMO_DIR)/,digits.c network.c weights.c images.c) \
	userspace/kernels/ref/kernels_ref.c
DEMO_INCLUDE := -Iuserspace/include -Iuserspace/kernels/ref -Ihw-model/numerics -Idriver/abi

$(DEMO)/digits: $(DEMO_SRC) $(NUMERICS_LIB) $(wildcard $(DEMO_DIR)/*.h userspace/include/ashlar/*.h userspace/kernels/ref/*.h) $(LIB_OUT)/libashlar.so
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_COMMON) $(DEMO_INCLUDE) $(DEMO_SRC) $(NUMERICS_LIB) -lm \
		-L$(LIB_OUT) -lashlar -Wl,-rpath,$(abspath $(LIB_OUT)) -lz -o $@

# `make demo` checks the packages, then makes run-demo: first on the functional
# model, which is there in seconds, then on the RTL.
DEMO_NEEDS := $(DEMO)/digits lib lib-data kernels firmware
.PHONY: run-demo demo-run demo-fast demo-rtl
run-demo:
	@+$(MAKE) --no-print-directory -s demo-fast
	@+$(MAKE) --no-print-directory -s demo-rtl
demo-fast: $(DEMO_NEEDS) $(BUILD)/model/ashlar-model-fast-sim.so
	@echo "demo: on the functional model"
	ASHLAR_DEVICE=sim:fast $(DEMO)/digits $(DEMO_DIR)
demo-rtl: $(DEMO_NEEDS) $(BUILD)/model/ashlar-model-rtl-sim.so
	@echo "demo: on the hardware, simulated cycle by cycle"
	ASHLAR_DEVICE=sim:rtl $(DEMO)/digits $(DEMO_DIR)
demo-run: run-demo ## the demo alone, without looking for packages

# The same program in a guest, through the kernel driver.
.PHONY: demo-vm
demo-vm: ## the demo through the kernel driver, in a guest under QEMU (KERNEL=7.3)
	@tools/packages.sh vm
	@+$(MAKE) --no-print-directory -s $(DEMO)/digits vm RUN='$(DEMO)/digits $(DEMO_DIR)'

ALL += $(DEMO)/digits
