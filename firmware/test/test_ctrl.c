// SPDX-License-Identifier: MIT
/* The control ring: every operation, and every field out of its range. */
#include "host.h"
#include "mock.h"
#include "rt.h"
#include "suite.h"

static struct ashlar_ctrl_ring *ring(void)
{
	return (void *)(mock.shared + ASHLAR_SHARED_CTRL / 4);
}

static void info(void **state)
{
	const struct ashlar_info *i = (void *)mock.shared;

	(void)state;
	host_boot(3);
	assert_int_equal(i->magic, ASHLAR_SHARED_MAGIC);
	assert_int_equal(i->bytes, sizeof(*i));
	assert_int_equal(i->hw_version, ASHLAR_HOST_HW_VERSION_RESET);
	assert_int_equal(i->control.min, ASHLAR_ABI_CONTROL);
	assert_int_equal(i->kernel.min, ASHLAR_ABI_KERNEL_MIN);
	assert_int_equal(i->kernel.max, ASHLAR_ABI_KERNEL);
	assert_int_equal(i->tiles, 3);
	assert_int_equal(i->queues, 63);
	assert_int_equal(i->contexts, 63);
	assert_int_equal(i->clock_khz, MOCK_CLOCK_KHZ);
	assert_memory_equal(i->build_id, hal_build_id(), 20);
}

static void hello_first(void **state)
{
	uint32_t args[14] = { 1 };
	unsigned int op;

	(void)state;
	host_boot(1);
	for (op = 0; op < 12; op++) {
		if (op == ASHLAR_CTRL_HELLO)
			continue;
		assert_int_equal(host_call(op, args, 4, NULL),
				 ASHLAR_STATUS_STATE);
	}
}

static struct ashlar_ctrl_hello versions(uint32_t cmin, uint32_t cmax,
					 uint32_t jmin, uint32_t jmax,
					 uint32_t kmin, uint32_t kmax)
{
	return (struct ashlar_ctrl_hello){ { cmin, cmax },
					   { jmin, jmax },
					   { kmin, kmax } };
}

static void hello_negotiates(void **state)
{
	/* Control and job interface have one version, kernels another. */
	const uint32_t v = ASHLAR_ABI_CONTROL, k = ASHLAR_ABI_KERNEL;
	const uint32_t w = ASHLAR_VERSION(4, 3); /* newer than all */
	struct ashlar_ctrl_hello h;
	struct ashlar_ctrl_msg m;
	uint32_t bad[14] = { v, v, v, v, k, k };
	unsigned int i;

	(void)state;
	host_boot(1);
	h = versions(w, w, v, v, k, k);
	assert_int_equal(host_call(ASHLAR_CTRL_HELLO, &h, sizeof(h), &m),
			 ASHLAR_STATUS_VERSION);
	assert_int_equal(m.arg[0], v); /* our range */
	assert_int_equal(m.arg[1], v);
	h = versions(v, v, v, v, 0, ASHLAR_ABI_KERNEL_MIN - 1);
	assert_int_equal(host_call(ASHLAR_CTRL_HELLO, &h, sizeof(h), NULL),
			 ASHLAR_STATUS_VERSION);
	h = versions(v, v, w, v, k, k);
	assert_int_equal(host_call(ASHLAR_CTRL_HELLO, &h, sizeof(h), &m),
			 ASHLAR_STATUS_BAD_ARG);
	assert_int_equal(m.arg[0], 2);
	for (i = 6; i < 14; i++) {
		bad[i] = 1;
		assert_int_equal(host_call(ASHLAR_CTRL_HELLO, bad, 56, &m),
				 ASHLAR_STATUS_BAD_ARG);
		assert_int_equal(m.arg[0], i);
		bad[i] = 0;
	}
	assert_int_equal(host_call(ASHLAR_CTRL_PING, NULL, 0, NULL),
			 ASHLAR_STATUS_STATE); /* still */
	h = versions(0, w, v, w, 0, k);
	assert_int_equal(host_call(ASHLAR_CTRL_HELLO, &h, sizeof(h), &m),
			 ASHLAR_STATUS_OK);
	assert_int_equal(m.arg[1], v);
	assert_int_equal(m.arg[3], ASHLAR_ABI_JOB);
	assert_int_equal(m.arg[4], ASHLAR_ABI_KERNEL_MIN);
	assert_int_equal(m.arg[5], k);
	/* An older driver, a newer one: the newest version that both speak. */
	h = versions(v, v, v, v, 0, ASHLAR_ABI_KERNEL_MIN);
	assert_int_equal(host_call(ASHLAR_CTRL_HELLO, &h, sizeof(h), &m),
			 ASHLAR_STATUS_OK);
	assert_int_equal(m.arg[5], ASHLAR_ABI_KERNEL_MIN);
	h = versions(v, v, v, v, k, w);
	assert_int_equal(host_call(ASHLAR_CTRL_HELLO, &h, sizeof(h), &m),
			 ASHLAR_STATUS_OK);
	assert_int_equal(m.arg[5], k);
	bad[0] = 0xfeed;
	assert_int_equal(host_call(ASHLAR_CTRL_PING, bad, 4, &m),
			 ASHLAR_STATUS_OK);
	assert_int_equal(m.arg[0], 0xfeed);
}

