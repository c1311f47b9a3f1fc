// SPDX-License-Identifier: MIT
#include <stddef.h>

#include "copy.h"
#include "irq.h"
#include "log.h"
#include "report.h"

#define TO_HOST	      COPY_SPACE(LOCAL, HOST)
#define FENCE_TO_HOST COPY_SPACE(IMM, HOST)

/* A vector waits until the copies before it have reached the host. */
#define VECTORS_WAITING 16 /* power of two */

static struct {
	uint32_t issued; /* copies ever given to the engine, as its ISSUED */
	struct queue *prepared; /* whose completion the registers describe */
	uint32_t dst_hi; /* what the register holds */
	uint32_t in, out; /* vectors put in and taken out */
	struct {
		uint32_t after; /* value of DONE */
		uint32_t vector;
	} waiting[VECTORS_WAITING];
} report;

static uint32_t set(uint32_t reg, uint32_t value)
{
	copy_set(COPY_REPORT, reg, value);
	return value;
}

void report_init(void)
{
	report.in = 0;
	report.out = 0;
	report.prepared = 0;
	report.issued = copy_init(COPY_REPORT, sizeof(struct ashlar_completion),
				  TO_HOST);
}

struct ashlar_completion *report_begin(struct queue *q)
{
	const unsigned int i = q->done & 1;
	const struct ashlar_job *job = &q->jobs[i];
	struct ashlar_completion *c = &q->records[i];

	/* The one before last, which had this place, has long gone by. */
	while ((int32_t)(copy_done(COPY_REPORT) - q->record_mark[i]) < 0)
		;
	*c = (struct ashlar_completion){ 0 };
	c->fence = job->fence;
	c->tag = job->tag;
	c->t_fetch = q->t_fetch[i];
	c->context = q->ctx->space.context;
	return c;
}

void report_prepare(struct queue *q, uint64_t fence)
{
	uint32_t offset =
		sizeof(struct ashlar_report) +
		(q->done & q->mask) * sizeof(struct ashlar_completion);
	uint32_t lo = q->report_lo + offset;

	set(ASHLAR_COPY_SRC_LO, hal_local(report_record(q)));
	set(ASHLAR_COPY_DST_LO, lo);
	report.dst_hi = set(ASHLAR_COPY_DST_HI, q->report_hi + (lo < offset));
	set(ASHLAR_COPY_SPACE, TO_HOST);
	set(ASHLAR_COPY_IMM_LO, (uint32_t)fence);
	set(ASHLAR_COPY_IMM_HI, (uint32_t)(fence >> 32));
	report.prepared = q;
}

static void vector_after(uint32_t vector, uint32_t after)
{
	if (report.in - report.out == VECTORS_WAITING) {
		/* Rare: wait here rather than lose one. */
		while (report.out == report.in - VECTORS_WAITING)
			report_poll();
	}
	report.waiting[report.in % VECTORS_WAITING].after = after;
	report.waiting[report.in % VECTORS_WAITING].vector = vector;
	report.in++;
}

void report_send(struct queue *q, uint64_t fence, int irq)
{
	if (report.prepared != q)
		report_prepare(q, fence);
	hal_publish();
	copy_go(COPY_REPORT);
	static_assert(offsetof(struct ashlar_report, completed) == 0, "fence");
	set(ASHLAR_COPY_DST_LO, q->report_lo);
	if (report.dst_hi != q->report_hi)
		report.dst_hi = set(ASHLAR_COPY_DST_HI, q->report_hi);
	set(ASHLAR_COPY_SPACE, FENCE_TO_HOST);
	copy_go(COPY_REPORT);

	report.prepared = 0;
	report.issued += 2;
	q->record_mark[q->done & 1] = report.issued;
	q->completed = fence;
	q->done++;
	if (irq)
		vector_after(q->vector, report.issued);
}

int report_waiting(void)
{
	return report.in != report.out;
}

void report_poll(void)
{
	uint32_t done = copy_done(COPY_REPORT);
	uint32_t errors;

	while (report.in != report.out) {
		unsigned int i = report.out % VECTORS_WAITING;

		if ((int32_t)(done - report.waiting[i].after) < 0)
			return;
		irq_raise(report.waiting[i].vector);
		report.out++;
	}
	errors = copy_take_errors(COPY_REPORT);
	if (errors)
		LOG("report: host memory refused a completion, error %x",
		    errors);
}

void report_adopt(struct queue *q)
{
	q->record_mark[0] = report.issued;
	q->record_mark[1] = report.issued;
}

void report_disown(const struct queue *q)
{
	if (report.prepared == q)
		report.prepared = 0;
}

int report_idle(const struct queue *q)
{
	uint32_t done = copy_done(COPY_REPORT);

	return (int32_t)(done - q->record_mark[0]) >= 0 &&
	       (int32_t)(done - q->record_mark[1]) >= 0;
}
