/* SPDX-License-Identifier: MIT */
/*
 * campaign DEVICE KERNELS.elf SEED SEEDS ROUNDS: for each seed a board; in each
 * round A attacks while B computes, then C looks for traces.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hostile.h"

#define GOOD_JOBS 3
#define CHAIN_MAX 5
#define CANARY	  8192

/* --- B: results must be right, to the bit ------------------------------------ */

struct good_job {
	struct kt_case c;
	ashlar_fence *fence;
	uint32_t buffer;
};

static bool good_start(struct world *w, struct good_job *j, uint32_t buffer)
{
	const struct kt_limits limits = { 3 * w->info.array, 3 * w->info.array,
					  300,
					  w->info.array * w->info.array * 300,
					  BUFFER_BYTES - 8192 };
	struct launch l = { 0 };
	uint32_t queue = pick(w, 0, SPACE_QUEUES - 1);

	j->buffer = buffer;
	kt_gemm(&j->c, &w->r, &limits);
	kt_place(&j->c, w->b.addr[buffer]);
	l.kernel = j->c.kernel;
	l.args = &j->c.args;
	l.arg_bytes = j->c.arg_bytes;
	l.tiles = pick(w, 1, w->info.tiles);
	return must(w, &w->b, "input",
		    ashlar_buffer_write(w->b.buffer[buffer], 0, j->c.memory,
					j->c.bytes)) &&
	       must(w, &w->b, "good launch",
		    space_launch(w, &w->b, queue, &l, &j->fence));
}

static bool good_end(struct world *w, struct good_job *j)
{
	static uint8_t got[BUFFER_BYTES];
	bool ok;

	ok = must(w, &w->b, j->c.name, space_wait(w, j->fence)) &&
	     must(w, &w->b, "output",
		  ashlar_buffer_read(w->b.buffer[j->buffer], 0, got,
				     j->c.bytes));
	if (ok && kt_compare(&j->c, got))
		ok = wrong(w, "wrong result of %s", j->c.name);
	return ok;
}

/* Memory of B that nobody writes; A's pages lie around it. */
static bool canary(struct world *w, bool check)
{
	static uint8_t expect[CANARY], got[CANARY];

	for (uint32_t i = 0; i < CANARY; i++)
		expect[i] = (uint8_t)(i * 167 + 13);
	if (!check)
		return must(w, &w->b, "canary",
			    ashlar_buffer_write(w->b.buffer[GOOD_JOBS], 0,
						expect, CANARY));
	if (!must(w, &w->b, "canary",
		  ashlar_buffer_read(w->b.buffer[GOOD_JOBS], 0, got, CANARY)))
		return false;
	return !memcmp(got, expect, CANARY) ||
	       wrong(w, "memory of B was written");
}

/* --- C: nothing of the others is left ------------------------------------------ */

static bool all_zero(const uint8_t *p, size_t bytes, size_t *at)
{
	for (*at = 0; *at < bytes; ++*at)
		if (p[*at])
			return false;
	return true;
}

static bool clean_check(struct world *w)
{
	uint32_t accs =
		4 * w->info.array * w->info.array * w->info.accumulators;
	uint32_t each = w->info.scratchpad_bytes + accs +
			(uint32_t)sizeof(struct hostile_clean);
	uint64_t bytes = (uint64_t)each * w->info.tiles;
	struct hostile_args args = { .target = w->c.addr[0],
				     .mode = chance(w, 3) };
	struct launch l = { "clean", &args, sizeof(args), w->info.tiles, 0, 0 };
	uint8_t *got = malloc(bytes);
	ashlar_fence *fence = NULL;
	size_t at;
	bool ok;

	if (!got)
		abort();
	memset(got, 0xff, bytes);
	ok = must(w, &w->c, "clean",
		  ashlar_buffer_write(w->c.buffer[0], 0, got, bytes)) &&
	     must(w, &w->c, "clean launch",
		  space_launch(w, &w->c, 0, &l, &fence)) &&
	     must(w, &w->c, "clean", space_wait(w, fence)) &&
	     must(w, &w->c, "clean",
		  ashlar_buffer_read(w->c.buffer[0], 0, got, bytes));
	if (ok && !all_zero(got, bytes, &at))
		ok = wrong(
			w,
			"traces in part %zu at byte %zu of scratchpad (%u), accumulators (%u), state: 0x%02x",
			at / each, at % each, w->info.scratchpad_bytes, accs,
			got[at]);
	ashlar_fence_unref(fence);
	free(got);
	return ok;
}

