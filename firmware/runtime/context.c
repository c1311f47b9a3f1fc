// SPDX-License-Identifier: MIT
#include "context.h"
#include "doorbell.h"
#include "fetch.h"
#include "log.h"
#include "report.h"
#include "run.h"

void context_stop(struct context *ctx, unsigned int status)
{
	uint64_t left = ctx->queues;

	if (ctx->stopped)
		return;
	ctx->stopped = (uint8_t)status;
	LOG("context %u stopped by status %u", ctx->space.context, status);
	while (left)
		run_cancel(&rt.queue[bit64_take(&left)], ASHLAR_JOB_CANCELLED);
}

void context_make(uint32_t number, uint64_t pt_root, uint32_t pt_entries)
{
	struct context *ctx = &rt.context[number];

	*ctx = (struct context){
		.life = RT_LIVE,
		.space = {
			.root_lo = (uint32_t)pt_root,
			.root_hi = (uint32_t)(pt_root >> 32),
			.entries = pt_entries,
			.context = number,
		},
	};
}

uint32_t context_tiles(const struct context *ctx)
{
	uint32_t number, tiles = 0;

	for (number = 0; number < rt.tiles; number++) {
		if (rt.tile[number].context == ctx->space.context)
			tiles |= 1u << number;
	}
	return tiles;
}

void context_end(struct context *ctx)
{
	ctx->life = RT_DYING;
	run_scrub(context_tiles(ctx) & rt.free);
	rt.ops_dirty = 1;
}

enum context_end_state context_ended(struct context *ctx)
{
	uint32_t tiles = context_tiles(ctx);
	uint32_t number;

	if (tiles & rt.alive)
		return CONTEXT_ENDING;
	if (tiles)
		return CONTEXT_STUCK;
	for (number = 0; number < rt.tiles; number++) {
		/* The next context of this number has another page table. */
		if (rt.tile[number].pt_context == ctx->space.context)
			rt.tile[number].pt_context = 0;
	}
	ctx->life = RT_NONE;
	return CONTEXT_ENDED;
}

void queue_make(const struct ashlar_ctrl_queue *args)
{
	struct queue *q = &rt.queue[args->queue];

	*q = (struct queue){
		.mask = (1u << args->depth_log2) - 1,
		.ring_lo = (uint32_t)args->ring,
		.ring_hi = (uint32_t)(args->ring >> 32),
		.report_lo = (uint32_t)args->report,
		.report_hi = (uint32_t)(args->report >> 32),
		.ctx = &rt.context[args->context],
		.jobs = rt_dma.job[args->queue],
		.records = rt_dma.record[args->queue],
		.doorbell = DOORBELL_REG(ASHLAR_MP_DB_TAIL(args->queue)),
		.number = (uint8_t)args->queue,
		.life = RT_LIVE,
		.priority = (uint8_t)args->priority,
		.vector = (uint8_t)args->vector,
	};
	report_adopt(q);
	q->ctx->queues |= bit64(q->number);
	doorbell_open(q->number, q->mask + 1);
}

void queue_end(struct queue *q)
{
	/* Jobs rung for are jobs, and will complete. */
	if (doorbell_close(q->number))
		fetch_rung(q);
	fetch_forget(q);
	q->life = RT_DYING;
	run_cancel(q, ASHLAR_JOB_CANCELLED);
	rt.ops_dirty = 1;
}

int queue_ended(struct queue *q)
{
	if (q->done != q->tail || q->issued != q->taken || !report_idle(q))
		return 0;
	report_disown(q);
	fetch_forget(q); /* its last jobs were fetched since queue_end() */
	q->ctx->queues &= ~bit64(q->number);
	q->life = RT_NONE;
	return 1;
}
