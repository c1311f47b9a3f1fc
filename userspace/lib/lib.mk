# SPDX-License-Identifier: MIT
# libashlar: shared and static, and the data folder that a build tree uses.
#   $(BUILD)/lib/libashlar.so, libashlar.a, ashlar.pc
#   $(BUILD)/share/ashlar       links to models, firmware and kernels, found
#                               by the library beside its own folder

LIB_OUT := $(BUILD)/lib
LIB_DATA := $(BUILD)/share/ashlar
LIB_DIR := userspace/lib
LIB_VERSION := 0.1.0
LIB_SONAME := libashlar.so.0
LIB_REAL := libashlar.so.$(LIB_VERSION)

# The driver core is compiled as it stands; the shipped kernels and the operator
# library bring code for the host.
LIB_SRC := $(sort $(wildcard $(LIB_DIR)/*.c)) \
	$(sort $(wildcard driver/core/*.c)) \
	$(sort $(wildcard userspace/kernels/host/*.c)) \
	$(sort $(wildcard userspace/ops/*.c))
# Of libdrm only the kernel's headers.
LIBDRM_CFLAGS := $(shell pkg-config --cflags libdrm 2>/dev/null || echo -I/usr/include/libdrm)
LIB_OBJ := $(LIB_SRC:%.c=$(LIB_OUT)/obj/%.o)
LIB_INCLUDE := -Iuserspace/include -I$(LIB_DIR) -Iuserspace/ops -Idriver/core -Idriver/abi -Idriver/uapi \
	-Ihw-model/model $(LIBDRM_CFLAGS)
LIB_LIBS := -lfdt -ldl -lpthread -lm
LIB_CFLAGS := $(CFLAGS_SHARED) $(LIB_INCLUDE) -MMD -MP \
	-DASHLAR_DATADIR='"$(PREFIX)/share/ashlar"'
LIB_HEADERS := ashlar.h kernel_abi.h

$(LIB_OUT)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(LIB_CFLAGS) -c $< -o $@

-include $(LIB_OBJ:.o=.d)

$(LIB_OUT)/$(LIB_REAL): $(LIB_OBJ) $(LIB_DIR)/libashlar.map
	$(CC) $(SAN_FLAGS) -shared -Wl,-soname,$(LIB_SONAME) -Wl,-z,defs \
		-Wl,--version-script=$(LIB_DIR)/libashlar.map \
		$(LIB_OBJ) $(LIB_LIBS) -o $@

$(LIB_OUT)/$(LIB_SONAME): $(LIB_OUT)/$(LIB_REAL)
	ln -sf $(LIB_REAL) $@

$(LIB_OUT)/libashlar.so: $(LIB_OUT)/$(LIB_SONAME)
	ln -sf $(LIB_SONAME) $@

$(LIB_OUT)/libashlar.a: $(LIB_OBJ)
	rm -f $@
	$(AR) rcs $@ $(LIB_OBJ)

# Holds PREFIX; written only when that has changed, so that what it is compiled
# into is made again then.
.PHONY: lib-prefix
$(LIB_OUT)/prefix: lib-prefix
	@mkdir -p $(@D)
	@echo '$(PREFIX)' | cmp -s - $@ || echo '$(PREFIX)' > $@

$(LIB_OUT)/obj/$(LIB_DIR)/files.o: $(LIB_OUT)/prefix

$(LIB_OUT)/ashlar.pc: $(LIB_DIR)/ashlar.pc.in $(LIB_DIR)/lib.mk $(LIB_OUT)/prefix
	sed -e 's,@PREFIX@,$(PREFIX),' -e 's,@VERSION@,$(LIB_VERSION),' $< > $@

# Links, so that a model built later is found too.
LIB_DATA_FILES := $(LIB_DATA)/ashlar-fw.bin $(LIB_DATA)/ashlar-kernels.elf \
	$(foreach m,rtl-sim rtl-tiny rtl-sim-trace rtl-tiny-trace fast-sim fast-tiny fast-product,$(LIB_DATA)/ashlar-model-$(m).so)

$(LIB_DATA)/ashlar-fw.bin:
	@mkdir -p $(@D)
	ln -sfn ../../firmware/$(@F) $@
$(LIB_DATA)/ashlar-kernels.elf:
	@mkdir -p $(@D)
	ln -sfn ../../kernels/$(@F) $@
$(LIB_DATA)/ashlar-model-%.so:
	@mkdir -p $(@D)
	ln -sfn ../../model/$(@F) $@

.PHONY: lib lib-data install-lib
# The links may point at nothing yet, which make takes for out of date.
lib-data:
	@+$(MAKE) --no-print-directory -s $(LIB_DATA_FILES)

lib: $(LIB_OUT)/libashlar.so $(LIB_OUT)/libashlar.a $(LIB_OUT)/ashlar.pc lib-data ## libashlar
ALL += lib

# The reference pages, kept in the tree: each from its headers.
API_PAGE := awk -f $(LIB_DIR)/api-page
API_LIB := userspace/include/ashlar/ashlar.h
API_OPS := $(addprefix userspace/include/ashlar/,ops.h ops_linear.h ops_elementwise.h ops_norm.h ops_attention.h)
.PHONY: api-page test-lib-page
api-page: ## renew the API.md of libashlar and of the operator library
	$(API_PAGE) $(API_LIB) > $(LIB_DIR)/API.md
	$(API_PAGE) $(API_OPS) > userspace/ops/API.md
test-lib-page:
	@passed=0; failed=0; \
	for p in "$(LIB_DIR)/API.md $(API_LIB)" "userspace/ops/API.md $(API_OPS)"; do \
		set -- $$p; page=$$1; shift; \
		if $(API_PAGE) "$$@" | diff -u $$page -; then passed=$$((passed + 1)); \
		else echo "run make api-page"; failed=$$((failed + 1)); fi; \
	done; echo "$$passed passed, $$failed failed"; [ $$failed -eq 0 ]
TESTS += test-lib-page

LIB_DEST = $(DESTDIR)$(PREFIX)
install-lib: lib model fast firmware
	install -d $(LIB_DEST)/lib/pkgconfig $(LIB_DEST)/include/ashlar $(LIB_DEST)/share/ashlar
	install -m 755 $(LIB_OUT)/$(LIB_REAL) $(LIB_DEST)/lib/
	ln -sf $(LIB_REAL) $(LIB_DEST)/lib/$(LIB_SONAME)
	ln -sf $(LIB_SONAME) $(LIB_DEST)/lib/libashlar.so
	install -m 644 $(LIB_OUT)/libashlar.a $(LIB_DEST)/lib/
	install -m 644 $(LIB_OUT)/ashlar.pc $(LIB_DEST)/lib/pkgconfig/
	install -m 644 $(addprefix userspace/include/ashlar/,$(LIB_HEADERS)) $(LIB_DEST)/include/ashlar/
	install -m 644 $(BUILD)/firmware/ashlar-fw.bin $(LIB_DEST)/share/ashlar/
	install -m 755 $(foreach m,rtl-sim rtl-tiny fast-sim fast-tiny fast-product,$(BUILD)/model/ashlar-model-$(m).so) \
		$(LIB_DEST)/share/ashlar/
INSTALLS += install-lib
