// SPDX-License-Identifier: MIT
/* What work that may not be done touches in board memory (pending.h). */
#include "pending.h"
#include "work.h"

/* Rows that follow each other upwards, or a row of the whole span. */
struct ladder {
	int64_t addr, step, rows, bytes;
};

static struct ladder ladder(const struct rows *r)
{
	struct ladder l = { (int64_t)r->addr, r->step, r->rows, r->bytes };

	if (l.step < 0) {
		l.addr += (l.rows - 1) * l.step;
		l.step = -l.step;
	}
	return l;
}

static void fill(struct ladder *l)
{
	l->bytes += (l->rows - 1) * l->step;
	l->rows = 1;
}

bool rows_meet(const struct rows *ra, const struct rows *rb)
{
	struct ladder a = ladder(ra), b = ladder(rb);
	int64_t step, apart, k;

	if (a.rows > 1 && b.rows > 1 && a.step != b.step) {
		fill(&a);
		fill(&b);
	}
	step = a.rows > 1 ? a.step : b.step;
	if (!step) {
		step = 1;
		a.rows = b.rows = 1;
	}
	/*
	 * Row j of b begins `apart` + (j - i) steps behind row i of a. The
	 * greatest j - i with which it begins before that one ends:
	 */
	apart = b.addr - a.addr;
	k = a.bytes - 1 - apart;
	k = k < 0 ? -((step - 1 - k) / step) : k / step;
	if (k > b.rows - 1)
		k = b.rows - 1;
	/* With this it ends behind its beginning, if with any. */
	return k > -a.rows && apart + k * step + b.bytes > 0;
}

/* Forgets what is done. */
static void settle(struct pending *p, const struct work_queue *q)
{
	while (p->first != p->end &&
	       work_done(q, p->ring[p->first % PENDING].count))
		p->first++;
}

void pending_add(struct pending *p, struct work_queue *q, const struct rows *r)
{
	settle(p, q);
	if (p->end - p->first == PENDING) {
		work_wait(q, p->ring[p->first % PENDING].count);
		settle(p, q);
	}
	p->ring[p->end % PENDING].rows = *r;
	p->ring[p->end % PENDING].count = work_given(q);
	p->end++;
}

void pending_wait(struct pending *p, struct work_queue *q, const struct rows *r)
{
	uint32_t i;

	settle(p, q);
	for (i = p->end; i != p->first; i--) {
		if (!rows_meet(&p->ring[(i - 1) % PENDING].rows, r))
			continue;
		work_wait(q, p->ring[(i - 1) % PENDING].count);
		return;
	}
}
