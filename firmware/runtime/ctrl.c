// SPDX-License-Identifier: MIT
/*
 * Requests are in shared SRAM, which the host can write at any time: each is
 * copied once, the copy is checked, the copy is used. Our own indices are
 * private; those in shared SRAM only tell the driver.
 */
#include <stddef.h>

#include "context.h"
#include "ctrl.h"
#include "doorbell.h"
#include "irq.h"
#include "log.h"
#include "ops.h"
#include "run.h"
#include "tile.h"

#define RING(field)           \
	(ASHLAR_SHARED_CTRL + \
	 (uint32_t)offsetof(struct ashlar_ctrl_ring, field))
#define SLOT(field, index)                             \
	(RING(field) + ((index) % ASHLAR_CTRL_SLOTS) * \
			       (uint32_t)sizeof(struct ashlar_ctrl_msg))
#define MSG_WORDS (sizeof(struct ashlar_ctrl_msg) / 4)
#define ARGS	  (ARRAY_SIZE(((struct ashlar_ctrl_msg *)0)->arg))

static struct {
	uint32_t req_head, rep_tail;
	uint8_t reported; /* an impossible index has been logged */
} ctrl;

/* A request's arguments as words, and as what the op says they are. */
union args {
	uint32_t word[ARGS];
	struct ashlar_ctrl_hello hello;
	struct ashlar_ctrl_ctx ctx;
	struct ashlar_ctrl_queue queue;
	struct ashlar_ctrl_queue_state queue_state;
	struct ashlar_ctrl_tile_state tile_state;
};

/* Index of a field among the arguments, for BAD_ARG. */
#define ARG_OF(type, field) ((uint32_t)offsetof(type, field) / 4)
/* BAD_ARG index of the status field, which must be 0 in a request. */
#define ARG_STATUS ((uint32_t)ARGS)

void ctrl_init(int keep)
{
	uint32_t offset;

	ctrl.reported = 0;
	ctrl.req_head = *hal_shared(RING(req_head));
	ctrl.rep_tail = *hal_shared(RING(rep_tail));
	if (!keep ||
	    *hal_shared(RING(req_tail)) - ctrl.req_head > ASHLAR_CTRL_SLOTS ||
	    ctrl.rep_tail - *hal_shared(RING(rep_head)) > ASHLAR_CTRL_SLOTS) {
		ctrl.req_head = 0;
		ctrl.rep_tail = 0;
		for (offset = 0; offset < sizeof(struct ashlar_ctrl_ring);
		     offset += 4)
			*hal_shared(ASHLAR_SHARED_CTRL + offset) = 0;
	}
	doorbell_open(0, ASHLAR_CTRL_SLOTS);
	doorbell_set_head(0, ctrl.req_head);
}

static uint32_t reply_room(void)
{
	uint32_t used = ctrl.rep_tail - *hal_shared(RING(rep_head));

	if (used > ASHLAR_CTRL_SLOTS)
		return 0; /* the driver's index is nonsense; wait for a good one */
	return ASHLAR_CTRL_SLOTS - used;
}

void ctrl_reply(const struct ashlar_ctrl_msg *m)
{
	const uint32_t *from = (const uint32_t *)(const void *)m;
	uint32_t offset = SLOT(rep, ctrl.rep_tail);
	unsigned int i;

	for (i = 0; i < MSG_WORDS; i++)
		*hal_shared(offset + 4 * i) = from[i];
	hal_publish();
	ctrl.rep_tail++;
	*hal_shared(RING(rep_tail)) = ctrl.rep_tail;
	irq_raise(0);
}

/* Replies: each returns the status, and leaves the arguments in a. */

static uint16_t bad_arg(union args *a, uint32_t index)
{
	*a = (union args){ 0 };
	a->word[0] = index;
	return ASHLAR_STATUS_BAD_ARG;
}

/* Arguments from index on must be zero. Returns the first that is not, or ARGS. */
static uint32_t rest(const union args *a, uint32_t index)
{
	while (index < ARGS && !a->word[index])
		index++;
	return index;
}

