// SPDX-License-Identifier: MIT
/*
 * What work touches in board memory (hw-model/fast/pending.h): random rows
 * compared byte by byte, and a queue whose work is done when it is waited for.
 */
#include <string.h>

#include "counted.h"
#include "pending.h"
#include "work.h"

#define MEMORY 512u
#define CASES  300000
#define STEPS  200000

/* --- A queue, in place of work.c -------------------------------------------- */

struct work_queue {
	uint32_t given, done;
};

uint32_t work_given(const struct work_queue *q)
{
	return q->given;
}

bool work_done(const struct work_queue *q, uint32_t count)
{
	return (int32_t)(q->done - count) >= 0;
}

void work_wait(struct work_queue *q, uint32_t count)
{
	assert_false(work_done(q, count));
	q->done = count;
}

/* --- Rows -------------------------------------------------------------------- */

static struct rows random_rows(uint64_t *state, int64_t step)
{
	struct rows r = {
		.addr = MEMORY / 2 + rnd(state) % 64,
		.step = step,
		.bytes = 1 + (uint32_t)(rnd(state) % 24),
		.rows = 1 + (uint32_t)(rnd(state) % 6),
	};

	return r;
}

static int64_t random_step(uint64_t *state)
{
	return (int64_t)(rnd(state) % 65) - 32;
}

static void mark(const struct rows *r, uint8_t *bytes)
{
	memset(bytes, 0, MEMORY);
	for (uint32_t i = 0; i < r->rows; i++)
		memset(bytes + (int64_t)r->addr + r->step * i, 1, r->bytes);
}

static bool really_meet(const struct rows *a, const struct rows *b)
{
	uint8_t x[MEMORY], y[MEMORY];

	mark(a, x);
	mark(b, y);
	for (uint32_t i = 0; i < MEMORY; i++)
		if (x[i] && y[i])
			return true;
	return false;
}

static void rows_of_one_step_meet_where_they_do(void **state)
{
	uint64_t seed = 1;
	int met = 0;

	(void)state;
	for (int i = 0; i < CASES; i++) {
		int64_t step = random_step(&seed);
		struct rows a = random_rows(&seed, step);
		struct rows b =
			random_rows(&seed, rnd(&seed) % 4 ? step : -step);

		met += really_meet(&a, &b);
		assert_int_equal(rows_meet(&a, &b), really_meet(&a, &b));
	}
	assert_in_range(met, CASES / 10, CASES * 9 / 10);
}

static void a_single_row_meets_where_it_does(void **state)
{
	uint64_t seed = 2;

	(void)state;
	for (int i = 0; i < CASES; i++) {
		struct rows a = random_rows(&seed, random_step(&seed));
		struct rows b = random_rows(&seed, random_step(&seed));

		b.rows = 1;
		assert_int_equal(rows_meet(&a, &b), really_meet(&a, &b));
		assert_int_equal(rows_meet(&b, &a), really_meet(&a, &b));
	}
}

static void no_meeting_is_overlooked(void **state)
{
	uint64_t seed = 3;

	(void)state;
	for (int i = 0; i < CASES; i++) {
		struct rows a = random_rows(&seed, random_step(&seed));
		struct rows b = random_rows(&seed, random_step(&seed));

		if (really_meet(&a, &b))
			assert_true(rows_meet(&a, &b));
	}
}

/* --- Pending work ------------------------------------------------------------ */

/* The last that met is done, and no more than must be, though counts wrap. */
static void the_last_that_meets_is_waited_for(void **state)
{
	enum { KEPT = 2 * PENDING };
	static struct rows given[KEPT];
	struct work_queue q = { 0u - STEPS / 2, 0u - STEPS / 2 };
	struct pending p = { .first = 0 };
	uint64_t seed = 4;
	int waited = 0;

	(void)state;
	for (int i = 0; i < STEPS; i++) {
		struct rows r = random_rows(&seed, 0);
		uint32_t want = q.done;

		r.rows = 1;
		r.addr = rnd(&seed) % 100000;
		if (rnd(&seed) % 8) {
			given[++q.given % KEPT] = r;
			pending_add(&p, &q, &r);
			/* It keeps so many; for more the oldest are done. */
			assert_true(q.given - q.done <= PENDING);
			continue;
		}
		for (uint32_t n = q.done + 1; n != q.given + 1; n++)
			if (rows_meet(&given[n % KEPT], &r))
				want = n;
		waited += want != q.done;
		pending_wait(&p, &q, &r);
		assert_int_equal(q.done, want);
	}
	assert_true(waited > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_of_one_step_meet_where_they_do),
		cmocka_unit_test(a_single_row_meets_where_it_does),
		cmocka_unit_test(no_meeting_is_overlooked),
		cmocka_unit_test(the_last_that_meets_is_waited_for),
	};

	return RUN_COUNTED(tests);
}
