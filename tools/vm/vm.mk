# SPDX-License-Identifier: MIT
# Guests: stock Debian kernels under QEMU with the board (README.md).
#   make vm                      a shell in a guest, the driver loaded
#   make vm RUN='command'        or one command, and its status
#   make vm KERNEL=6.12 BOARD=tiny BOARD_MODEL=rtl VM_ARGS='--memory 2048'
#                                on the RTL instead of the functional model
#   make guest-root              the private Debian that the rest needs

BOARD ?= sim
BOARD_MODEL ?= fast
RUN ?=
VM_ARGS ?=
VM_MODEL := $(BUILD)/model/ashlar-model-$(BOARD_MODEL)-$(BOARD).so
# The command reaches the guest's shell as it was written.
export RUN

.PHONY: vm run-vm guest-root debug-kernel test-vm
vm: ## a shell, or RUN='command', in a guest with the driver and the board (KERNEL=7.3 BOARD=sim)
	@tools/packages.sh vm
	@echo "vm: builds model, firmware, library, driver, the first time also the guests' Debian (about 5 minutes)"
	@echo "vm: then starts Linux $(KERNEL) in QEMU, about 10 seconds; the files there are this machine's"
	@+$(MAKE) --no-print-directory -s run-vm

run-vm: lib lib-data kernels firmware server $(VM_MODEL) guest-root
	@+$(MAKE) --no-print-directory -s module >$(BUILD)/guest/module-$(KERNEL).log 2>&1 || \
		{ cat $(BUILD)/guest/module-$(KERNEL).log >&2; exit 1; }
	@tools/vm/run --kernel $(KERNEL) --board $(BOARD) --model $(BOARD_MODEL) \
		--module $(BUILD)/driver/$(KERNEL)/ashlar.ko $(VM_ARGS) $${RUN:+-- sh -c "$$RUN"}

guest-root:
	@tools/vm/make-root

debug-kernel: ## a kernel for guests with KASAN, lockdep and fault injection (KERNEL=debug)
	@tools/vm/debug-kernel

test-vm:
	@tools/vm/test/test-run
TESTS += test-vm