static void unknown_ops(void **state)
{
	static const uint32_t ops[] = { 0, 10, 11, 255, 0x8000, 0xffff };
	unsigned int i;

	(void)state;
	host_up(1);
	for (i = 0; i < ARRAY_SIZE(ops); i++)
		assert_int_equal(host_call(ops[i], NULL, 0, NULL),
				 ASHLAR_STATUS_UNKNOWN_OP);
	assert_int_equal(rt.bad_requests, ARRAY_SIZE(ops));
}

static void status_must_be_zero(void **state)
{
	struct ashlar_ctrl_msg m;
	uint32_t id;

	(void)state;
	host_up(1);
	id = host_send(ASHLAR_CTRL_PING, NULL, 0);
	ring()->req[(ring()->req_tail - 1) % ASHLAR_CTRL_SLOTS].status = 1;
	host_settle();
	assert_true(host_reply(id, &m));
	assert_int_equal(m.status, ASHLAR_STATUS_BAD_ARG);
	assert_int_equal(m.arg[0], 14);
}

/* args with word index set to value must give status (BAD_ARG: at index). */
static void expect(uint32_t op, const void *args, uint32_t bytes,
		   unsigned int index, uint32_t value, uint32_t status)
{
	struct ashlar_ctrl_msg m;
	uint32_t words[14] = { 0 };

	memcpy(words, args, bytes);
	words[index] = value;
	assert_int_equal(host_call(op, words, 56, &m), status);
	if (status == ASHLAR_STATUS_BAD_ARG)
		assert_int_equal(m.arg[0], index);
}

