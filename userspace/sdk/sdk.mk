# SPDX-License-Identifier: MIT
# The kernel SDK: headers, start-up code, linker script, ashlar-cc.

SDK_DIR := userspace/sdk
SDK_DEST = $(DESTDIR)$(PREFIX)/share/ashlar/sdk

.PHONY: install-sdk
install-sdk:
	install -D -m 755 $(SDK_DIR)/ashlar-cc $(DESTDIR)$(PREFIX)/bin/ashlar-cc
	install -D -m 644 $(SDK_DIR)/include/assert.h $(SDK_DEST)/include/assert.h
	install -m 644 $(SDK_DIR)/crt0.S $(SDK_DIR)/rt.c $(SDK_DIR)/kernel.ld $(SDK_DEST)/
	install -d $(DESTDIR)$(PREFIX)/include/ashlar
	install -m 644 userspace/include/ashlar/kernel.h userspace/include/ashlar/kernel_abi.h \
		driver/abi/ashlar_regs.h driver/abi/ashlar_abi.h $(DESTDIR)$(PREFIX)/include/ashlar/
INSTALLS += install-sdk