static uint16_t hello(union args *a)
{
	static const struct ashlar_version_range ours[3] = {
		{ ASHLAR_ABI_CONTROL, ASHLAR_ABI_CONTROL },
		{ ASHLAR_ABI_JOB, ASHLAR_ABI_JOB },
		{ ASHLAR_ABI_KERNEL_MIN, ASHLAR_ABI_KERNEL },
	};
	union args theirs = *a;
	uint32_t i, bad = rest(a, sizeof(a->hello) / 4);
	uint16_t status = ASHLAR_STATUS_OK;

	if (bad < ARGS)
		return bad_arg(a, bad);
	for (i = 0; i < 3; i++) {
		if (theirs.word[2 * i] > theirs.word[2 * i + 1])
			return bad_arg(a, 2 * i);
		if (ours[i].max < theirs.word[2 * i] ||
		    ours[i].min > theirs.word[2 * i + 1])
			status = ASHLAR_STATUS_VERSION;
	}
	/* Our ranges, or up to the newest that both speak. */
	for (i = 0; i < 3; i++) {
		a->word[2 * i] = ours[i].min;
		a->word[2 * i + 1] = ours[i].max;
		if (status == ASHLAR_STATUS_OK &&
		    theirs.word[2 * i + 1] < ours[i].max)
			a->word[2 * i + 1] = theirs.word[2 * i + 1];
	}
	if (status == ASHLAR_STATUS_OK)
		rt.hello = 1;
	return status;
}

static uint16_t ping(union args *a)
{
	uint32_t bad = rest(a, 1);

	if (bad < ARGS)
		return bad_arg(a, bad);
	return ASHLAR_STATUS_OK;
}

static uint16_t done(union args *a, uint16_t status)
{
	*a = (union args){ 0 };
	return status;
}

static uint16_t ctx_create(union args *a)
{
	const struct ashlar_ctrl_ctx c = a->ctx;
	uint32_t bad = rest(a, sizeof(c) / 4);

	if (bad < ARGS)
		return bad_arg(a, bad);
	if (c.context < 1 || c.context > RT_CONTEXTS)
		return bad_arg(a, ARG_OF(struct ashlar_ctrl_ctx, context));
	if (c.pt_entries < 1 || c.pt_entries > 524288)
		return bad_arg(a, ARG_OF(struct ashlar_ctrl_ctx, pt_entries));
	if (c.pt_root & 4095 || c.pt_root > rt.mem_bytes ||
	    rt.mem_bytes - c.pt_root < (uint64_t)c.pt_entries * 8)
		return bad_arg(a, ARG_OF(struct ashlar_ctrl_ctx, pt_root));
	if (rt.context[c.context].life == RT_DYING)
		return done(a, ASHLAR_STATUS_BUSY);
	if (rt.context[c.context].life != RT_NONE)
		return done(a, ASHLAR_STATUS_EXISTS);
	context_make(c.context, c.pt_root, c.pt_entries);
	return done(a, ASHLAR_STATUS_OK);
}

/* CTX_DESTROY, CTX_INVALIDATE. Returns OK when it has begun. */
static uint16_t ctx_op(const struct ashlar_ctrl_msg *m, union args *a)
{
	const uint32_t number = a->ctx.context;
	uint32_t bad = rest(a, 1);
	uint32_t i;

	if (bad < ARGS)
		return bad_arg(a, bad);
	if (number < 1 || number > RT_CONTEXTS ||
	    rt.context[number].life == RT_NONE)
		return done(a, ASHLAR_STATUS_NOT_FOUND);
	if (rt.context[number].life == RT_DYING)
		return done(a, ASHLAR_STATUS_BUSY);
	if (m->op == ASHLAR_CTRL_CTX_DESTROY && rt.context[number].queues) {
		for (i = 1; i <= RT_QUEUES; i++) {
			if (rt.context[number].queues & bit64(i) &&
			    rt.queue[i].life == RT_LIVE)
				return done(a, ASHLAR_STATUS_STATE);
		}
		return done(a, ASHLAR_STATUS_BUSY);
	}
	ops_begin(m, number);
	return ASHLAR_STATUS_OK;
}

