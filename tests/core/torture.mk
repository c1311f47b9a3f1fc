# SPDX-License-Identifier: MIT
# Programs nobody here wrote, on QEMU and on the core (tests/core/README.md).
#   make -f tests/core/torture.mk torture-short csmith
#   make -f tests/core/torture.mk torture CSMITH_SEEDS=1000 csmith
# One of the packages gcc-14-source and gcc-12-source is downloaded and unpacked under $(BUILD),
# not installed.
ifndef CORE_TB
include hw-model/tb/core/core.mk
endif

TORTURE_BUILD := $(BUILD)/torture
TORTURE_SRC := $(TORTURE_BUILD)/execute
TORTURE_OPTS ?= -O0,-O2,-Os,-O3
TORTURE_SHORT ?= 150
# Programs of up to this many instructions are also compared step by step.
LOCKSTEP ?= 100000
CSMITH_SEEDS ?= 10
CSMITH_FIRST ?= 1
JOBS ?= 2

.PHONY: torture torture-short csmith
# The newest of the two that this distribution has. Nothing but the one folder is unpacked.
$(TORTURE_SRC)/.done:
	rm -rf $(TORTURE_SRC) && mkdir -p $(TORTURE_SRC) $(TORTURE_BUILD)/deb
	set -e; cd $(TORTURE_BUILD)/deb; ls *.deb >/dev/null 2>&1 || \
	  apt-get download gcc-14-source || apt-get download gcc-12-source
	set -e; deb=$$(ls $(TORTURE_BUILD)/deb/*.deb | tail -n 1); \
	  dpkg-deb --fsys-tarfile $$deb | tar -xO --wildcards './usr/src/gcc-*/gcc-*.tar.xz' | \
	  tar -xJ -C $(TORTURE_SRC) --strip-components=5 --wildcards '*/gcc/testsuite/gcc.c-torture/execute/*'
	touch $@

TORTURE_RUN = tests/core/run.py torture --src $(TORTURE_SRC) --core $(CORE_TB) \
  --cc $(RISCV)gcc --jobs $(JOBS)

# Every program at every level, with and without memory stalls.
torture: $(CORE_TB) $(TORTURE_SRC)/.done ## all of GCC's torture programs on the core, against QEMU
	$(TORTURE_RUN) --out $(TORTURE_BUILD)/out --opt=$(TORTURE_OPTS) --stalls 1 --lockstep $(LOCKSTEP)

# The same few each time, within a minute.
torture-short: $(CORE_TB) $(TORTURE_SRC)/.done
	$(TORTURE_RUN) --out $(TORTURE_BUILD)/short --opt=-O2 --limit $(TORTURE_SHORT) --stalls 1 --lockstep 5000

csmith: $(CORE_TB) ## random C programs on the core, against QEMU (CSMITH_SEEDS=n)
	tests/core/run.py csmith --src /usr/include/csmith --out $(BUILD)/csmith --core $(CORE_TB) \
	  --cc $(RISCV)gcc --jobs $(JOBS) --first $(CSMITH_FIRST) --limit $(CSMITH_SEEDS) --opt=-O2 --stalls 1 --lockstep 50000

# The bounded forms, in `make test`.
.PHONY: test-torture test-csmith
test-torture: torture-short
test-csmith: csmith
TESTS += test-torture test-csmith