static void context_arguments(void **state)
{
	const struct ashlar_ctrl_ctx c = { .context = 5,
					   .pt_entries = 512,
					   .pt_root = 0x3000 };
	const uint32_t op = ASHLAR_CTRL_CTX_CREATE;
	unsigned int i;

	(void)state;
	host_up(1);
	expect(op, &c, sizeof(c), 0, 0, ASHLAR_STATUS_BAD_ARG);
	expect(op, &c, sizeof(c), 0, 64, ASHLAR_STATUS_BAD_ARG);
	expect(op, &c, sizeof(c), 0, UINT32_MAX, ASHLAR_STATUS_BAD_ARG);
	expect(op, &c, sizeof(c), 1, 0, ASHLAR_STATUS_BAD_ARG);
	expect(op, &c, sizeof(c), 1, 524289, ASHLAR_STATUS_BAD_ARG);
	expect(op, &c, sizeof(c), 2, 0x3800, ASHLAR_STATUS_BAD_ARG);
	expect(op, &c, sizeof(c), 2, MOCK_MEM_BYTES, ASHLAR_STATUS_BAD_ARG);
	for (i = 4; i < 14; i++)
		expect(op, &c, sizeof(c), i, 1, ASHLAR_STATUS_BAD_ARG);
	/* A table that just fits, and one that does not. */
	expect(op, &c, sizeof(c), 2, MOCK_MEM_BYTES - 4096, ASHLAR_STATUS_OK);
	expect(op, &c, sizeof(c), 0, 5, ASHLAR_STATUS_EXISTS);
	{
		const struct ashlar_ctrl_ctx d = { .context = 6,
						   .pt_entries = 513,
						   .pt_root = MOCK_MEM_BYTES -
							      4096 };
		const struct ashlar_ctrl_ctx e = { .context = 6,
						   .pt_entries = 1,
						   .pt_root = 1ull << 63 };
		struct ashlar_ctrl_msg m;

		assert_int_equal(host_call(op, &d, sizeof(d), &m),
				 ASHLAR_STATUS_BAD_ARG);
		assert_int_equal(m.arg[0], 2);
		assert_int_equal(host_call(op, &e, sizeof(e), &m),
				 ASHLAR_STATUS_BAD_ARG);
		assert_int_equal(m.arg[0], 2);
	}
	for (i = ASHLAR_CTRL_CTX_DESTROY; i <= ASHLAR_CTRL_CTX_INVALIDATE;
	     i++) {
		uint32_t five[14] = { 5 };
		unsigned int k;

		expect(i, five, 56, 0, 0, ASHLAR_STATUS_NOT_FOUND);
		expect(i, five, 56, 0, 6, ASHLAR_STATUS_NOT_FOUND);
		expect(i, five, 56, 0, 1000, ASHLAR_STATUS_NOT_FOUND);
		for (k = 1; k < 14; k++)
			expect(i, five, 56, k, 1, ASHLAR_STATUS_BAD_ARG);
	}
}

