# SPDX-License-Identifier: MIT
# The whole of Ashlar. `make help` lists the targets. Each part's rules are in
# a fragment beside it; a fragment adds its targets to these lists:
#   ALL      files or targets that `make all` builds
#   TESTS    targets (test-NAME) that print "N passed, N failed" and fail if any failed
#   BENCHES  targets that print figures
#   INSTALLS targets that install below $(DESTDIR)$(PREFIX)
# and puts everything it makes below $(BUILD).

BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=

ALL :=
TESTS :=
BENCHES :=
INSTALLS :=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

include tools/flags.mk
include tools/lint.mk
-include hw-model/gen/gen.mk
-include hw-model/numerics/numerics.mk
-include hw-model/fast/units.mk
-include hw-model/fast/rv32.mk
-include hw-model/rtl/matrix/flags.mk
-include hw-model/model/model.mk
-include hw-model/fast/fast.mk
-include hw-model/server/server.mk
-include $(foreach b,lib core matrix vector dma mmu mem bus loader tile mp host copy board,hw-model/tb/$(b)/$(b).mk)
-include firmware/firmware.mk
-include driver/driver.mk
include tools/vm/vm.mk
-include $(foreach p,lib kernels ops sdk examples tools demo,userspace/$(p)/$(p).mk)
-include userspace/demo/train/train.mk
-include $(sort $(wildcard tests/*/*.mk))

.PHONY: help all demo test bench bench-packages lint install clean packages

help: ## list these targets
	@echo "Ashlar: an open accelerator board. Targets:"
	@sed -n 's/^\([a-z][a-z0-9-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | \
		awk -F'\t' '$$1 !~ /^test-/ { printf "  %-20s %s\n", $$1, $$2 }'
	@echo "Groups of \`make test', each a target (tests/README.md):"
	@echo $(TESTS) | fmt -w 76 | sed 's/^/  /'
	@echo "Variables: BUILD=$(BUILD) PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) SAN=asan|ubsan"

all: $(ALL) ## build everything

demo: ## install what is missing, build, and classify digits on the simulated board
	@tools/packages.sh demo
	@echo "demo: builds models, firmware and library, and runs a network on the simulated board"
	@echo "demo: a first result in about a minute; the RTL takes about 2 minutes to build, once"
	@+$(MAKE) --no-print-directory -s run-demo

test: ## install what is missing, build, and run every test
	@tools/packages.sh test
	@+MAKE='$(MAKE)' tools/run-tests $(BUILD)/test-logs $(TESTS)

bench: $(BENCHES) ## install what is missing, and measure; figures are exact cycles, or ratios to something run beside

# Before anything of a bench that needs more than the tests do is built.
bench-packages:
	@tools/packages.sh bench

install: $(INSTALLS) ## install below $(DESTDIR)$(PREFIX)

packages: ## install the Debian packages that building and testing need
	@tools/packages.sh test

clean: ## remove all that was built
	rm -rf $(BUILD)
