// SPDX-License-Identifier: MIT
/*
 * Queues with one writer, and the threads that empty them (work.h). Who empties
 * a queue takes it for a few items; the others look for another one.
 */
#include "work.h"
#include "ashlar_regs.h"
#include "units.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* A power of two. */
#define QUEUE 4096u
/* A queue is taken for so many items, so that all advance alike. */
#define TURN 8u
/* Looks at a queue before a thread sleeps: a few microseconds. */
#define LOOKS 200

/*
 * A thread takes some microseconds to wake, and whoever calls it to call: it is
 * called when this much has come together. In nanoseconds, roughly.
 */
#define CALL_AT	      50000u
#define MACS_IN_A_NS  32u
#define ROW_NS	      32u /* of the vector unit */
#define FUNCTION_NS   64u /* more, with a function */
#define BYTES_IN_A_NS 16u

enum kind { MATRIX, VECTOR, COPY, ZERO };

struct item {
	enum kind kind;
	union {
		struct ash_matrix_cmd matrix;
		struct {
			struct ash_vector_cmd cmd;
			uint32_t first, end;
		} vector;
		struct work_rows copy;
		struct {
			void *to;
			size_t bytes;
		} zero;
	};
};

struct work_queue {
	struct work_pool *pool;
	struct ash_tile *tile;
	bool later;
	uint64_t uncalled; /* of the pool's, unless it is done */
	/* Counts of items given and done. */
	_Atomic uint32_t given, done;
	_Atomic bool taken; /* by the thread that does them */
	struct item items[QUEUE];
	struct fast_vector_kept kept; /* from part to part */
};

struct work_pool {
	unsigned int most, started; /* threads */
	pthread_t *threads;
	uint64_t uncalled; /* given since a thread was called; ns */
	pthread_mutex_t lock;
	pthread_cond_t work, progress;
	/*
	 * Under the lock, but read without it to leave it out: threads that
	 * sleep and were not called; whether who waits for work does.
	 */
	_Atomic unsigned int sleepers;
	_Atomic bool waits;
	unsigned int called; /* threads that may wake */
	bool quit;
	unsigned int count;
	struct work_queue queues[];
};

static void copy_rows(const struct work_rows *r)
{
	uint32_t i;

	for (i = 0; i < r->rows; i++)
		memcpy(r->to + r->to_step * i, r->from + r->from_step * i,
		       r->bytes);
}

static void execute(struct work_queue *q, const struct item *k)
{
	switch (k->kind) {
	case MATRIX:
		fast_matrix_run(q->tile, &k->matrix);
		break;
	case VECTOR:
		fast_vector_run_part(q->tile,
				     &(struct fast_vector_part){
					     &k->vector.cmd, k->vector.first,
					     k->vector.end, &q->kept });
		break;
	case COPY:
		copy_rows(&k->copy);
		break;
	case ZERO:
		memset(k->zero.to, 0, k->zero.bytes);
		break;
	}
}

static void pause_a_bit(void)
{
#ifdef __x86_64__
	__builtin_ia32_pause();
#endif
}

/* --- Threads --------------------------------------------------------------- */

/* Something to do that nobody is at. */
static bool offers(struct work_queue *q)
{
	return !work_idle(q) && !atomic_load(&q->taken);
}

static bool some_offer(struct work_pool *p)
{
	unsigned int i;

	for (i = 0; i < p->count; i++)
		if (offers(&p->queues[i]))
			return true;
	return false;
}

static void report(struct work_pool *p)
{
	if (!atomic_load(&p->waits))
		return;
	pthread_mutex_lock(&p->lock);
	pthread_cond_signal(&p->progress);
	pthread_mutex_unlock(&p->lock);
}

/* Does up to so many items of a queue, if nobody else is at it. */
static bool serve(struct work_queue *q, uint32_t most)
{
	uint32_t done;

	if (!offers(q) || atomic_exchange(&q->taken, true))
		return false;
	done = atomic_load(&q->done);
	for (; most && done != atomic_load(&q->given); most--) {
		execute(q, &q->items[done % QUEUE]);
		atomic_store(&q->done, ++done);
	}
	atomic_store(&q->taken, false);
	report(q->pool);
	return true;
}

/* The same of the first that offers some, from one on. */
static bool serve_some(struct work_pool *p, unsigned int from, uint32_t most)
{
	unsigned int i;

	for (i = 0; i < p->count; i++)
		if (serve(&p->queues[(from + i) % p->count], most))
			return true;
	return false;
}

/* Until there may be something to do; false: there will be no more. */
static bool sleep_for_work(struct work_pool *p)
{
	bool more;

	pthread_mutex_lock(&p->lock);
	atomic_fetch_add(&p->sleepers, 1);
	if (some_offer(p)) {
		atomic_fetch_sub(&p->sleepers, 1);
	} else {
		while (!p->called && !p->quit)
			pthread_cond_wait(&p->work, &p->lock);
		if (p->called)
			p->called--;
	}
	more = !p->quit;
	pthread_mutex_unlock(&p->lock);
	return more;
}

static void *thread(void *ctx)
{
	struct work_pool *p = ctx;
	unsigned int next = 0;

	do {
		while (serve_some(p, next, TURN))
			next = (next + 1) % p->count;
	} while (sleep_for_work(p));
	return NULL;
}

