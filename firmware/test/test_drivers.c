// SPDX-License-Identifier: MIT
/* Each driver alone against the mock's registers. */
#include "bits.h"
#include "copy.h"
#include "doorbell.h"
#include "irq.h"
#include "log.h"
#include "mock.h"
#include "suite.h"
#include "tile.h"
#include "timer.h"
#include "watchdog.h"

static void bits(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 32; i++) {
		assert_int_equal(bit_index(1u << i), i);
		assert_int_equal(bit_index(UINT32_MAX << i), i);
		assert_int_equal(bit_count(UINT32_MAX << i), 32 - i);
	}
	assert_int_equal(bit_count(0), 0);
	for (i = 0; i < 64; i++) {
		uint64_t set = UINT64_MAX << i;

		assert_true(bit64(i) == (uint64_t)1 << i);
		assert_int_equal(bit64_take(&set), i);
		assert_true(set == UINT64_MAX << i << 1);
	}
}

static void copy(void **state)
{
	uint32_t count;

	(void)state;
	mock_power_on(1);
	mock.copy[0].issued = 5;
	mock.copy[0].done = 4;
	mock.copy[0].queue[4][4] = 8;
	mock.copy[0].due[4] = mock.now + 1000;
	mock.copy[0].error = 2;
	count = copy_init(COPY_FETCH, 128, COPY_SPACE(MEM, LOCAL));
	assert_int_equal(count, 5); /* and it has waited for the fifth */
	assert_int_equal(copy_done(COPY_FETCH), 5);
	assert_int_equal(mock.copy[0].error, 0);

	memcpy(mock.mem + 0x1000, "descriptor", 10);
	copy_set(COPY_FETCH, ASHLAR_COPY_SRC_LO, 0x1000);
	copy_set(COPY_FETCH, ASHLAR_COPY_DST_LO, hal_local(mock.tcm));
	copy_go(COPY_FETCH);
	assert_int_equal(copy_done(COPY_FETCH), 5);
	mock_advance(1000);
	assert_int_equal(copy_done(COPY_FETCH), 6);
	assert_memory_equal(mock.tcm, "descriptor", 10);
	assert_int_equal(copy_take_errors(COPY_FETCH), 0);

	copy_set(COPY_FETCH, ASHLAR_COPY_SRC_LO, MOCK_MEM_BYTES);
	copy_go(COPY_FETCH);
	mock_advance(1000);
	assert_int_equal(copy_take_errors(COPY_FETCH),
			 ASHLAR_COPY_ERROR_RANGE_MASK);
	assert_int_equal(copy_take_errors(COPY_FETCH), 0);
}

static void timer(void **state)
{
	uint64_t base;

	(void)state;
	mock_power_on(1);
	mock.now = 0x1ffffffffull - 3; /* the low half wraps while we read */
	base = timer_now();
	assert_true(base >= 0x1fffffffcull && base <= mock.now);
	mock_advance(1000);
	assert_true(timer_since(base) == mock.now);
	mock_advance(0xf0000000);
	assert_true(timer_since(base) == mock.now);

	timer_set(mock.now + 500);
	assert_false(hal_timer_pending());
	mock_advance(500);
	assert_true(hal_timer_pending());
	timer_set(TIMER_NEVER);
	assert_false(hal_timer_pending());
	assert_true(mock.mtimecmp == UINT64_MAX);
	/* Lowering it never passes through a value before now. */
	mock.mtimecmp = 0x2ffffffffull;
	timer_set(0x300000005ull);
	assert_true(mock.mtimecmp == 0x300000005ull);
}

static void doorbell(void **state)
{
	(void)state;
	mock_power_on(1);
	mock.db_depth[7] = 4;
	mock.db_pending[1] = 9;
	doorbell_init();
	assert_int_equal(mock.db_depth[7], 0);
	assert_int_equal(mock.db_pending[1], 0);
	assert_false(mock_ring(40, 1));
	mock.db_head[40] = 77;
	doorbell_open(40, 8);
	assert_true(mock_ring(40, 8));
	assert_false(mock_ring(40, 9));
	assert_int_equal(doorbell_take(0), 0);
	assert_int_equal(doorbell_take(1), 1u << 8);
	assert_int_equal(doorbell_take(1), 0);
	assert_int_equal(doorbell_tail(40), 8);
	doorbell_set_head(40, 3);
	assert_true(mock_ring(40, 11));
	assert_int_equal(doorbell_close(40), 1);
	assert_int_equal(doorbell_take(1), 0);
	assert_false(mock_ring(40, 12));
	assert_int_equal(doorbell_close(40), 0);
}

