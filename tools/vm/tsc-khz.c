// SPDX-License-Identifier: MIT
/*
 * The rate of this machine's time stamp counter, in kHz, which is the guests' own
 * without KVM. A guest that measures it while others want the processor, too,
 * may be wrong by any factor, and then all its limits are.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

struct moment {
	int64_t ns;
	uint64_t ticks;
};

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* Both at once: of some tries the one that took the shortest. */
static struct moment moment(void)
{
	struct moment best = { 0 };
	int64_t shortest = INT64_MAX;

	for (int i = 0; i < 20; i++) {
		int64_t start = now();
		uint64_t ticks = __rdtsc();
		int64_t took = now() - start;

		if (took < shortest) {
			shortest = took;
			best = (struct moment){ start + took / 2, ticks };
		}
	}
	return best;
}

int main(void)
{
	const struct timespec while_waiting = { .tv_nsec = 50000000 };
	struct moment a = moment(), b;

	nanosleep(&while_waiting, NULL);
	b = moment();
	printf("%.0f\n",
	       (double)(b.ticks - a.ticks) * 1e6 / (double)(b.ns - a.ns));
	return 0;
}
