/* SPDX-License-Identifier: MIT */
#include "lockstep.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "curve.h"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Read NAME:STEPS of a follower. */
static int add_follower(struct lockstep *l, const char *text)
{
	const char *colon = strrchr(text, ':');
	char *end = NULL;
	unsigned long steps = 0;
	struct follower *f;

	errno = 0;
	if (colon)
		steps = strtoul(colon + 1, &end, 10);
	if (!colon || colon == text || errno || end == colon + 1 || *end ||
	    steps < 1 || steps > UINT32_MAX) {
		fprintf(stderr, "\"%s\" is not NAME:STEPS, such as %s:10\n",
			text, MACHINE_REFERENCE);
		return -1;
	}
	if (l->followers == FOLLOWERS_MAX) {
		fprintf(stderr, "\"%s\": at most %u machines to compare with\n",
			text, FOLLOWERS_MAX);
		return -1;
	}
	f = &l->follower[l->followers];
	f->name = strndup(text, (size_t)(colon - text));
	f->steps = (uint32_t)steps;
	if (!f->name)
		return -1;
	l->followers++;
	return 0;
}

const char *lockstep_options(struct lockstep *l, int argc, char **argv,
			     const char *what)
{
	static const struct option options[] = {
		{ "compare", required_argument, NULL, 'c' },
		{ "curve", required_argument, NULL, 'o' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'o')
			l->curve = optarg;
		else if (option != 'c' || add_follower(l, optarg))
			goto usage;
	}
	if (optind + 1 == argc)
		return argv[optind];
usage:
	fprintf(stderr,
		"usage: %s [--compare NAME:STEPS]... [--curve FILE.svg] %s\n"
		"NAME is a device, or \"" MACHINE_REFERENCE "\"\n",
		argv[0], what);
	return NULL;
}

static int begin(const struct subject *s, struct machine *m, void **of,
		 const char *name, uint32_t lanes)
{
	*of = calloc(1, s->state_bytes);
	if (!*of) {
		fprintf(stderr, "no memory for a network\n");
		return -1;
	}
	if (machine_open(m, name, lanes, s->bytes) ||
	    s->init(*of, m, s->context))
		return -1;
	return machine_finish(m);
}

/* After `when`: the follower holds what the first machine does. */
static int compare(const struct lockstep *l, const struct follower *f,
		   const char *when)
{
	uint64_t at = machine_differ(&l->machine, &f->machine);

	if (at == UINT64_MAX)
		return 0;
	fprintf(stderr, "%s and %s differ %s, first in byte %llu of %llu\n",
		l->machine.name, f->machine.name, when, (unsigned long long)at,
		(unsigned long long)l->machine.used);
	return -1;
}

int lockstep_open(struct lockstep *l, const struct subject *subject,
		  const char *device)
{
	uint32_t i;

	l->subject = subject;
	l->loss = calloc(subject->steps, sizeof(*l->loss));
	if (!l->loss)
		return -1;
	if (begin(subject, &l->machine, &l->of, device, 0))
		return -1;
	for (i = 0; i < l->followers; i++) {
		struct follower *f = &l->follower[i];
		double start = now();

		if (begin(subject, &f->machine, &f->of, f->name,
			  l->machine.lanes) ||
		    compare(l, f, "before the first step"))
			return -1;
		f->seconds = now() - start;
	}
	return 0;
}

static int step_on(const struct subject *s, struct machine *m, void *of,
		   uint32_t step, double *seconds)
{
	double start = now();

	s->feed(of, step, s->context);
	if (s->step(of, step, s->context) || machine_finish(m))
		return -1;
	*seconds += now() - start;
	return 0;
}

int lockstep_step(struct lockstep *l)
{
	char when[32];
	uint32_t i;

	if (step_on(l->subject, &l->machine, l->of, l->done, &l->seconds))
		return -1;
	snprintf(when, sizeof(when), "after step %u", l->done + 1);
	for (i = 0; i < l->followers; i++) {
		struct follower *f = &l->follower[i];

		if (l->done < f->steps &&
		    (step_on(l->subject, &f->machine, f->of, l->done,
			     &f->seconds) ||
		     compare(l, f, when)))
			return -1;
	}
	l->loss[l->done] = l->subject->loss(l->of);
	if (!isfinite(l->loss[l->done])) {
		fprintf(stderr, "the loss of step %u is %g\n", l->done + 1,
			(double)l->loss[l->done]);
		return -1;
	}
	l->done++;
	return 0;
}

int lockstep_report(const struct lockstep *l, const char *title)
{
	const struct curve c = { "training loss", l->loss, l->done, 1 };
	uint32_t i;

	printf("%u steps, %llu operations, %.1f ms a step\n", l->done,
	       (unsigned long long)l->machine.ops, 1e3 * l->seconds / l->done);
	for (i = 0; i < l->followers; i++) {
		const struct follower *f = &l->follower[i];
		uint32_t steps = f->steps < l->done ? f->steps : l->done;

		printf("%s: the same bytes after each of the first %u steps (%.1f s)\n",
		       f->machine.name, steps, f->seconds);
	}
	if (!l->curve)
		return 0;
	if (curve_write(l->curve, title, "cross entropy", &c, 1)) {
		fprintf(stderr, "%s: %s\n", l->curve, strerror(errno));
		return -1;
	}
	printf("loss curve: %s\n", l->curve);
	return 0;
}

void lockstep_close(struct lockstep *l)
{
	uint32_t i;

	for (i = 0; i < l->followers; i++) {
		free((char *)l->follower[i].name);
		free(l->follower[i].of);
		machine_close(&l->follower[i].machine);
	}
	free(l->of);
	free(l->loss);
	machine_close(&l->machine);
}

uint32_t lockstep_random(uint64_t *state, uint32_t below)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	/* splitmix64 */
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	return (uint32_t)(((z >> 32) * below) >> 32);
}

float lockstep_rate(float most, uint32_t step, uint32_t steps, uint32_t warm)
{
	float rise = step < warm ? (float)(step + 1) / (float)warm : 1;

	return most * rise * ((float)(steps - step) / (float)steps);
}
