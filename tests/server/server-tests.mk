# SPDX-License-Identifier: MIT
# Tests of the vfio-user server.
#   make test-server          as it ships, on a model made for tests
#   make test-server-asan     the same under AddressSanitizer and UBSan, with leaks
#   make test-server-tsan     the same under ThreadSanitizer
#   make test-server-board    on the RTL: registers, boot, jobs
#   make test-server-fuzz     random clients, under AddressSanitizer and UBSan
#   make server-fuzz          the same for longer: FUZZ_SEEDS, FUZZ_MESSAGES
#   make bench-server         round trips, processor time at rest

SERVER_T := $(BUILD)/tests/server
SERVER_T_CFLAGS := $(filter-out -fsanitize%,$(CFLAGS_COMMON)) -fno-omit-frame-pointer
SERVER_T_INCLUDE := -Itests/server -Itests/lib -Ihw-model/model -Idriver/abi
SERVER_T_SAN_plain :=
SERVER_T_SAN_asan := -fsanitize=address,undefined -fno-sanitize-recover=all
SERVER_T_SAN_tsan := -fsanitize=thread
SERVER_T_SHARED := tests/server/client.c tests/server/run_server.c
SERVER_T_HEADERS := $(wildcard tests/server/*.h) tests/lib/counted.h tests/server/server-tests.mk
SERVER_T_PROGRAMS := protocol function dma irq life

$(SERVER_T)/test_%: tests/server/test_%.c $(SERVER_T_SHARED) $(SERVER_T_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(SERVER_T_CFLAGS) $(SERVER_T_INCLUDE) $< $(SERVER_T_SHARED) -lcmocka -o $@

# $(call server-test-rules,VARIANT): the server and the model of a variant.
# The plain server is the one that ships.
define server-test-rules
$(SERVER_T)/$(1)/fake.so: tests/server/fake_model.c $(SERVER_T_HEADERS) hw-model/model/ashlar_model.h
	@mkdir -p $$(@D)
	$(CC) $(SERVER_T_CFLAGS) $(SERVER_T_SAN_$(1)) -fPIC -fvisibility=hidden -shared $(SERVER_T_INCLUDE) $$< -o $$@

$(SERVER_T)/$(1)/ashlar-board: $(SERVER_SRC) $(wildcard $(SERVER_DIR)/*.h) tests/server/server-tests.mk
	@mkdir -p $$(@D)
	$(CC) $(SERVER_T_CFLAGS) $(SERVER_T_SAN_$(1)) $(SERVER_CFLAGS) $(SERVER_SRC) $(SERVER_LIBS) -o $$@

.PHONY: test-server$(if $(filter plain,$(1)),,-$(1))
test-server$(if $(filter plain,$(1)),,-$(1)): $(SERVER_T_PROGRAMS:%=$(SERVER_T)/test_%) \
		$(if $(filter plain,$(1)),$(SERVER_BIN),$(SERVER_T)/$(1)/ashlar-board) $(SERVER_T)/$(1)/fake.so
	@failed=0; for t in $(SERVER_T_PROGRAMS); do \
		$(SERVER_T)/test_$$$$t $(if $(filter plain,$(1)),$(SERVER_BIN),$(SERVER_T)/$(1)/ashlar-board) \
			$(SERVER_T)/$(1)/fake.so || failed=1; done; exit $$$$failed
endef

$(foreach v,plain asan tsan,$(eval $(call server-test-rules,$(v))))
TESTS += test-server test-server-asan test-server-tsan

# On the RTL: the driver core boots the firmware through the server.
$(SERVER_T)/test_board: tests/server/test_board.c $(SERVER_T_SHARED) $(SERVER_T_HEADERS) \
		$(wildcard driver/core/*.[ch] driver/abi/*.h)
	@mkdir -p $(@D)
	$(CC) $(SERVER_T_CFLAGS) $(SERVER_T_INCLUDE) -Idriver/core $< $(SERVER_T_SHARED) \
		$(wildcard driver/core/*.c) -lcmocka -o $@

.PHONY: test-server-board
test-server-board: $(SERVER_T)/test_board $(SERVER_BIN) model firmware
	@$(SERVER_T)/test_board $(SERVER_BIN) $(BUILD)/model/ashlar-model-rtl-tiny.so $(BUILD)/firmware/ashlar-fw.bin \
		$(BUILD)/model/ashlar-replay
TESTS += test-server-board

# Random clients: a short run of fixed seeds, and a long one.
FUZZ_MESSAGES ?= 200000
FUZZ_SEEDS ?= 1 2 3 4 5 6 7 8
$(SERVER_T)/fuzz $(SERVER_T)/latency: $(SERVER_T)/%: tests/server/%.c $(SERVER_T_SHARED) $(SERVER_T_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(SERVER_T_CFLAGS) $(SERVER_T_INCLUDE) $< $(SERVER_T_SHARED) -lcmocka -o $@

.PHONY: test-server-fuzz server-fuzz bench-server
test-server-fuzz: $(SERVER_T)/fuzz $(SERVER_T)/asan/ashlar-board $(SERVER_T)/asan/fake.so
	@failed=0; for s in 1 2; do \
		$(SERVER_T)/fuzz $(SERVER_T)/asan/ashlar-board $(SERVER_T)/asan/fake.so 20000 $$s || failed=1; done; \
	exit $$failed
TESTS += test-server-fuzz

server-fuzz: $(SERVER_T)/fuzz $(SERVER_T)/asan/ashlar-board $(SERVER_T)/asan/fake.so ## random clients against the server, long: FUZZ_SEEDS, FUZZ_MESSAGES
	@failed=0; for s in $(FUZZ_SEEDS); do \
		$(SERVER_T)/fuzz $(SERVER_T)/asan/ashlar-board $(SERVER_T)/asan/fake.so $(FUZZ_MESSAGES) $$s || failed=1; done; \
	exit $$failed

bench-server: $(SERVER_T)/latency $(SERVER_BIN) model ## register access through the server, processor time at rest
	@$(SERVER_T)/latency $(SERVER_BIN) $(BUILD)/model/ashlar-model-rtl-tiny.so
