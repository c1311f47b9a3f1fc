// SPDX-License-Identifier: MIT
#include "context.h"
#include "ctrl.h"
#include "ops.h"
#include "run.h"

struct op {
	uint16_t op; /* enum ashlar_ctrl_op; 0 = place is free */
	uint32_t id;
	uint32_t target; /* context or queue */
	uint32_t tiles; /* INVALIDATE: old translations may be in use there */
};

static struct op ops[ASHLAR_CTRL_SLOTS];
static unsigned int count;

void ops_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ops); i++)
		ops[i].op = 0;
	count = 0;
}

unsigned int ops_count(void)
{
	return count;
}

/* Forget translations and code on all tiles of a context. */
static void invalidate(struct op *op)
{
	uint32_t left;

	/* Also on dead ones: they may still ask for something. */
	op->tiles = context_tiles(&rt.context[op->target]);
	for (left = op->tiles; left; left &= left - 1) {
		struct tile *t = &rt.tile[bit_index(left)];

		tile_command(t, ASHLAR_TILE_CTRL_TLB_INVALIDATE);
		tile_forget_code(t);
	}
}

/* Have all tiles drained? A dead one that has not, may never. */
static int invalidated(struct op *op, uint16_t *status)
{
	uint32_t left, stuck = 0;

	for (left = op->tiles; left; left &= left - 1) {
		const struct tile *t = &rt.tile[bit_index(left)];

		if (!tile_invalidating(t))
			op->tiles &= ~(left & -left);
		else if (t->state == TILE_DEAD)
			stuck |= left & -left;
	}
	if (op->tiles != stuck)
		return 0;
	if (stuck)
		*status = ASHLAR_STATUS_BUSY;
	return 1;
}

void ops_begin(const struct ashlar_ctrl_msg *m, uint32_t target)
{
	struct op *op = ops;

	while (op->op) {
		op++;
		RT_CHECK(op < ops + ARRAY_SIZE(ops), count);
	}
	*op = (struct op){ .op = m->op, .id = m->id, .target = target };
	count++;
	rt.ops_dirty = 1;
	run_awake();
	switch (op->op) {
	case ASHLAR_CTRL_CTX_DESTROY:
		context_end(&rt.context[target]);
		break;
	case ASHLAR_CTRL_CTX_INVALIDATE:
		invalidate(op);
		break;
	case ASHLAR_CTRL_QUEUE_DESTROY:
		queue_end(&rt.queue[target]);
		break;
	}
}

/* Has it finished? Then *status is its reply's. */
static int finished(struct op *op, uint16_t *status)
{
	*status = ASHLAR_STATUS_OK;
	switch (op->op) {
	case ASHLAR_CTRL_CTX_DESTROY:
		switch (context_ended(&rt.context[op->target])) {
		case CONTEXT_ENDING:
			return 0;
		case CONTEXT_STUCK:
			rt.context[op->target].life = RT_LIVE;
			*status = ASHLAR_STATUS_BUSY;
			break;
		case CONTEXT_ENDED:
			break;
		}
		return 1;
	case ASHLAR_CTRL_QUEUE_DESTROY:
		return queue_ended(&rt.queue[op->target]);
	default:
		return invalidated(op, status);
	}
}

uint64_t ops_poll(void)
{
	uint64_t next = TIMER_NEVER;
	struct op *op;

	rt.ops_dirty = 0;
	for (op = ops; count && op < ops + ARRAY_SIZE(ops); op++) {
		struct ashlar_ctrl_msg reply = { 0 };

		if (!op->op)
			continue;
		if (!finished(op, &reply.status)) {
			uint64_t again = rt_time();

			again += op->op == ASHLAR_CTRL_CTX_INVALIDATE ?
					 OPS_DRAIN :
					 OPS_AGAIN;

			if (again < next)
				next = again;
			continue;
		}
		reply.op = op->op;
		reply.id = op->id;
		op->op = 0;
		count--;
		ctrl_reply(&reply);
	}
	return next;
}
