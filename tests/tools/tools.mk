# SPDX-License-Identifier: MIT
# Tests of the tools.

TESTS += test-tools

.PHONY: test-tools
test-tools:
	@tests/tools/test-runner $(BUILD)/tests/tools/logs