static uint16_t queue_create(union args *a)
{
	const struct ashlar_ctrl_queue q = a->queue;
	uint32_t ring_bytes, report_bytes;
	uint32_t bad = rest(a, sizeof(q) / 4);

#define BAD(field) bad_arg(a, ARG_OF(struct ashlar_ctrl_queue, field))
	if (bad < ARGS)
		return bad_arg(a, bad);
	if (q.queue < 1 || q.queue > RT_QUEUES)
		return BAD(queue);
	if (q.priority >= RT_PRIORITIES)
		return BAD(priority);
	if (q.depth_log2 < 1 || q.depth_log2 > RT_DEPTH_LOG2_MAX)
		return BAD(depth_log2);
	static_assert(RT_DEPTH_LOG2_MAX <= 20, "sizes fit 32 bits");
	ring_bytes = (uint32_t)sizeof(struct ashlar_job) << q.depth_log2;
	report_bytes =
		sizeof(struct ashlar_report) +
		((uint32_t)sizeof(struct ashlar_completion) << q.depth_log2);
	if (q.ring & 127 || q.ring > rt.mem_bytes ||
	    rt.mem_bytes - q.ring < ring_bytes)
		return BAD(ring);
	if (q.report & 63 || q.report >> 48 ||
	    ((uint64_t)1 << 48) - q.report < report_bytes)
		return BAD(report);
	if (q.vector >= IRQ_VECTORS)
		return BAD(vector);
	if (q.reserved)
		return BAD(reserved);
#undef BAD
	if (q.context < 1 || q.context > RT_CONTEXTS ||
	    rt.context[q.context].life == RT_NONE)
		return done(a, ASHLAR_STATUS_NOT_FOUND);
	if (rt.context[q.context].life == RT_DYING ||
	    rt.queue[q.queue].life == RT_DYING)
		return done(a, ASHLAR_STATUS_BUSY);
	if (rt.queue[q.queue].life != RT_NONE)
		return done(a, ASHLAR_STATUS_EXISTS);
	queue_make(&q);
	return done(a, ASHLAR_STATUS_OK);
}

static struct queue *queue_of(uint32_t number)
{
	if (number < 1 || number > RT_QUEUES ||
	    rt.queue[number].life == RT_NONE)
		return NULL;
	return &rt.queue[number];
}

static uint16_t queue_destroy(const struct ashlar_ctrl_msg *m, union args *a)
{
	const uint32_t number = a->queue.queue;
	uint32_t bad = rest(a, 1);

	if (bad < ARGS)
		return bad_arg(a, bad);
	if (!queue_of(number))
		return done(a, ASHLAR_STATUS_NOT_FOUND);
	if (rt.queue[number].life == RT_DYING)
		return done(a, ASHLAR_STATUS_BUSY);
	ops_begin(m, number);
	return ASHLAR_STATUS_OK;
}

static uint16_t queue_query(union args *a)
{
	const struct queue *q = queue_of(a->queue.queue);
	uint32_t bad = rest(a, 1);

	if (bad < ARGS)
		return bad_arg(a, bad);
	if (!q)
		return done(a, ASHLAR_STATUS_NOT_FOUND);
	*a = (union args){
		.queue_state = {
			.queue = q->number,
			.state = q->ctx->stopped,
			.head = q->taken,
			.running = q->job == JOB_RUN || q->job == JOB_STOP,
		},
	};
	return ASHLAR_STATUS_OK;
}

