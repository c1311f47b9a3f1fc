// SPDX-License-Identifier: MIT
/* The control ring against firmware that misbehaves. */
#include "ashlar_regs.h"
#include "core_board.h"

static int ping(struct core_board *b, uint32_t value, uint32_t *reply)
{
	return ashlar_ctrl_call(&b->dev, ASHLAR_CTRL_PING, &value, 4, reply, 4);
}

static void answers_many(void **state)
{
	struct core_board *b = core_board_booted();
	uint32_t reply;

	(void)state;
	/* Many times around the ring. */
	for (uint32_t i = 0; i < 1000; i++) {
		assert_int_equal(ping(b, i, &reply), 0);
		assert_int_equal(reply, i);
	}
	assert_int_equal(stats(b).requests, 1001);
	core_board_free(b);
}

static void indices_wrap(void **state)
{
	struct core_board *b = core_board_booted();
	struct ashlar_ctrl_ring *ring =
		(void *)((uint8_t *)fake_board_shared(b->os.model) +
			 ASHLAR_SHARED_CTRL);
	const uint32_t near = 0u - 5u;
	uint32_t reply;

	(void)state;
	ring->req_head = near;
	ring->req_tail = near;
	ring->rep_head = near;
	ring->rep_tail = near;
	b->dev.ctrl.req_tail = near;
	b->dev.ctrl.rep_head = near;
	ashlar_os_write32(&b->os, ASHLAR_MAP_BAR0_DOORBELL_BASE, near);
	for (uint32_t i = 0; i < 12; i++) {
		assert_int_equal(ping(b, i, &reply), 0);
		assert_int_equal(reply, i);
	}
	core_board_free(b);
}

static void retries_busy(void **state)
{
	struct core_board *b = core_board_booted();
	uint32_t reply;

	(void)state;
	quirks(b)->busy = 20;
	assert_int_equal(ping(b, 42, &reply), 0);
	assert_int_equal(reply, 42);
	assert_int_equal(quirks(b)->busy, 0);
	core_board_free(b);
}

static void busy_for_ever_ends(void **state)
{
	struct core_board *b = core_board_booted();
	uint32_t reply;

	(void)state;
	quirks(b)->busy = 0xffffffff;
	assert_int_equal(ping(b, 1, &reply), -ETIMEDOUT);
	assert_error(b, "PING");
	assert_true(b->dev.lost);
	core_board_free(b);
}

static void silence_ends(void **state)
{
	struct core_board *b = core_board_booted();
	uint32_t reply;

	(void)state;
	quirks(b)->silent_op = ASHLAR_CTRL_PING;
	assert_int_equal(ping(b, 1, &reply), -ETIMEDOUT);
	assert_error(b, "did not answer PING");
	/* From then on every call fails at once. */
	quirks(b)->silent_op = 0;
	assert_int_equal(ping(b, 1, &reply), -ENODEV);
	core_board_free(b);
}

/* The processor was away; the answer has been there for long. */
static void an_answer_is_not_too_late(void **state)
{
	struct core_board *b = core_board_booted();
	uint32_t reply;

	(void)state;
	quirks(b)->leap = 1ull << 40;
	assert_int_equal(ping(b, 5, &reply), 0);
	assert_int_equal(reply, 5);
	/* The board may also have been busy just then. */
	quirks(b)->leap = 1ull << 40;
	quirks(b)->busy = 1;
	assert_int_equal(ping(b, 6, &reply), 0);
	assert_int_equal(reply, 6);
	assert_false(b->dev.lost);
	core_board_free(b);
}

static void a_trap_ends_the_wait(void **state)
{
	struct core_board *b = core_board_booted();
	uint64_t start = ashlar_dev_cycles(&b->dev);
	uint32_t reply;

	(void)state;
	quirks(b)->trap_op = ASHLAR_CTRL_PING;
	assert_int_equal(ping(b, 1, &reply), -EIO);
	assert_error(b, "the firmware has stopped: the management processor");
	assert_true(b->dev.lost);
	/* Long before patience would have ended. */
	assert_true(ashlar_dev_cycles(&b->dev) - start <
		    ASHLAR_CTRL_CYCLES / 100);
	core_board_free(b);
}

static void stray_replies_are_dropped(void **state)
{
	struct core_board *b = core_board_booted();
	uint32_t reply;

	(void)state;
	quirks(b)->stray = 10;
	assert_int_equal(ping(b, 7, &reply), 0);
	assert_int_equal(reply, 7);
	assert_int_equal(b->dev.ctrl.bad_replies, 10);
	assert_non_null(strstr(b->warnings, "10 control replies dropped"));
	core_board_free(b);
}

static void a_reply_of_another_op_is_none(void **state)
{
	struct core_board *b = core_board_booted();
	uint32_t reply;

	(void)state;
	quirks(b)->wrong_op = 1;
	assert_int_equal(ping(b, 7, &reply), -ETIMEDOUT);
	assert_int_equal(b->dev.ctrl.bad_replies, 1);
	core_board_free(b);
}