static void irq(void **state)
{
	(void)state;
	mock_power_on(4);
	mock.tile_event = 0xf;
	irq_init();
	assert_int_equal(mock.tile_event, 0);
	assert_int_equal(irq_pending(), 0);
	mock.tile_event = 5;
	assert_int_equal(irq_pending(), IRQ_TILE);
	assert_int_equal(irq_take_tiles(), 5);
	assert_int_equal(irq_pending(), 0);
	mock.db_pending[1] = 1;
	assert_int_equal(irq_pending(), IRQ_DOORBELL);
	irq_raise(63);
	assert_int_equal(mock.vectors[63], 1);
}

static void watchdog(void **state)
{
	(void)state;
	mock_power_on(1);
	watchdog_on();
	mock_advance(WATCHDOG_PERIOD - 10);
	watchdog_kick();
	mock_advance(WATCHDOG_PERIOD - 10);
	assert_false(mock.bitten);
	mock_advance(10);
	assert_true(mock.bitten);
	watchdog_off();
	mock.bitten = 0;
	mock_advance(10ull * WATCHDOG_PERIOD);
	assert_false(mock.bitten);
}

static struct ashlar_job job(void)
{
	return (struct ashlar_job){
		.code_va = 0x1122334455667780ull,
		.code_bytes = 0x1000,
		.text_bytes = 0x7f2,
		.entry = 0x10,
		.code_serial = 3,
		.arg_va = 0x8877665544332200ull,
		.arg_bytes = 40,
		.grid = { 7, 8, 9 },
	};
}

static uint32_t reg(unsigned int tile, uint32_t offset)
{
	return mock.tile[tile].reg[offset / 4];
}

static void tile_registers(void **state)
{
	const struct tile_space space = { 0x5000, 0x1, 300, 9 };
	struct ashlar_job j = job();
	struct tile t[3];

	(void)state;
	mock_power_on(3);
	tile_init(t, 3);
	tile_program(&t[2], &space, &j, 4, 6);
	assert_int_equal(reg(2, ASHLAR_TILE_CONTEXT), 9);
	assert_int_equal(reg(2, ASHLAR_TILE_PT_ROOT_LO), 0x5000);
	assert_int_equal(reg(2, ASHLAR_TILE_PT_ROOT_HI), 1);
	assert_int_equal(reg(2, ASHLAR_TILE_PT_ENTRIES), 300);
	assert_int_equal(reg(2, ASHLAR_TILE_CODE_VA_LO), 0x55667780);
	assert_int_equal(reg(2, ASHLAR_TILE_CODE_VA_HI), 0x11223344);
	assert_int_equal(reg(2, ASHLAR_TILE_CODE_BYTES), 0x1000);
	assert_int_equal(reg(2, ASHLAR_TILE_TEXT_BYTES), 0x7f2);
	assert_int_equal(reg(2, ASHLAR_TILE_LOAD_FROM), 0);
	assert_int_equal(reg(2, ASHLAR_TILE_ENTRY), 0x10);
	assert_int_equal(reg(2, ASHLAR_TILE_ARG_VA_LO), 0x44332200);
	assert_int_equal(reg(2, ASHLAR_TILE_ARG_VA_HI), 0x88776655);
	assert_int_equal(reg(2, ASHLAR_TILE_ARG_BYTES), 40);
	assert_int_equal(reg(2, ASHLAR_TILE_INDEX), 4);
	assert_int_equal(reg(2, ASHLAR_TILE_COUNT), 6);
	assert_int_equal(reg(2, ASHLAR_TILE_GRID_X), 7);
	assert_int_equal(reg(2, ASHLAR_TILE_GRID_Y), 8);
	assert_int_equal(reg(2, ASHLAR_TILE_GRID_Z), 9);
	tile_command(&t[2], ASHLAR_TILE_CTRL_START);
	assert_int_equal(tile_read(&t[2], ASHLAR_TILE_STATUS),
			 ASHLAR_TILE_STATUS_RUNNING);
	assert_int_equal(mock.tile[0].starts + mock.tile[1].starts, 0);
}

static uint32_t load_from(struct tile *t, uint32_t context, struct ashlar_job j)
{
	const struct tile_space space = { 0x1000 * context, 0, 4, context };

	tile_program(t, &space, &j, 0, 1);
	tile_keep_code(t);
	return reg(0, ASHLAR_TILE_LOAD_FROM);
}

