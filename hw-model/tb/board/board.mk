# SPDX-License-Identifier: MIT
# The board bench: test ROM programs and host accesses on the whole board,
# assertions on; and record/replay.
BOARD_TB := hw-model/tb/board
BOARD_OUT := $(BUILD)/board

BOARD_ROM_SRC := $(addprefix $(BOARD_TB)/,start.S rom.c)

$(BOARD_OUT)/rom.elf: $(BOARD_ROM_SRC) $(BOARD_TB)/rom.ld $(BOARD_TB)/protocol.h driver/abi/ashlar_regs.h
	@mkdir -p $(@D)
	$(CROSS)gcc $(CFLAGS_BOARD) -march=rv32imc_zicsr -nostdlib -nostartfiles \
		--specs=picolibc.specs -Idriver/abi -I$(BOARD_TB) -T $(BOARD_TB)/rom.ld $(BOARD_ROM_SRC) -o $@

$(BOARD_OUT)/rom.bin: $(BOARD_OUT)/rom.elf
	$(CROSS)objcopy -O binary $< $@

$(BOARD_OUT)/kernel.elf: $(BOARD_TB)/kernel.S $(BOARD_TB)/kernel.ld driver/abi/ashlar_regs.h
	@mkdir -p $(@D)
	$(CROSS)gcc $(CFLAGS_BOARD) -nostdlib -nostartfiles -Idriver/abi -T $(BOARD_TB)/kernel.ld $< -o $@

$(BOARD_OUT)/kernel.bin: $(BOARD_OUT)/kernel.elf
	$(CROSS)objcopy -O binary $< $@

# The bench is linked with the model's objects, to reach what the interface
# does not show (idle skipping off).
BOARD_TB_C := board_tb host main tile_tb

$(BOARD_OUT)/%.o: $(BOARD_TB)/%.c $(wildcard $(BOARD_TB)/*.h $(MODEL_DIR)/*.h) driver/abi/ashlar_regs.h $(GEN)/tiny/ash_board.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_COMMON) $(MODEL_INCLUDE) -I$(GEN)/tiny -c $< -o $@

$(BOARD_OUT)/board_tb: $(patsubst %,$(BOARD_OUT)/%.o,$(BOARD_TB_C)) $(MODEL)/tiny-check/model.list
	$(CXX) -o $@ $(filter %.o,$^) $$(cat $(filter %.list,$^))

.PHONY: test-board test-replay
test-board: $(BOARD_OUT)/board_tb $(BOARD_OUT)/rom.bin $(BOARD_OUT)/kernel.bin ## the board with a test ROM
	$(BOARD_OUT)/board_tb $(BOARD_OUT)/rom.bin $(BOARD_OUT)/kernel.bin $(BOARD_OUT)

test-replay: $(BOARD_OUT)/board_tb $(BOARD_OUT)/rom.bin $(BOARD_OUT)/kernel.bin \
		$(MODEL)/ashlar-model-rtl-tiny-check.so $(MODEL)/ashlar-replay ## a recorded run is repeated bit for bit
	$(BOARD_TB)/replay.sh $(BOARD_OUT) $(MODEL)/ashlar-model-rtl-tiny-check.so $(MODEL)/ashlar-replay

# How fast the shipped models run on this machine.
$(BOARD_OUT)/speed_kernel.elf: $(BOARD_TB)/speed_kernel.S $(BOARD_TB)/kernel.ld driver/abi/ashlar_regs.h
	@mkdir -p $(@D)
	$(CROSS)gcc $(CFLAGS_BOARD) -nostdlib -nostartfiles -Idriver/abi -T $(BOARD_TB)/kernel.ld $< -o $@

$(BOARD_OUT)/speed_kernel.bin: $(BOARD_OUT)/speed_kernel.elf
	$(CROSS)objcopy -O binary $< $@

$(BOARD_OUT)/speed-%: $(addprefix $(BOARD_TB)/,speed.c host.c host.h protocol.h) $(MODEL)/%-plain/model.list
	$(CC) $(CFLAGS_COMMON) $(MODEL_INCLUDE) -I$(GEN)/$* -c $(BOARD_TB)/speed.c -o $@.main.o
	$(CC) $(CFLAGS_COMMON) $(MODEL_INCLUDE) -I$(GEN)/$* -c $(BOARD_TB)/host.c -o $@.host.o
	$(CXX) -o $@ $@.main.o $@.host.o $$(cat $(MODEL)/$*-plain/model.list)

.PHONY: bench-model
bench-model: $(BOARD_OUT)/speed-sim $(BOARD_OUT)/rom.bin $(BOARD_OUT)/speed_kernel.bin ## cycles per second of the RTL model
	$(BOARD_OUT)/speed-sim $(BOARD_OUT)/rom.bin $(BOARD_OUT)/speed_kernel.bin

BENCHES += bench-model
TESTS += test-board test-replay