static void queue_arguments(void **state)
{
	const struct ashlar_ctrl_queue q = {
		.queue = 3,
		.context = 2,
		.priority = 1,
		.depth_log2 = 4,
		.ring = 0x8000,
		.report = MOCK_HOST_BASE,
		.vector = 9,
	};
	const uint32_t op = ASHLAR_CTRL_QUEUE_CREATE;
	struct ashlar_ctrl_msg m;
	uint32_t three[14] = { 3 };
	unsigned int i;

	(void)state;
	host_up(1);
	expect(op, &q, sizeof(q), 1, 2, ASHLAR_STATUS_NOT_FOUND);
	host_context(2);
#define BAD(index, value) \
	expect(op, &q, sizeof(q), index, value, ASHLAR_STATUS_BAD_ARG)
	BAD(0, 0);
	BAD(0, 64);
	expect(op, &q, sizeof(q), 1, 0, ASHLAR_STATUS_NOT_FOUND);
	expect(op, &q, sizeof(q), 1, 64, ASHLAR_STATUS_NOT_FOUND);
	expect(op, &q, sizeof(q), 1, UINT32_MAX, ASHLAR_STATUS_NOT_FOUND);
	BAD(2, 3);
	BAD(3, 0);
	BAD(3, 13);
	BAD(3, 32);
	BAD(3, UINT32_MAX);
	BAD(4, 0x8040);
	BAD(4, MOCK_MEM_BYTES);
	BAD(4, MOCK_MEM_BYTES - 128);
	BAD(6, 0x20);
	BAD(8, 64);
	BAD(9, 1);
	for (i = 10; i < 14; i++)
		BAD(i, 1);
#undef BAD
	{
		struct ashlar_ctrl_queue w = q;

		w.report = 1ull << 48;
		assert_int_equal(host_call(op, &w, sizeof(w), &m),
				 ASHLAR_STATUS_BAD_ARG);
		assert_int_equal(m.arg[0], 6);
		w.report = (1ull << 48) - 128 * 16;
		assert_int_equal(host_call(op, &w, sizeof(w), &m),
				 ASHLAR_STATUS_BAD_ARG);
		assert_int_equal(m.arg[0], 6);
		w = q;
		w.ring = 1ull << 32;
		assert_int_equal(host_call(op, &w, sizeof(w), &m),
				 ASHLAR_STATUS_BAD_ARG);
		assert_int_equal(m.arg[0], 4);
	}
	assert_false(mock_ring(3, 1)); /* no queue: no doorbell */
	assert_int_equal(host_call(op, &q, sizeof(q), NULL), ASHLAR_STATUS_OK);
	assert_int_equal(host_call(op, &q, sizeof(q), NULL),
			 ASHLAR_STATUS_EXISTS);
	expect(ASHLAR_CTRL_QUEUE_QUERY, three, 56, 0, 0,
	       ASHLAR_STATUS_NOT_FOUND);
	expect(ASHLAR_CTRL_QUEUE_QUERY, three, 56, 0, 64,
	       ASHLAR_STATUS_NOT_FOUND);
	expect(ASHLAR_CTRL_QUEUE_DESTROY, three, 56, 0, 4,
	       ASHLAR_STATUS_NOT_FOUND);
	for (i = 1; i < 14; i++) {
		expect(ASHLAR_CTRL_QUEUE_QUERY, three, 56, i, 1,
		       ASHLAR_STATUS_BAD_ARG);
		expect(ASHLAR_CTRL_QUEUE_DESTROY, three, 56, i, 1,
		       ASHLAR_STATUS_BAD_ARG);
		expect(ASHLAR_CTRL_PING, three, 56, i, 1,
		       ASHLAR_STATUS_BAD_ARG);
		expect(ASHLAR_CTRL_TILE_QUERY, &(uint32_t[14]){ 0 }, 56, i, 1,
		       ASHLAR_STATUS_BAD_ARG);
	}
	assert_int_equal(host_call(ASHLAR_CTRL_QUEUE_QUERY, three, 4, &m),
			 ASHLAR_STATUS_OK);
	assert_int_equal(m.arg[0], 3);
	assert_int_equal(m.arg[1] | m.arg[2] | m.arg[3], 0);
	expect(ASHLAR_CTRL_CTX_DESTROY, &(uint32_t[14]){ 2 }, 56, 0, 2,
	       ASHLAR_STATUS_STATE);
	assert_int_equal(host_call(ASHLAR_CTRL_QUEUE_DESTROY, three, 4, NULL),
			 ASHLAR_STATUS_OK);
	assert_false(mock_ring(3, 1));
	expect(ASHLAR_CTRL_CTX_DESTROY, &(uint32_t[14]){ 2 }, 56, 0, 2,
	       ASHLAR_STATUS_OK);
	expect(ASHLAR_CTRL_CTX_DESTROY, &(uint32_t[14]){ 2 }, 56, 0, 2,
	       ASHLAR_STATUS_NOT_FOUND);
}

static void tile_query(void **state)
{
	struct ashlar_ctrl_msg m;
	uint32_t n = 2;

	(void)state;
	host_up(2);
	assert_int_equal(host_call(ASHLAR_CTRL_TILE_QUERY, &n, 4, NULL),
			 ASHLAR_STATUS_NOT_FOUND);
	n = UINT32_MAX;
	assert_int_equal(host_call(ASHLAR_CTRL_TILE_QUERY, &n, 4, NULL),
			 ASHLAR_STATUS_NOT_FOUND);
	n = 1;
	mock.tile[1].reg[ASHLAR_TILE_PERF_CYCLES / 4] = 77;
	mock.tile[1].reg[ASHLAR_TILE_PERF_LOAD_BUSY / 4] = 88;
	assert_int_equal(host_call(ASHLAR_CTRL_TILE_QUERY, &n, 4, &m),
			 ASHLAR_STATUS_OK);
	assert_int_equal(m.arg[0], 1);
	assert_int_equal(m.arg[1], ASHLAR_TILE_STATUS_IDLE);
	assert_int_equal(m.arg[5], 77);
	assert_int_equal(m.arg[13], 88);
}