static bool clean_open(struct world *w)
{
	uint64_t bytes =
		(uint64_t)w->info.tiles *
		(w->info.scratchpad_bytes +
		 4 * w->info.array * w->info.array * w->info.accumulators +
		 sizeof(struct hostile_clean));

	return space_open(w, &w->c, NULL, w->b.dev, false) &&
	       space_queue(w, &w->c, 0, ASHLAR_QUEUE_NORMAL) &&
	       space_buffer(w, &w->c, 0, bytes, pick(w, 0, 1));
}

/* --- A: the attack -------------------------------------------------------------- */

static bool bad_setup(struct world *w)
{
	static const uint32_t secret[1024] = {
		[0 ... 1023] = HOSTILE_SECRET,
	};
	struct space *a = &w->a;
	uint32_t i;

	if (!a->dev && !space_open(w, a, NULL, w->b.dev, false))
		return false;
	for (i = 0; i < SPACE_QUEUES; i++)
		if (!space_queue(w, a, i, pick(w, 0, 2)))
			return false;
	for (i = 0; i < SPACE_BUFFERS; i++) {
		uint32_t flags = pick(w, 0, 1);

		if (a->buffer[i] && !chance(w, 4))
			continue;
		if (i == 2)
			flags |= ASHLAR_BUFFER_READ_ONLY;
		if (!space_buffer(w, a, i, i == 1 ? 4096 : pick(w, 1, 20000),
				  flags))
			return false;
	}
	return must(
		w, a, "secret",
		ashlar_buffer_write(a->buffer[1], 0, secret, sizeof(secret)));
}

struct chain {
	struct attack attack;
	ashlar_fence *before[CHAIN_MAX], *culprit, *behind[CHAIN_MAX],
		*beside[CHAIN_MAX];
	uint32_t before_count, behind_count, beside_count;
};

static struct launch harmless(struct world *w, struct hostile_args *args)
{
	struct launch l = { "leave", args, sizeof(*args), 0, 0, 0 };

	memset(args, 0, sizeof(*args));
	args->spin = pick(w, 0, 300);
	if (chance(w, 4)) {
		l.kernel = "dirty";
		args->target = w->a.addr[1];
		args->mode = DIRTY_EXIT;
		args->value = chance(w, 4);
	}
	l.tiles = pick(w, 1, w->info.tiles);
	return l;
}

/* Is a submission refused because the culprit has failed by now? */
static bool refused_late(struct chain *c, ashlar_result result)
{
	struct ashlar_fence_info i = ASHLAR_INIT(ashlar_fence_info);

	return result == ASHLAR_ERROR_POISONED &&
	       ashlar_fence_query(c->culprit, &i) == ASHLAR_OK &&
	       i.state == ASHLAR_FENCE_FAILED;
}

static bool bad_start(struct world *w, struct chain *c)
{
	uint32_t before = pick(w, 0, 2), behind = pick(w, 0, 3);
	uint32_t beside = chance(w, 2) ? 0 : pick(w, 1, 2);
	struct hostile_args args;
	struct launch l;
	ashlar_result result;

	for (uint32_t i = 0; i < before; i++) {
		l = harmless(w, &args);
		if (!must(w, &w->a, "launch before",
			  space_launch(w, &w->a, 0, &l,
				       &c->before[c->before_count])))
			return false;
		c->before_count++;
	}
	for (uint32_t i = 0; i < beside; i++) {
		l = harmless(w, &args);
		if (!must(w, &w->a, "launch beside",
			  space_launch(w, &w->a, 1, &l,
				       &c->beside[c->beside_count])))
			return false;
		c->beside_count++;
	}
	attack_choose(w, &c->attack);
	if (!must(w, &w->a, c->attack.launch.kernel,
		  space_launch(w, &w->a, 0, &c->attack.launch, &c->culprit)))
		return false;
	for (uint32_t i = 0; i < behind; i++) {
		l = harmless(w, &args);
		result = space_launch(w, &w->a, 0, &l,
				      &c->behind[c->behind_count]);
		if (refused_late(c, result))
			break;
		if (!must(w, &w->a, "launch behind", result))
			return false;
		c->behind_count++;
	}
	return true;
}

static void bad_drop(struct world *w, struct chain *c)
{
	for (uint32_t i = 0; i < CHAIN_MAX; i++) {
		ashlar_fence_unref(c->before[i]);
		ashlar_fence_unref(c->behind[i]);
		ashlar_fence_unref(c->beside[i]);
	}
	ashlar_fence_unref(c->culprit);
	memset(c->before, 0, sizeof(c->before));
	memset(c->behind, 0, sizeof(c->behind));
	memset(c->beside, 0, sizeof(c->beside));
	c->culprit = NULL;
	(void)w;
}

