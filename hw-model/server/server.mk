# SPDX-License-Identifier: MIT
# The vfio-user server.
#   make server           build/bin/ashlar-board; finds models in build/share/ashlar

SERVER_DIR := hw-model/server
SERVER_OUT := $(BUILD)/server
SERVER_BIN := $(BUILD)/bin/ashlar-board
SERVER_SRC := $(sort $(wildcard $(SERVER_DIR)/*.c))
SERVER_INCLUDE := -I$(SERVER_DIR) -Ihw-model/model -Idriver/abi
SERVER_CFLAGS := $(SERVER_INCLUDE) -DASHLAR_DATADIR='"$(PREFIX)/share/ashlar"'
SERVER_LIBS := -ldl -lpthread
SERVER_OBJ := $(SERVER_SRC:$(SERVER_DIR)/%.c=$(SERVER_OUT)/%.o)

$(SERVER_OUT)/%.o: $(SERVER_DIR)/%.c $(SERVER_DIR)/server.mk
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_COMMON) $(SERVER_CFLAGS) -MMD -MP -c $< -o $@

# It holds PREFIX, as a file of the library does.
$(SERVER_OUT)/load.o: $(BUILD)/lib/prefix

-include $(SERVER_OBJ:.o=.d)

$(SERVER_BIN): $(SERVER_OBJ)
	@mkdir -p $(@D)
	$(CC) $(SAN_FLAGS) $^ $(SERVER_LIBS) -o $@

.PHONY: server install-server
server: $(SERVER_BIN) ## the vfio-user server, for QEMU
ALL += server

install-server: $(SERVER_BIN)
	install -D -m 755 $< $(DESTDIR)$(PREFIX)/bin/ashlar-board
INSTALLS += install-server
