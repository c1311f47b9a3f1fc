// SPDX-License-Identifier: MIT
/* Chooses the implementation for this processor, once. */
#include <stdatomic.h>
#include <stdbool.h>

#ifdef __x86_64__
#include <cpuid.h>
#endif

#include "units_impl.h"

#ifdef __x86_64__
static bool has_avx2(void)
{
	unsigned int a, b, c, d;

	__builtin_cpu_init();
	/* not all compilers know the name of F16C */
	return __builtin_cpu_supports("avx2") &&
	       __builtin_cpu_supports("fma") &&
	       __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
}
#endif

const struct fast_units *fast_units_usable(size_t i)
{
	const struct fast_units *list[] = {
#ifdef __x86_64__
		has_avx2() ? &fast_units_avx2 : &fast_units_portable,
		has_avx2() ? &fast_units_portable : NULL,
#else
		&fast_units_portable,
#endif
	};

	return i < sizeof(list) / sizeof(list[0]) ? list[i] : NULL;
}

static const struct fast_units *best(void)
{
	static _Atomic(const struct fast_units *) chosen;
	const struct fast_units *u =
		atomic_load_explicit(&chosen, memory_order_relaxed);

	/* Threads that meet here come to the same answer. */
	if (!u) {
		u = fast_units_usable(0);
		atomic_store_explicit(&chosen, u, memory_order_relaxed);
	}
	return u;
}

void fast_units_matrix(const struct fast_units *u, struct ash_tile *t,
		       const struct ash_matrix_cmd *c)
{
	uint32_t tile, part;

	for (tile = 0; tile < c->tiles; tile++) {
		for (part = 0; part < c->parts; part++) {
			const struct ash_matrix_cmd p =
				ash_matrix_product(c, tile, part);

			u->matrix(t, &p);
		}
	}
}

void fast_matrix_run(struct ash_tile *t, const struct ash_matrix_cmd *c)
{
	fast_units_matrix(best(), t, c);
}

void fast_vector_run_part(struct ash_tile *t, const struct fast_vector_part *p)
{
	best()->vector(t, p);
}

void fast_vector_run(struct ash_tile *t, const struct ash_vector_cmd *c)
{
	struct fast_vector_kept kept;
	const struct fast_vector_part all = { c, 0, c->groups, &kept };

	best()->vector(t, &all);
}

const char *fast_units_name(void)
{
	return best()->name;
}
