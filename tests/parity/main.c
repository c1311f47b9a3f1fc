// SPDX-License-Identifier: MIT
/*
 * parity MODEL_A MODEL_B [-n CASES] [-s SEED] [-k KIND] [-o FOLDER] [-t SECONDS]
 *                        [-v] [-F] [CASE...]
 *
 * Runs cases on two models of the same board and compares: the files named,
 * and CASES random ones of each kind. A mismatch is made small and saved.
 * Exit status: 0 all equal, 1 a mismatch, 2 it could not be tried.
 */
#include "parity.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct totals {
	unsigned long passed, failed;
	uint64_t operations, bytes;
};

static void list(const struct kase *k, const struct outcome *o)
{
	uint32_t i;

	for (i = 0; i < o->events; i++)
		printf("%5u %s\n", o->event[i].step, o->event[i].text);
	printf("%u steps, %u vectors, %llu cycles%s\n", k->n, o->vectors,
	       (unsigned long long)o->cycles,
	       o->open ? ", memory not compared" : "");
}

void gate_try(const struct gate *g, const struct kase *k, struct difference *d,
	      uint64_t *operations)
{
	struct outcome *a = outcome_new(g->a.board.mem_bytes);
	struct outcome *b = outcome_new(g->b.board.mem_bytes);

	run_both(&g->a, &g->b, k, a, b, g->seconds);
	compare(k, a, b, d);
	if (g->list)
		list(k, a);
	*operations = a->operations;
	outcome_delete(a);
	outcome_delete(b);
}

static void show(const struct gate *g, const struct kase *k,
		 const struct difference *d)
{
	char text[200] = "the end";

	if (d->step < k->n)
		step_text(&k->steps[d->step], text, sizeof(text));
	printf("  step %u of %u: %s\n", d->step, k->n, text);
	printf("  %s, %s: %s\n", d->kind, g->a.ops->name, d->a);
	printf("  %s, %s: %s\n", d->kind, g->b.ops->name, d->b);
}

/* A mismatch: make it small, save it, say how to repeat it. */
static void report(const struct gate *g, struct kase *k, struct difference *d,
		   const char *name)
{
	char path[512], why[300];

	printf("FAIL %s\n", name);
	show(g, k, d);
	fflush(stdout);
	shrink(g, k, d);
	mkdir(g->folder, 0777);
	snprintf(path, sizeof(path), "%s/%s.case", g->folder, name);
	snprintf(why, sizeof(why), "%s: %s, or %s", d->kind, d->a, d->b);
	printf("  made small:\n");
	show(g, k, d);
	if (case_write(k, path, why))
		printf("  again: parity %s %s %s\n", g->a.path, g->b.path,
		       path);
	fflush(stdout);
}

static bool try_case(const struct gate *g, struct kase *k, const char *name,
		     struct totals *t, bool small)
{
	struct difference d;
	uint64_t operations;

	gate_try(g, k, &d, &operations);
	t->operations += operations;
	t->bytes += d.compared;
	if (!d.found) {
		t->passed++;
		return true;
	}
	t->failed++;
	if (small && !g->first) {
		report(g, k, &d, name);
	} else {
		printf("FAIL %s\n", name);
		show(g, k, &d);
	}
	return false;
}

/* 0 equal or not for this board, 1 a mismatch, 2 a bad file. */
static int replay(const struct gate *g, const char *path, struct totals *t,
		  bool alone)
{
	struct kase k;
	int rc = 0;

	if (!case_read(&k, path))
		return 2;
	if (!strcmp(k.board, g->a.board.name)) {
		rc = !try_case(g, &k, path, t, false);
	} else if (alone) {
		fprintf(stderr, "%s: is for board %s, these are %s\n", path,
			k.board, g->a.board.name);
		rc = 2;
	}
	case_free(&k);
	return rc;
}

