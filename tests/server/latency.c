// SPDX-License-Identifier: MIT
/*
 * latency SERVER MODEL: round trips of register reads through a client, on a
 * board at rest, and processor time of the server at rest.
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "counted.h"
#include "run_server.h"

#define READS	20000
#define SECONDS 3

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static double took[READS];
	struct server s;
	struct client c;
	uint64_t cpu;

	server_arguments(argc, argv);
	server_start_fake(&s);
	client_open(&c, server_socket);
	enable(&c);
	for (int i = 0; i < READS; i++) {
		double begin = now();

		read32(&c, 0);
		took[i] = now() - begin;
	}
	qsort(took, READS, sizeof(took[0]), by_value);
	printf("register read, round trip: median %.1f us, 99%% %.1f us, longest %.1f us\n",
	       1e6 * took[READS / 2], 1e6 * took[READS * 99 / 100],
	       1e6 * took[READS - 1]);
	usleep(100000);
	cpu = server_cpu_ns(&s);
	sleep(SECONDS);
	printf("at rest: %.1f ms of processor time in %d s\n",
	       1e-6 * (double)(server_cpu_ns(&s) - cpu), SECONDS);
	client_close(&c);
	server_stop(&s);
	return 0;
}
