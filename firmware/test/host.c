// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "host.h"
#include "mock.h"
#include "rt.h"

#define TURNS_MAX 2000000

static struct ashlar_ctrl_ring *ring(void)
{
	return (void *)(mock.shared + ASHLAR_SHARED_CTRL / 4);
}

static struct ashlar_ctrl_msg seen[64]; /* replies not asked for yet */
static unsigned int seen_count;
static uint32_t next_id;
static uint64_t next_mem, next_host;

void host_boot(uint32_t tiles)
{
	mock_power_on(tiles);
	mock_map(&rt_dma, sizeof(rt_dma));
	seen_count = 0;
	next_id = 100;
	next_mem = 0x100000;
	next_host = MOCK_HOST_BASE;
	if (setjmp(mock.halt))
		fail_msg("firmware stopped with post code %#x", mock.post);
	runtime_init();
	assert_int_equal(mock.post, ASHLAR_POST_READY);
}

void host_up(uint32_t tiles)
{
	struct ashlar_ctrl_hello hello = {
		.control = { ASHLAR_ABI_CONTROL, ASHLAR_ABI_CONTROL },
		.job = { ASHLAR_ABI_JOB, ASHLAR_ABI_JOB },
		.kernel = { ASHLAR_ABI_KERNEL, ASHLAR_ABI_KERNEL },
	};

	host_boot(tiles);
	assert_int_equal(
		host_call(ASHLAR_CTRL_HELLO, &hello, sizeof(hello), NULL),
		ASHLAR_STATUS_OK);
}

static void turn(unsigned int *turns)
{
	if (setjmp(mock.halt))
		fail_msg("firmware stopped with post code %#x", mock.post);
	runtime_turn();
	if (mock.bitten)
		fail_msg("the watchdog expired");
	if (++*turns > TURNS_MAX)
		fail_msg("the firmware does not come to rest");
}

void host_settle(void)
{
	unsigned int turns = 0;

	mock.idle = 0;
	do {
		turn(&turns);
	} while (!mock.idle);
}

void host_until(int (*condition)(void *arg), void *arg)
{
	unsigned int turns = 0;

	mock.idle = 0;
	while (!condition(arg)) {
		turn(&turns);
		if (mock.idle && !condition(arg))
			fail_msg(
				"the board is idle, the condition does not hold");
	}
}

uint32_t host_send(uint32_t op, const void *args, uint32_t bytes)
{
	struct ashlar_ctrl_ring *r = ring();
	struct ashlar_ctrl_msg m = { .op = (uint16_t)op, .id = next_id++ };

	assert_true(bytes <= sizeof(m.arg));
	if (bytes)
		memcpy(m.arg, args, bytes);
	r->req[r->req_tail % ASHLAR_CTRL_SLOTS] = m;
	r->req_tail++;
	assert_true(mock_ring(0, r->req_tail));
	return m.id;
}

int host_reply(uint32_t id, struct ashlar_ctrl_msg *reply)
{
	struct ashlar_ctrl_ring *r = ring();
	unsigned int i;

	while (r->rep_head != r->rep_tail) {
		assert_true(seen_count < 64);
		seen[seen_count++] = r->rep[r->rep_head++ % ASHLAR_CTRL_SLOTS];
	}
	for (i = 0; i < seen_count; i++) {
		if (seen[i].id != id)
			continue;
		*reply = seen[i];
		seen[i] = seen[--seen_count];
		return 1;
	}
	return 0;
}

uint32_t host_call(uint32_t op, const void *args, uint32_t bytes,
		   struct ashlar_ctrl_msg *reply)
{
	struct ashlar_ctrl_msg m;
	uint32_t vectors = mock.vectors[0];
	uint32_t id = host_send(op, args, bytes);

	host_settle();
	assert_true(host_reply(id, &m));
	assert_true(mock.vectors[0] > vectors);
	assert_int_equal(m.op, op);
	if (reply)
		*reply = m;
	return m.status;
}

void host_context(uint32_t n)
{
	struct ashlar_ctrl_ctx c = {
		.context = n,
		.pt_entries = 16,
		.pt_root = 0x1000 * n,
	};

	assert_int_equal(host_call(ASHLAR_CTRL_CTX_CREATE, &c, sizeof(c), NULL),
			 ASHLAR_STATUS_OK);
}

void host_queue(struct host_queue *q, uint32_t number, uint32_t context,
		uint32_t priority, uint32_t depth_log2)
{
	struct ashlar_ctrl_queue c;

	*q = (struct host_queue){
		.number = number,
		.context = context,
		.priority = priority,
		.depth_log2 = depth_log2,
		.vector = number,
		.ring = next_mem,
		.report = next_host,
	};
	next_mem += 128u << depth_log2;
	next_host += 128 + (128u << depth_log2);
	assert_true(next_mem <= MOCK_MEM_BYTES);
	memset(mock.host + (q->report - MOCK_HOST_BASE), 0,
	       128 + (128u << depth_log2));
	c = (struct ashlar_ctrl_queue){
		.queue = number,
		.context = context,
		.priority = priority,
		.depth_log2 = depth_log2,
		.ring = q->ring,
		.report = q->report,
		.vector = q->vector,
	};
	assert_int_equal(
		host_call(ASHLAR_CTRL_QUEUE_CREATE, &c, sizeof(c), NULL),
		ASHLAR_STATUS_OK);
}

struct ashlar_job host_job(uint64_t code_va, uint32_t tiles)
{
	return (struct ashlar_job){
		.kind = ASHLAR_JOB_KERNEL,
		.flags = ASHLAR_JOB_FLAG_IRQ,
		.code_va = code_va,
		.code_bytes = 512,
		.text_bytes = 300,
		.entry = 0,
		.tiles = tiles,
		.grid = { 1, 1, 1 },
	};
}

void host_push(struct host_queue *q, struct ashlar_job job)
{
	uint32_t slot = q->pushed & ((1u << q->depth_log2) - 1);

	if (!job.fence)
		job.fence = q->pushed + 1;
	if (!job.tag)
		job.tag = 1000 * q->number + q->pushed;
	memcpy(mock.mem + q->ring + slot * sizeof(job), &job, sizeof(job));
	q->pushed++;
}

void host_ring(struct host_queue *q)
{
	assert_true(mock_ring(q->number, q->pushed));
}

const struct ashlar_completion *host_completion(const struct host_queue *q,
						uint32_t index)
{
	const uint8_t *report = mock.host + (q->report - MOCK_HOST_BASE);

	index &= (1u << q->depth_log2) - 1;
	return (const void *)(report + sizeof(struct ashlar_report) +
			      index * sizeof(struct ashlar_completion));
}

uint64_t host_completed(const struct host_queue *q)
{
	return ((const struct ashlar_report *)(const void *)(mock.host +
							     (q->report -
							      MOCK_HOST_BASE)))
		->completed;
}
