# SPDX-License-Identifier: MIT
# The operator library. Its code for the host is part of libashlar (lib.mk).
# A folder kernels/NAME is a kernel file: $(BUILD)/ops/ashlar-NAME.elf.

OPS := $(BUILD)/ops
OPS_DIR := userspace/ops
OPS_NAMES := $(notdir $(patsubst %/,%,$(sort $(dir $(wildcard $(OPS_DIR)/kernels/*/*.c)))))
OPS_ELF := $(OPS_NAMES:%=$(OPS)/ashlar-%.elf)
OPS_SRC := $(sort $(wildcard $(OPS_DIR)/*.c))
OPS_REF_SRC := $(sort $(wildcard $(OPS_DIR)/ref/*.c))
OPS_API := $(API_OPS)
OPS_INCLUDE := -Iuserspace/include -Idriver/abi -Ihw-model/numerics -I$(OPS_DIR) -I$(OPS_DIR)/ref -I$(OPS_DIR)/kernels \
	-Iuserspace/kernels
OPS_HEADERS := $(OPS_API) $(wildcard $(OPS_DIR)/*.h $(OPS_DIR)/ref/*.h $(OPS_DIR)/kernels/*.h $(OPS_DIR)/kernels/*/*.h)

define ops-kernel-rules
$(OPS)/ashlar-$(1).elf: $(sort $(wildcard $(OPS_DIR)/kernels/$(1)/*.c)) $(wildcard $(OPS_DIR)/kernels/*.h \
		$(OPS_DIR)/kernels/$(1)/*.h userspace/kernels/*.h) $(SDK_FILES)
	@mkdir -p $$(@D)
	$(ASHLAR_CC) -I$(OPS_DIR)/kernels -Iuserspace/kernels $$(filter $(OPS_DIR)/%.c,$$^) -o $$@

$(LIB_DATA)/ashlar-$(1).elf:
	@mkdir -p $$(@D)
	ln -sfn ../../ops/$$(@F) $$@
endef
$(foreach n,$(OPS_NAMES),$(eval $(call ops-kernel-rules,$(n))))

.PHONY: ops install-ops
ops: $(OPS_ELF) $(OPS_NAMES:%=$(LIB_DATA)/ashlar-%.elf) ## the kernels of the operator library
ALL += ops

# What the references compute with, as a library: they are a test's oracle and
# a demo's, and are not installed.
OPS_REF_OBJ := $(OPS_REF_SRC:$(OPS_DIR)/ref/%.c=$(OPS)/ref/%.o)
OPS_REF_LIB := $(OPS)/libops-ref.a

$(OPS)/ref/%.o: $(OPS_DIR)/ref/%.c $(OPS_HEADERS) $(wildcard hw-model/numerics/*.h)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_COMMON) -O3 $(NUMERICS_CFLAGS) $(OPS_INCLUDE) -c $< -o $@

$(OPS_REF_LIB): $(OPS_REF_OBJ)
	rm -f $@
	$(AR) rcs $@ $^

install-ops: ops
	install -d $(DESTDIR)$(PREFIX)/share/ashlar $(DESTDIR)$(PREFIX)/include/ashlar
	install -m 644 $(OPS_ELF) $(DESTDIR)$(PREFIX)/share/ashlar/
	install -m 644 $(OPS_API) $(DESTDIR)$(PREFIX)/include/ashlar/
INSTALLS += install-ops