static void campaign(const struct gate *g, const struct kind *kind,
		     uint64_t seed, unsigned long cases, unsigned long seconds,
		     struct totals *all)
{
	struct totals t = { 0 };
	time_t end = time(NULL) + (time_t)seconds;
	unsigned long i;

	for (i = 0; i < cases && t.failed < (g->first ? 1 : 5); i++) {
		struct kase k;
		char name[64];

		if (seconds && time(NULL) >= end)
			break;
		snprintf(name, sizeof(name), "%s-%s-%" PRIu64, kind->name,
			 g->a.board.name, seed + i);
		generate(&k, &g->a.board, kind, seed + i);
		try_case(g, &k, name, &t, true);
		case_free(&k);
	}
	printf("%-10s %s: %lu cases, %" PRIu64 " operations, %" PRIu64
	       " bytes compared, %lu mismatches\n",
	       kind->name, g->a.board.name, t.passed + t.failed, t.operations,
	       t.bytes, t.failed);
	fflush(stdout);
	all->passed += t.passed;
	all->failed += t.failed;
}

static int usage(void)
{
	fprintf(stderr,
		"usage: parity MODEL_A MODEL_B [-n CASES] [-s SEED] [-k KIND] [-o FOLDER] [-t SECONDS] [-v] [-F] [CASE...]\n"
		"  CASES random cases of each kind (default 0), from SEED (default 1)\n"
		"  KIND registers, processor, tiles, pair or pages (default: all)\n"
		"  FOLDER for mismatches (default build/parity)\n"
		"  SECONDS: no new random case of a kind after this time\n"
		"  -v    print what MODEL_A did\n"
		"  -F    end at the first mismatch, do not make it small\n");
	return 2;
}

static bool number(const char *text, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	return !errno && end != text && !*end && *text != '-';
}

struct request {
	uint64_t cases, seed, seconds;
	const char *kind;
};

static bool take_options(int argc, char **argv, struct gate *g,
			 struct request *q)
{
	int c;

	while ((c = getopt(argc, argv, "n:s:k:o:t:vF")) != -1) {
		switch (c) {
		case 'n':
			if (!number(optarg, &q->cases))
				return false;
			break;
		case 's':
			if (!number(optarg, &q->seed))
				return false;
			break;
		case 't':
			if (!number(optarg, &q->seconds))
				return false;
			break;
		case 'F':
			g->first = true;
			break;
		case 'v':
			g->list = true;
			break;
		case 'k':
			q->kind = optarg;
			break;
		case 'o':
			g->folder = optarg;
			break;
		default:
			return false;
		}
	}
	return argc - optind >= 2;
}

int main(int argc, char **argv)
{
	struct gate g = { .folder = "build/parity", .seconds = 300 };
	struct request q = { .seed = 1 };
	struct totals t = { 0 };
	bool known = false;
	unsigned int i;
	int file, bad = 0;

	if (!take_options(argc, argv, &g, &q))
		return usage();
	if (!model_open(&g.a, argv[optind]) ||
	    !model_open(&g.b, argv[optind + 1]))
		return 2;
	if (memcmp(&g.a.board, &g.b.board, sizeof(g.a.board))) {
		fprintf(stderr, "parity: the boards differ: %s, %s\n",
			g.a.board.name, g.b.board.name);
		return 2;
	}
	file = optind + 2;
	for (i = (unsigned int)file; i < (unsigned int)argc; i++)
		if (replay(&g, argv[i], &t, argc - file == 1 && !q.cases) == 2)
			bad = 2;
	for (i = 0; i < kind_count; i++) {
		if (q.kind && strcmp(q.kind, kinds[i].name))
			continue;
		known = true;
		if (q.cases && !(g.first && t.failed))
			campaign(&g, &kinds[i], q.seed, q.cases, q.seconds, &t);
	}
	if (!known) {
		fprintf(stderr, "parity: no kind is called %s\n", q.kind);
		return usage();
	}
	printf("%lu passed, %lu failed\n", t.passed, t.failed);
	return bad ? bad : t.failed ? 1 : 0;
}