static bool bad_end(struct world *w, struct chain *c)
{
	ashlar_result result, got;
	bool stops;

	result = space_wait(w, c->culprit);
	if (!attack_check(w, &c->attack, result, c->culprit))
		return false;
	stops = result == ASHLAR_ERROR_FAULT || result == ASHLAR_ERROR_HUNG;
	for (uint32_t i = 0; i < c->before_count; i++) {
		got = space_wait(w, c->before[i]);
		if (got)
			return wrong(w, "a launch before the culprit: %s",
				     ashlar_result_str(got));
	}
	for (uint32_t i = 0; i < c->behind_count; i++) {
		got = space_wait(w, c->behind[i]);
		if (got != (stops ? ASHLAR_ERROR_CANCELLED : ASHLAR_OK))
			return wrong(w, "behind the culprit, which %s: %s",
				     ashlar_result_str(result),
				     ashlar_result_str(got));
	}
	for (uint32_t i = 0; i < c->beside_count; i++) {
		got = space_wait(w, c->beside[i]);
		if (got && !(stops && got == ASHLAR_ERROR_CANCELLED))
			return wrong(w, "beside the culprit: %s",
				     ashlar_result_str(got));
	}
	return !w->failed;
}

/* Let some time pass, while everybody is at it. */
static void pass(struct world *w, ashlar_fence *fence)
{
	struct ashlar_fence_info i = ASHLAR_INIT(ashlar_fence_info);

	for (uint32_t n = pick(w, 0, 2); n; n--)
		ashlar_fence_query(fence, &i);
}

/* Take things away from under what runs. Returns true when A is gone. */
static bool pull(struct world *w, struct chain *c)
{
	uint32_t i;

	pass(w, c->culprit);
	switch (pick(w, 0, 2)) {
	case 0: /* everything, fences first or last */
		if (chance(w, 2)) {
			bad_drop(w, c);
			space_close(w, &w->a);
		} else {
			space_close(w, &w->a);
			bad_drop(w, c);
		}
		return true;
	case 1: /* buffers and module, at once reused by B and by A */
		for (i = 0; i < SPACE_BUFFERS; i++) {
			ashlar_buffer_unref(w->a.buffer[i]);
			w->a.buffer[i] = NULL;
		}
		if (!space_buffer(w, &w->b, GOOD_JOBS, CANARY, pick(w, 0, 1)) ||
		    !canary(w, false))
			return false;
		pass(w, c->culprit);
		break;
	default: /* the queues */
		for (i = 0; i < SPACE_QUEUES; i++) {
			ashlar_queue_unref(w->a.queue[i]);
			w->a.queue[i] = NULL;
		}
		break;
	}
	return false;
}

/* --- Rounds ---------------------------------------------------------------------- */

/*
 * Numbers, page tables and memory go to somebody else. C, which was the last on
 * all tiles, comes back under the same number or another one, with its tables
 * elsewhere, and is the first again.
 */
static bool reshuffle(struct world *w)
{
	/* As large as a root table, to lie where one was. */
	uint64_t bytes = (w->info.address_bytes >> 21) * 8;

	if (chance(w, 2))
		space_close(w, &w->a);
	space_close(w, &w->c);
	if (bytes < CANARY || chance(w, 3))
		bytes = CANARY;
	return space_buffer(w, &w->b, GOOD_JOBS, bytes, 0) &&
	       canary(w, false) && clean_open(w) && clean_check(w);
}

static bool run_round(struct world *w)
{
	struct good_job good[GOOD_JOBS] = { 0 };
	struct chain chain = { 0 };
	uint32_t started = 0, early = pick(w, 0, GOOD_JOBS), i;
	bool ok, gone = false;

	ok = (!chance(w, 4) || reshuffle(w)) && bad_setup(w);
	if (ok && chance(w, 5))
		ok = raw_attack(w) && bad_setup(w);
	while (ok && started < early) {
		ok = good_start(w, &good[started], started);
		started++;
	}
	ok = ok && bad_start(w, &chain);
	while (ok && started < GOOD_JOBS) {
		ok = good_start(w, &good[started], started);
		started++;
	}
	if (ok && chance(w, 3)) {
		bool buffers = w->a.buffer[3];

		gone = pull(w, &chain);
		/* The pc cannot be read when its buffer has gone. */
		if (buffers && !w->a.buffer[3])
			chain.attack.note = NOTE_GONE;
	} else if (ok && chance(w, 2)) {
		pass(w, chain.culprit);
	}
	if (ok && !w->failed && !gone && chance(w, 2))
		ok = bad_end(w, &chain);
	for (i = 0; i < started; i++) {
		if (ok && !w->failed)
			ok = good_end(w, &good[i]);
	}
	ok = ok && canary(w, true);
	if (ok && chance(w, 2)) {
		space_close(w, &w->c);
		ok = clean_open(w);
	}
	ok = ok && clean_check(w);
	if (ok && !w->failed && !gone)
		ok = bad_end(w, &chain);
	if (ok && !gone && chance(w, 4))
		space_close(w, &w->a);
	bad_drop(w, &chain);
	for (i = 0; i < started; i++) {
		ashlar_fence_unref(good[i].fence);
		kt_free(&good[i].c);
	}
	return ok && !w->failed;
}