static void impossible_tail(void **state)
{
	(void)state;
	host_up(1);
	ring()->req_tail += 17;
	mock_ring(0, 2);
	host_settle();
	assert_int_equal(rt.bad_requests, 1);
	mock_ring(0, 3);
	host_settle();
	assert_int_equal(rt.bad_requests, 1); /* said once */
	ring()->req_tail -= 17;
	assert_int_equal(host_call(ASHLAR_CTRL_PING, NULL, 0, NULL),
			 ASHLAR_STATUS_OK);
}

static int room_asked(void *arg)
{
	return ring()->req_head == *(uint32_t *)arg;
}

/* No reply slot, no request; and it goes on when there is one again. */
static void reply_slots(void **state)
{
	struct ashlar_ctrl_ring *r = ring();
	uint32_t before, id = 0, first = 0;
	struct ashlar_ctrl_msg m;
	unsigned int i;

	(void)state;
	host_up(1);
	/* Fill the reply ring without reading it. */
	for (i = 0; i < ASHLAR_CTRL_SLOTS; i++) {
		id = host_send(ASHLAR_CTRL_PING, &i, 4);
		if (!i)
			first = id;
		host_settle();
	}
	assert_int_equal(r->rep_tail - r->rep_head, ASHLAR_CTRL_SLOTS);
	before = r->req_head;
	id = host_send(ASHLAR_CTRL_PING, &i, 4);
	for (i = 0; i < 100; i++)
		runtime_turn();
	assert_int_equal(r->req_head, before);
	assert_int_equal(r->rep_tail - r->rep_head, ASHLAR_CTRL_SLOTS);
	/* Room without a doorbell: noticed by the timer. */
	assert_true(host_reply(first, &m));
	assert_int_equal(m.arg[0], 0);
	before++;
	host_until(room_asked, &before);
	host_settle();
	assert_true(host_reply(id, &m));
	assert_int_equal(m.arg[0], ASHLAR_CTRL_SLOTS);
	/* A nonsense rep_head is not room. */
	r->rep_head += 100;
	host_send(ASHLAR_CTRL_PING, NULL, 0);
	for (i = 0; i < 100; i++)
		runtime_turn();
	assert_int_equal(r->req_head, before);
	r->rep_head -= 100;
	before++;
	host_until(room_asked, &before);
}

/* Bits turned over anywhere in ring and requests: refused or served, no more. */
static void random_requests(void **state)
{
	uint32_t seed = 12345;
	unsigned int i, k;

	(void)state;
	host_up(2);
	host_context(1);
	for (i = 0; i < 20000; i++) {
		uint32_t args[14];
		uint32_t op, sent = ring()->req_tail;
		struct ashlar_ctrl_msg m;

		for (k = 0; k < 14; k++) {
			seed = seed * 1664525 + 1013904223;
			args[k] = seed >> 9 & (1u << (seed >> 27 & 15)) ?
					  seed >> 8 :
					  seed >> 24 & 3;
			if (seed >> 10 & 1)
				args[k] = 0;
		}
		seed = seed * 1664525 + 1013904223;
		op = seed >> 16 & 15;
		k = host_send(op, args, 56);
		host_settle();
		assert_true(host_reply(k, &m));
		assert_int_equal(m.op, op);
		assert_in_range(m.status, 0, ASHLAR_STATUS_STATE);
		assert_int_equal(ring()->req_head, sent + 1);
	}
}

SUITE(suite_ctrl, ((const struct CMUnitTest[]){
			  cmocka_unit_test(info),
			  cmocka_unit_test(hello_first),
			  cmocka_unit_test(hello_negotiates),
			  cmocka_unit_test(unknown_ops),
			  cmocka_unit_test(status_must_be_zero),
			  cmocka_unit_test(context_arguments),
			  cmocka_unit_test(queue_arguments),
			  cmocka_unit_test(tile_query),
			  cmocka_unit_test(impossible_tail),
			  cmocka_unit_test(reply_slots),
			  cmocka_unit_test(random_requests),
		  }))