static void start(struct work_pool *p)
{
	sigset_t all, before;

	/* The application's signals are not for these threads. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (p->started < p->most &&
	       !pthread_create(&p->threads[p->started], NULL, thread, p))
		p->started++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* There is enough for one more thread. */
static void call(struct work_pool *p)
{
	unsigned int i;

	p->uncalled = 0;
	for (i = 0; i < p->count; i++)
		p->queues[i].uncalled = 0;
	if (!p->started)
		start(p);
	if (!atomic_load(&p->sleepers))
		return;
	pthread_mutex_lock(&p->lock);
	if (atomic_load(&p->sleepers)) {
		atomic_fetch_sub(&p->sleepers, 1);
		p->called++;
		pthread_cond_signal(&p->work);
	}
	pthread_mutex_unlock(&p->lock);
}

/* --- Queues ---------------------------------------------------------------- */

static void give(struct work_queue *q, const struct item *k, uint64_t ns)
{
	struct work_pool *p = q->pool;
	uint32_t given = work_given(q);

	if (work_idle(q)) {
		if (!q->later) {
			execute(q, k);
			return;
		}
		p->uncalled -= q->uncalled;
		q->uncalled = 0;
	}
	if (given - atomic_load(&q->done) == QUEUE)
		work_wait(q, given - QUEUE / 2);
	q->items[given % QUEUE] = *k;
	atomic_store(&q->given, given + 1);
	q->uncalled += ns;
	p->uncalled += ns;
	if (p->uncalled >= CALL_AT)
		call(p);
}

void work_matrix(struct work_queue *q, const struct ash_matrix_cmd *c)
{
	const struct item k = { .kind = MATRIX, .matrix = *c };

	give(q, &k, (uint64_t)c->k * q->tile->n * q->tile->n / MACS_IN_A_NS);
}

void work_vector(struct work_queue *q, const struct ash_vector_cmd *c,
		 uint32_t first, uint32_t end)
{
	const struct item k = { .kind = VECTOR, .vector = { *c, first, end } };

	uint32_t row = c->op & ASHLAR_VECTOR_OP_FN_MASK ? ROW_NS + FUNCTION_NS :
							  ROW_NS;

	give(q, &k, (uint64_t)c->rows * (end - first) * row);
}

void work_copy(struct work_queue *q, const struct work_rows *r)
{
	const struct item k = { .kind = COPY, .copy = *r };

	give(q, &k, (uint64_t)r->bytes * r->rows / BYTES_IN_A_NS);
}

void work_zero(struct work_queue *q, void *to, size_t bytes)
{
	const struct item k = { .kind = ZERO, .zero = { to, bytes } };

	give(q, &k, bytes / BYTES_IN_A_NS);
}

uint32_t work_given(const struct work_queue *q)
{
	return atomic_load_explicit(&q->given, memory_order_relaxed);
}

bool work_done(const struct work_queue *q, uint32_t count)
{
	return (int32_t)(atomic_load(&q->done) - count) >= 0;
}

bool work_idle(const struct work_queue *q)
{
	return atomic_load(&q->done) == atomic_load(&q->given);
}

/* Another thread is at the queue, and this is not done. */
static bool busy(struct work_queue *q, uint32_t count)
{
	return atomic_load(&q->taken) && !work_done(q, count);
}

static void sleep_while_busy(struct work_queue *q, uint32_t count)
{
	struct work_pool *p = q->pool;
	unsigned int i;

	for (i = 0; i < LOOKS; i++) {
		if (!busy(q, count))
			return;
		pause_a_bit();
	}
	pthread_mutex_lock(&p->lock);
	atomic_store(&p->waits, true);
	while (busy(q, count))
		pthread_cond_wait(&p->progress, &p->lock);
	atomic_store(&p->waits, false);
	pthread_mutex_unlock(&p->lock);
}

void work_wait(struct work_queue *q, uint32_t count)
{
	while (!work_done(q, count)) {
		uint32_t done = atomic_load(&q->done);

		if (!serve(q, count - done) && !serve_some(q->pool, 0, 1))
			sleep_while_busy(q, count);
	}
}

void work_allow(struct work_queue *q, bool later)
{
	q->later = later && q->pool->most;
}

/* --- Life ------------------------------------------------------------------ */

static unsigned int processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ?
		       1 :
		       (unsigned int)CPU_COUNT(&set);
}

struct work_pool *work_pool_new(unsigned int tiles)
{
	struct work_pool *p =
		calloc(1, sizeof(*p) + tiles * sizeof(p->queues[0]));
	unsigned int most = processors() - 1;

	if (!p)
		return NULL;
	p->count = tiles;
	p->most = most < tiles ? most : tiles;
	p->threads = calloc(tiles, sizeof(*p->threads));
	if (!p->threads) {
		free(p);
		return NULL;
	}
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->progress, NULL);
	return p;
}

struct work_queue *work_queue(struct work_pool *p, unsigned int number,
			      struct ash_tile *tile)
{
	struct work_queue *q = &p->queues[number];

	q->pool = p;
	q->tile = tile;
	return q;
}

void work_pool_delete(struct work_pool *p)
{
	unsigned int i;

	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->quit = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (i = 0; i < p->started; i++)
		pthread_join(p->threads[i], NULL);
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->progress);
	pthread_mutex_destroy(&p->lock);
	free(p->threads);
	free(p);
}
