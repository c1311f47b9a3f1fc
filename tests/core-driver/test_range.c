// SPDX-License-Identifier: MIT
/* The range allocator: edges, and random use against a map of bytes. */
#include <stdbool.h>
#include <string.h>

#include "ashlar_range.h"
#include "counted.h"

static void refuses_bad_ranges(void **state)
{
	struct ashlar_range r;

	(void)state;
	assert_int_equal(ashlar_range_init(&r, 0, 0), -EINVAL);
	assert_int_equal(ashlar_range_init(&r, UINT64_MAX - 10, 12), -EINVAL);
	assert_int_equal(ashlar_range_init(&r, UINT64_MAX - 10, 10), 0);
}

static void refuses_bad_requests(void **state)
{
	struct ashlar_node n = { 0 };
	struct ashlar_range r;

	(void)state;
	ashlar_range_init(&r, 4096, 65536);
	assert_int_equal(ashlar_range_alloc(&r, &n, 0, 1), -EINVAL);
	assert_int_equal(ashlar_range_alloc(&r, &n, 1, 0), -EINVAL);
	assert_int_equal(ashlar_range_alloc(&r, &n, 1, 3), -EINVAL);
	assert_int_equal(ashlar_range_alloc(&r, &n, 1, 1), 0);
	/* A node that is in use must not be lost. */
	assert_int_equal(ashlar_range_alloc(&r, &n, 1, 1), -EINVAL);
}

static void survives_overflow(void **state)
{
	struct ashlar_node n = { 0 }, m = { 0 };
	struct ashlar_range r;

	(void)state;
	ashlar_range_init(&r, UINT64_MAX - 65536, 65536);
	assert_int_equal(ashlar_range_alloc(&r, &n, UINT64_MAX, 1), -ENOSPC);
	assert_int_equal(ashlar_range_alloc(&r, &n, 1, 1ull << 63), -ENOSPC);
	assert_int_equal(ashlar_range_alloc(&r, &n, 65537, 1), -ENOSPC);
	assert_int_equal(ashlar_range_alloc(&r, &n, 65536, 1), 0);
	assert_int_equal(ashlar_range_alloc(&r, &m, 1, 1), -ENOSPC);
	assert_int_equal(ashlar_range_left(&r), 0);
	ashlar_range_free(&r, &n);
	assert_int_equal(ashlar_range_left(&r), 65536);
	ashlar_range_free(&r, &n);
	assert_int_equal(ashlar_range_left(&r), 65536);
}

static void takes_the_first_hole(void **state)
{
	struct ashlar_node a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 };
	struct ashlar_range r;

	(void)state;
	ashlar_range_init(&r, 0x1000, 0x10000);
	assert_int_equal(ashlar_range_alloc(&r, &a, 0x1000, 0x1000), 0);
	assert_int_equal(ashlar_range_alloc(&r, &b, 0x2000, 0x1000), 0);
	assert_int_equal(ashlar_range_alloc(&r, &c, 0x1000, 0x4000), 0);
	assert_int_equal(a.start, 0x1000);
	assert_int_equal(b.start, 0x2000);
	assert_int_equal(c.start, 0x4000);
	ashlar_range_free(&r, &b);
	assert_int_equal(ashlar_range_alloc(&r, &d, 0x3000, 0x1000), 0);
	assert_int_equal(d.start, 0x5000);
	assert_int_equal(ashlar_range_alloc(&r, &b, 0x2000, 0x1000), 0);
	assert_int_equal(b.start, 0x2000);
}

#define BYTES 1024
#define NODES 64

/* First fit over a map of bytes: where an allocation must go. */
static uint64_t oracle(const uint8_t *map, uint64_t bytes, uint64_t align)
{
	for (uint64_t at = 0; at + bytes <= BYTES; at += align)
		if (!memchr(map + at, 1, bytes))
			return at;
	return UINT64_MAX;
}

static void agrees_with_a_map(void **state)
{
	uint64_t seed = 0x1234567;

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct ashlar_node nodes[NODES] = { 0 };
		uint8_t map[BYTES] = { 0 };
		struct ashlar_range r;

		ashlar_range_init(&r, 0, BYTES);
		for (int step = 0; step < 500; step++) {
			struct ashlar_node *n = &nodes[rnd(&seed) % NODES];
			uint64_t bytes = 1 + rnd(&seed) % 60;
			uint64_t align = 1ull << rnd(&seed) % 7;
			uint64_t at = oracle(map, bytes, align);
			uint64_t used = 0;

			if (n->bytes) {
				memset(map + n->start, 0, n->bytes);
				ashlar_range_free(&r, n);
			} else if (at == UINT64_MAX) {
				assert_int_equal(
					ashlar_range_alloc(&r, n, bytes, align),
					-ENOSPC);
			} else {
				assert_int_equal(
					ashlar_range_alloc(&r, n, bytes, align),
					0);
				assert_int_equal(n->start, at);
				memset(map + at, 1, bytes);
			}
			for (int i = 0; i < BYTES; i++)
				used += map[i];
			assert_int_equal(ashlar_range_left(&r), BYTES - used);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_bad_ranges),
		cmocka_unit_test(refuses_bad_requests),
		cmocka_unit_test(survives_overflow),
		cmocka_unit_test(takes_the_first_hole),
		cmocka_unit_test(agrees_with_a_map),
	};

	return RUN_COUNTED(tests);
}
