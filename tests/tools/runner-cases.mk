# SPDX-License-Identifier: MIT
# Groups as the test runner may meet them; test-runner says what each must give.
.PHONY: two-counts no-count one-failed bad-exit no-test not-a-count

two-counts:
	@echo "3 passed, 0 failed"; echo "2 passed, 0 failed"
no-count:
	@echo "all is well"
one-failed:
	@echo "3 passed, 1 failed"; exit 1
bad-exit:
	@echo "3 passed, 0 failed"; exit 1
no-test:
	@echo "0 passed, 0 failed"
not-a-count:
	@echo "result: 3 passed, 0 failed"