static void an_impossible_index_loses_the_board(void **state)
{
	struct core_board *b = core_board_booted();
	uint32_t reply;

	(void)state;
	quirks(b)->jump_tail = 17;
	assert_int_equal(ping(b, 7, &reply), -ENODEV);
	assert_error(b, "reply index");
	core_board_free(b);
}

static void replies_out_of_old_slots_do_no_harm(void **state)
{
	struct core_board *b = core_board_booted();
	uint32_t reply;

	(void)state;
	for (uint32_t i = 0; i < 20; i++)
		assert_int_equal(ping(b, i, &reply), 0);
	/* The firmware announces slots that it has not written again. */
	quirks(b)->jump_tail = 9;
	assert_int_equal(ping(b, 99, &reply), 0);
	assert_int_equal(reply, 99);
	assert_int_equal(b->dev.ctrl.bad_replies, 9);
	core_board_free(b);
}

static void statuses_become_errors(void **state)
{
	static const struct {
		uint32_t status;
		int err;
	} cases[] = {
		{ ASHLAR_STATUS_UNKNOWN_OP, -EOPNOTSUPP },
		{ ASHLAR_STATUS_BAD_ARG, -EINVAL },
		{ ASHLAR_STATUS_NOT_FOUND, -ENOENT },
		{ ASHLAR_STATUS_EXISTS, -EEXIST },
		{ ASHLAR_STATUS_VERSION, -EPROTONOSUPPORT },
		{ ASHLAR_STATUS_STATE, -EBUSY },
		{ 8, -EPROTO },
		{ 0xffff, -EPROTO },
	};
	struct core_board *b = core_board_booted();
	uint32_t reply;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		quirks(b)->status = cases[i].status;
		assert_int_equal(ping(b, 1, &reply), cases[i].err);
		assert_error(b, "PING");
	}
	quirks(b)->status = 0;
	assert_int_equal(ping(b, 1, &reply), 0);
	core_board_free(b);
}

static void a_dead_board_is_lost(void **state)
{
	struct core_board *b = core_board_booted();
	uint32_t reply;

	(void)state;
	quirks(b)->dead = 1;
	assert_int_equal(ping(b, 1, &reply), -ENODEV);
	assert_error(b, "all ones");
	assert_true(b->dev.lost);
	core_board_free(b);
}

static void a_stopped_clock_ends_the_wait(void **state)
{
	struct core_board *b = core_board_booted();
	uint32_t reply;

	(void)state;
	quirks(b)->frozen = 1;
	assert_int_equal(ping(b, 1, &reply), -ETIMEDOUT);
	core_board_free(b);
}

static void sizes_are_checked(void **state)
{
	struct core_board *b = core_board_booted();
	uint8_t data[64] = { 0 };

	(void)state;
	assert_int_equal(
		ashlar_ctrl_call(&b->dev, ASHLAR_CTRL_PING, data, 57, NULL, 0),
		-EINVAL);
	assert_int_equal(
		ashlar_ctrl_call(&b->dev, ASHLAR_CTRL_PING, data, 4, data, 57),
		-EINVAL);
	assert_int_equal(ashlar_ctrl_call(&b->dev, 0x10000, data, 4, data, 4),
			 -EINVAL);
	core_board_free(b);
}

/* Random garbage in the whole reply ring, over and over. */
static void survives_garbage(void **state)
{
	uint64_t seed = 99;

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct core_board *b = core_board_booted();
		struct ashlar_ctrl_ring *ring =
			(void *)((uint8_t *)fake_board_shared(b->os.model) +
				 ASHLAR_SHARED_CTRL);
		uint32_t *words = (uint32_t *)(void *)ring->rep;
		uint32_t reply;
		int err;

		for (size_t i = 0; i < sizeof(ring->rep) / 4; i++)
			words[i] = (uint32_t)(rnd(&seed) % 4 ? rnd(&seed) :
							       rnd(&seed) % 4);
		ring->rep_tail += (uint32_t)(rnd(&seed) % 24);
		quirks(b)->silent_op = rnd(&seed) % 2 ? ASHLAR_CTRL_PING : 0;
		err = ping(b, 5, &reply);
		assert_true(err == 0 || err == -ETIMEDOUT || err == -ENODEV ||
			    err == -EPROTO);
		core_board_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_many),
		cmocka_unit_test(indices_wrap),
		cmocka_unit_test(retries_busy),
		cmocka_unit_test(busy_for_ever_ends),
		cmocka_unit_test(silence_ends),
		cmocka_unit_test(an_answer_is_not_too_late),
		cmocka_unit_test(a_trap_ends_the_wait),
		cmocka_unit_test(stray_replies_are_dropped),
		cmocka_unit_test(a_reply_of_another_op_is_none),
		cmocka_unit_test(an_impossible_index_loses_the_board),
		cmocka_unit_test(replies_out_of_old_slots_do_no_harm),
		cmocka_unit_test(statuses_become_errors),
		cmocka_unit_test(a_dead_board_is_lost),
		cmocka_unit_test(a_stopped_clock_ends_the_wait),
		cmocka_unit_test(sizes_are_checked),
		cmocka_unit_test(survives_garbage),
	};

	return RUN_COUNTED(tests);
}