static uint16_t tile_query(union args *a)
{
	const uint32_t number = a->word[0];
	uint32_t i, bad = rest(a, 1);
	const struct tile *t;

	if (bad < ARGS)
		return bad_arg(a, bad);
	if (number >= rt.tiles)
		return done(a, ASHLAR_STATUS_NOT_FOUND);
	t = &rt.tile[number];
	*a = (union args){
		.tile_state = {
			.tile = number,
			.status = tile_read(t, ASHLAR_TILE_STATUS),
			.context = t->context,
			.queue = t->queue,
			.job = t->queue ? rt.queue[t->queue].done : 0,
		},
	};
	for (i = 0; i < ARRAY_SIZE(a->tile_state.perf); i++)
		a->tile_state.perf[i] =
			tile_read(t, ASHLAR_TILE_PERF_CYCLES + 4 * i);
	return ASHLAR_STATUS_OK;
}

/* Serve m, which becomes its reply. Returns 0 when the reply comes later. */
static int serve(struct ashlar_ctrl_msg *m)
{
	union args a;
	unsigned int i;
	int later = 0;

	static_assert(sizeof(a) == sizeof(m->arg), "arguments are 14 words");
	for (i = 0; i < ARGS; i++)
		a.word[i] = m->arg[i];
	if (m->status)
		m->status = bad_arg(&a, ARG_STATUS);
	else if (m->op == ASHLAR_CTRL_HELLO)
		m->status = hello(&a);
	else if (!rt.hello)
		m->status = done(&a, ASHLAR_STATUS_STATE);
	else
		switch (m->op) {
		case ASHLAR_CTRL_PING:
			m->status = ping(&a);
			break;
		case ASHLAR_CTRL_CTX_CREATE:
			m->status = ctx_create(&a);
			break;
		case ASHLAR_CTRL_CTX_DESTROY:
		case ASHLAR_CTRL_CTX_INVALIDATE:
			m->status = ctx_op(m, &a);
			later = m->status == ASHLAR_STATUS_OK;
			break;
		case ASHLAR_CTRL_QUEUE_CREATE:
			m->status = queue_create(&a);
			break;
		case ASHLAR_CTRL_QUEUE_DESTROY:
			m->status = queue_destroy(m, &a);
			later = m->status == ASHLAR_STATUS_OK;
			break;
		case ASHLAR_CTRL_QUEUE_QUERY:
			m->status = queue_query(&a);
			break;
		case ASHLAR_CTRL_TILE_QUERY:
			m->status = tile_query(&a);
			break;
		default:
			m->status = done(&a, ASHLAR_STATUS_UNKNOWN_OP);
			break;
		}
	for (i = 0; i < ARGS; i++)
		m->arg[i] = a.word[i];
	return !later;
}

/* Requests that wait, or 0 when the driver's index cannot be. */
static uint32_t waiting(void)
{
	uint32_t n = *hal_shared(RING(req_tail)) - ctrl.req_head;

	if (n <= ASHLAR_CTRL_SLOTS) {
		ctrl.reported = 0;
		return n;
	}
	if (!ctrl.reported) {
		ctrl.reported = 1;
		rt.bad_requests++;
		LOG("control: req_tail is %u requests after req_head, limit %u",
		    n, ASHLAR_CTRL_SLOTS);
	}
	return 0;
}

int ctrl_stalled(void)
{
	return reply_room() <= ops_count() && waiting();
}

int ctrl_poll(void)
{
	struct ashlar_ctrl_msg m;
	uint32_t *to = (uint32_t *)(void *)&m;
	uint32_t offset = SLOT(req, ctrl.req_head);
	unsigned int i;

	/* Each operation in progress has a reply slot to itself. */
	if (!waiting() || reply_room() <= ops_count())
		return 0;
	hal_acquire();
	for (i = 0; i < MSG_WORDS; i++)
		to[i] = *hal_shared(offset + 4 * i);
	ctrl.req_head++;
	doorbell_set_head(0, ctrl.req_head);
	*hal_shared(RING(req_head)) = ctrl.req_head;

	rt_time_sync();
	if (serve(&m)) {
		if (m.status != ASHLAR_STATUS_OK) {
			rt.bad_requests++;
			LOG("control: request %u op %u refused, status %u arg %u",
			    m.id, m.op, m.status, m.arg[0]);
		}
		ctrl_reply(&m);
	}
	return 1;
}