static bool board_open(struct world *w, const char *device)
{
	uint32_t i;

	/* Who was first on the board must not matter. */
	if (chance(w, 2)) {
		if (!space_open(w, &w->b, device, NULL, true))
			return false;
	} else {
		if (!space_open(w, &w->a, device, NULL, false) ||
		    !space_open(w, &w->b, NULL, w->a.dev, true))
			return false;
	}
	w->info.size = sizeof(w->info);
	if (!must(w, &w->b, "query", ashlar_device_query(w->b.dev, &w->info)))
		return false;
	for (i = 0; i < SPACE_QUEUES; i++)
		if (!space_queue(w, &w->b, i, pick(w, 0, 2)))
			return false;
	for (i = 0; i < GOOD_JOBS; i++)
		if (!space_buffer(w, &w->b, i, BUFFER_BYTES, pick(w, 0, 1)))
			return false;
	return space_buffer(w, &w->b, GOOD_JOBS, CANARY, 0) &&
	       canary(w, false) && clean_open(w);
}

static uint64_t cycles_of(ashlar_device *dev)
{
	struct ashlar_device_perf perf = ASHLAR_INIT(ashlar_device_perf);

	return ashlar_device_perf(dev, &perf) ? 0 : perf.clocked;
}

/* All of a seed's rounds. Returns those that passed; w->failed: one did not. */
static uint32_t run_seed(struct world *w, const char *device, uint64_t seed,
			 uint32_t rounds, uint64_t *cycles)
{
	uint32_t n = 0;

	w->r.state = seed * 0x9e3779b97f4a7c15ull + 1;
	w->failed = false;
	memset(&w->a, 0, sizeof(w->a));
	memset(&w->b, 0, sizeof(w->b));
	memset(&w->c, 0, sizeof(w->c));
	if (board_open(w, device))
		while (n < rounds && run_round(w))
			n++;
	if (w->b.dev)
		*cycles += cycles_of(w->b.dev);
	space_close(w, &w->c);
	space_close(w, &w->a);
	space_close(w, &w->b);
	return n;
}

/*
 * Linked with --wrap=dlclose, models stay loaded, so that what the leak checker
 * finds can be told apart from static tables of the Verilator runtime.
 */
int __wrap_dlclose(void *library);
int __wrap_dlclose(void *library)
{
	(void)library;
	return 0;
}

static void *load(const char *path, size_t *bytes)
{
	FILE *f = fopen(path, "rb");
	void *p;

	if (!f) {
		perror(path);
		exit(2);
	}
	p = malloc(1 << 20);
	if (!p)
		abort();
	*bytes = fread(p, 1, 1 << 20, f);
	fclose(f);
	return p;
}

int main(int argc, char **argv)
{
	static struct world w;
	unsigned long passed = 0, failed = 0;
	uint64_t seed, seeds, cycles = 0;
	uint32_t rounds;
	void *elf;

	if (argc != 6) {
		fprintf(stderr,
			"use: %s DEVICE KERNELS.elf SEED SEEDS ROUNDS\n",
			argv[0]);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	elf = load(argv[2], &w.elf_bytes);
	w.elf = elf;
	seed = strtoull(argv[3], NULL, 0);
	seeds = strtoull(argv[4], NULL, 0);
	rounds = (uint32_t)strtoul(argv[5], NULL, 0);
	for (uint64_t i = 0; i < seeds && failed < 10; i++) {
		uint32_t n = run_seed(&w, argv[1], seed + i, rounds, &cycles);

		passed += n;
		if (!w.failed)
			continue;
		failed++;
		printf("FAIL seed %llu round %u: %s\n"
		       "  again: %s %s,record=hostile.log %s %llu 1 %u\n",
		       (unsigned long long)(seed + i), n, w.why, argv[0],
		       argv[1], argv[2], (unsigned long long)(seed + i), n + 1);
	}
	free(elf);
	printf("%llu cycles clocked\n%lu passed, %lu failed\n",
	       (unsigned long long)cycles, passed, failed);
	return failed != 0;
}
