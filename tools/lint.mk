# SPDX-License-Identifier: MIT
# Lint of every RTL module as a top, on every board, and the format of all C.

TESTS += test-lint test-format

.PHONY: lint test-lint test-format
lint: test-lint ## lint the RTL on all boards

test-lint: gen
	@GEN=$(GEN) tools/lint-rtl $(VERILATOR) $(filter-out product,$(BOARDS)) -- product

test-format:
	@tools/check-format
