// SPDX-License-Identifier: MIT
/* A queue with one writer and one reader, and the reader's thread (work.h). */
#include "work.h"
#include "units.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* A power of two; a load of a whole scratchpad by lines is this many. */
#define QUEUE 4096u
/* Looks at the other side before a thread sleeps: a few microseconds. */
#define LOOKS 200

/*
 * Less than this is quicker done than handed over, when nothing is before it:
 * multiplications, rows, bytes.
 */
#define SMALL_MATRIX (64u * 1024)
#define SMALL_VECTOR 16u
#define SMALL_COPY   (16u * 1024)

/*
 * One processor decides, the others work: with two of them, handing over costs
 * more than it gains (GEMM on two tiles). Tests build it with two.
 */
#ifndef WORK_PROCESSORS
#define WORK_PROCESSORS 3
#endif

enum kind { MATRIX, VECTOR, COPY, ZERO };

struct work {
	enum kind kind;
	union {
		struct ash_matrix_cmd matrix;
		struct ash_vector_cmd vector;
		struct {
			void *to;
			const void *from;
			size_t bytes;
		} copy;
	};
};

struct worker {
	struct ash_tile *tile;
	bool several; /* processors */
	bool later;
	bool started;
	pthread_t thread;
	/* Counts of work given and done. */
	_Atomic uint32_t given, done;
	/* Under the lock: who sleeps. Read without it to leave the lock out. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	_Atomic bool reader_sleeps, writer_sleeps;
	bool quit;
	struct work queue[QUEUE];
};

static void execute(struct ash_tile *tile, const struct work *k)
{
	switch (k->kind) {
	case MATRIX:
		fast_matrix_run(tile, &k->matrix);
		break;
	case VECTOR:
		fast_vector_run(tile, &k->vector);
		break;
	case COPY:
		memcpy(k->copy.to, k->copy.from, k->copy.bytes);
		break;
	case ZERO:
		memset(k->copy.to, 0, k->copy.bytes);
		break;
	}
}

static void pause_a_bit(void)
{
#ifdef __x86_64__
	__builtin_ia32_pause();
#endif
}

/* Sleeps until *count is not `is` any more, or quit. */
static void sleep_while(struct worker *w, const _Atomic uint32_t *count,
			uint32_t is, _Atomic bool *sleeps)
{
	unsigned int i;

	for (i = 0; i < LOOKS; i++) {
		if (atomic_load(count) != is)
			return;
		pause_a_bit();
	}
	pthread_mutex_lock(&w->lock);
	atomic_store(sleeps, true);
	while (atomic_load(count) == is && !w->quit)
		pthread_cond_wait(&w->changed, &w->lock);
	atomic_store(sleeps, false);
	pthread_mutex_unlock(&w->lock);
}

static void wake(struct worker *w, const _Atomic bool *sleeps)
{
	if (!atomic_load(sleeps))
		return;
	pthread_mutex_lock(&w->lock);
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

static void *reader(void *ctx)
{
	struct worker *w = ctx;
	uint32_t done = 0;

	for (;;) {
		sleep_while(w, &w->given, done, &w->reader_sleeps);
		/* Work is never left behind: who quits has waited for it. */
		if (atomic_load(&w->given) == done)
			return NULL;
		execute(w->tile, &w->queue[done % QUEUE]);
		atomic_store(&w->done, ++done);
		wake(w, &w->writer_sleeps);
	}
}

static bool start(struct worker *w)
{
	sigset_t all, before;

	if (w->started)
		return true;
	/* The application's signals are not for this thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	w->started = !pthread_create(&w->thread, NULL, reader, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return w->started;
}

static void give(struct worker *w, const struct work *k, bool small)
{
	uint32_t given = atomic_load_explicit(&w->given, memory_order_relaxed);

	if (work_idle(w) && (small || !w->later || !start(w))) {
		execute(w->tile, k);
		return;
	}
	if (given - atomic_load(&w->done) == QUEUE)
		sleep_while(w, &w->done, given - QUEUE, &w->writer_sleeps);
	w->queue[given % QUEUE] = *k;
	atomic_store(&w->given, given + 1);
	wake(w, &w->reader_sleeps);
}

void work_matrix(struct worker *w, const struct ash_matrix_cmd *c)
{
	const struct work k = { .kind = MATRIX, .matrix = *c };

	give(w, &k, c->k * w->tile->n * w->tile->n < SMALL_MATRIX);
}

void work_vector(struct worker *w, const struct ash_vector_cmd *c)
{
	const struct work k = { .kind = VECTOR, .vector = *c };

	give(w, &k, c->rows < SMALL_VECTOR);
}

void work_copy(struct worker *w, void *to, const void *from, size_t bytes)
{
	const struct work k = { .kind = COPY, .copy = { to, from, bytes } };

	give(w, &k, bytes < SMALL_COPY);
}

void work_zero(struct worker *w, void *to, size_t bytes)
{
	const struct work k = { .kind = ZERO, .copy = { to, NULL, bytes } };

	give(w, &k, bytes < SMALL_COPY);
}

bool work_idle(const struct worker *w)
{
	return atomic_load(&w->done) ==
	       atomic_load_explicit(&w->given, memory_order_relaxed);
}

void work_wait(struct worker *w)
{
	uint32_t done;

	while (!work_idle(w)) {
		done = atomic_load(&w->done);
		if (!work_idle(w))
			sleep_while(w, &w->done, done, &w->writer_sleeps);
	}
}

void work_allow(struct worker *w, bool later)
{
	w->later = later && w->several;
}

static bool several_processors(void)
{
	cpu_set_t set;

	return !sched_getaffinity(0, sizeof(set), &set) &&
	       CPU_COUNT(&set) >= WORK_PROCESSORS;
}

struct worker *work_new(struct ash_tile *tile)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->tile = tile;
	w->several = several_processors();
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	return w;
}

void work_delete(struct worker *w)
{
	if (!w)
		return;
	work_wait(w);
	if (w->started) {
		pthread_mutex_lock(&w->lock);
		w->quit = true;
		pthread_cond_broadcast(&w->changed);
		pthread_mutex_unlock(&w->lock);
		pthread_join(w->thread, NULL);
	}
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
