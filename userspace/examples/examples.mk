# SPDX-License-Identifier: MIT
# The examples, as a user builds them: against a fresh installation.

EXAMPLES := $(BUILD)/examples
EXAMPLES_DIR := userspace/examples
# An installation that is only for this test.
EXAMPLES_ROOT := $(abspath $(EXAMPLES))/root
EXAMPLES_PREFIX := /usr

.PHONY: test-examples
test-examples:
	@rm -rf $(EXAMPLES_ROOT)
	@+$(MAKE) --no-print-directory install DESTDIR=$(EXAMPLES_ROOT) PREFIX=$(EXAMPLES_PREFIX)
	@$(EXAMPLES_DIR)/test-examples $(EXAMPLES_ROOT) $(EXAMPLES_PREFIX) $(EXAMPLES)

TESTS += test-examples