static void code_reuse(void **state)
{
	struct ashlar_job j = job();
	struct tile t;

	(void)state;
	mock_power_on(1);
	tile_init(&t, 1);
	assert_int_equal(load_from(&t, 1, j), 0);
	assert_int_equal(load_from(&t, 1, j), 0x7c0); /* text down to 64 */
	j.arg_va += 64;
	j.grid[0]++;
	assert_int_equal(load_from(&t, 1, j), 0x7c0);
	j.code_serial++;
	assert_int_equal(load_from(&t, 1, j), 0);
	assert_int_equal(load_from(&t, 1, j), 0x7c0);
	j.code_va += 64;
	assert_int_equal(load_from(&t, 1, j), 0);
	j.text_bytes -= 64;
	assert_int_equal(load_from(&t, 1, j), 0);
	assert_int_equal(load_from(&t, 2, j), 0); /* another context */
	assert_int_equal(load_from(&t, 2, j), 0x780);
	tile_forget_code(&t);
	assert_int_equal(load_from(&t, 2, j), 0);

	/* Invalidated while it runs: not kept at its end. */
	tile_program(&t, &(struct tile_space){ 0x2000, 0, 4, 2 }, &j, 0, 1);
	tile_forget_code(&t);
	tile_keep_code(&t);
	assert_int_equal(load_from(&t, 2, j), 0);

	/* Ended otherwise than by EXIT: not kept either. */
	tile_program(&t, &(struct tile_space){ 0x2000, 0, 4, 2 }, &j, 0, 1);
	assert_int_equal(load_from(&t, 2, j), 0);
}

static void tile_results(void **state)
{
	struct ashlar_completion c = { 0 };
	struct tile t;
	unsigned int i;

	(void)state;
	mock_power_on(1);
	tile_init(&t, 1);
	for (i = 0; i < 64; i++)
		mock.tile[0].reg[i] = 0x1000 + i;
	tile_set_counters(&t, &c);
	tile_add_counters(&t, &c);
	assert_int_equal(c.matrix_busy,
			 2 * (0x1000 + ASHLAR_TILE_PERF_MATRIX_BUSY / 4));
	assert_int_equal(c.loading,
			 2 * (0x1000 + ASHLAR_TILE_PERF_LOADING / 4));
	assert_int_equal(c.tlb_miss,
			 2 * (0x1000 + ASHLAR_TILE_PERF_TLB_MISS / 4));
	assert_int_equal(c.store_beats,
			 2 * (0x1000 + ASHLAR_TILE_PERF_STORE_BEATS / 4));
	tile_read_fault(&t, &c);
	assert_int_equal(c.fault_cause, 0x1000 + ASHLAR_TILE_FAULT_CAUSE / 4);
	assert_int_equal(c.fault_pc, 0x1000 + ASHLAR_TILE_FAULT_PC / 4);
	assert_true(c.fault_addr ==
		    ((uint64_t)(0x1000 + ASHLAR_TILE_FAULT_ADDR_HI / 4) << 32 |
		     (0x1000 + ASHLAR_TILE_FAULT_ADDR_LO / 4)));
}

static void log_ring(void **state)
{
	const struct ashlar_log *l =
		(void *)(mock.shared + ASHLAR_SHARED_LOG / 4);
	unsigned int i;

	(void)state;
	mock_power_on(1);
	memset(mock.shared, 0xaa, sizeof(mock.shared));
	log_init(0);
	assert_int_equal(l->head, 0);
	LOG("three %u %x %d", 11, 22, 33);
	assert_int_equal(l->head, 5);
	assert_int_equal(l->words[0] & 0xff, 3);
	assert_true(l->words[0] >> 8 != 0);
	assert_int_equal(l->words[1], (uint32_t)mock.now);
	assert_int_equal(l->words[4], 33);
	LOG("none");
	assert_int_equal(l->head, 7);
	for (i = 0; i < ASHLAR_LOG_WORDS; i++)
		LOG("wrap %u", i);
	assert_int_equal(l->head, 7 + 3 * ASHLAR_LOG_WORDS);
	assert_int_equal(l->words[(l->head - 1) % ASHLAR_LOG_WORDS],
			 ASHLAR_LOG_WORDS - 1);
	/* Words beside the log are not touched. */
	assert_int_equal(mock.shared[ASHLAR_SHARED_LOG / 4 - 1], 0xaaaaaaaa);
	assert_int_equal(mock.shared[ASHLAR_SHARED_LOG / 4 +
				     sizeof(struct ashlar_log) / 4],
			 0xaaaaaaaa);
	log_init(1);
	LOG("after a reset");
	assert_int_equal(l->head, 9 + 3 * ASHLAR_LOG_WORDS);
}

SUITE(suite_drivers, ((const struct CMUnitTest[]){
			     cmocka_unit_test(bits),
			     cmocka_unit_test(copy),
			     cmocka_unit_test(timer),
			     cmocka_unit_test(doorbell),
			     cmocka_unit_test(irq),
			     cmocka_unit_test(watchdog),
			     cmocka_unit_test(tile_registers),
			     cmocka_unit_test(code_reuse),
			     cmocka_unit_test(tile_results),
			     cmocka_unit_test(log_ring),
		     }))
