/* SPDX-License-Identifier: MIT */
/*
 * Pooling of a patch. For each row of results, lines of the window's rows are
 * reduced, which gives a line for each column; those beyond the image hold what
 * changes nothing; and then lines of the window's columns.
 */
#include "pool.h"

/* Columns of a row of the image. */
static void forward_columns(const struct pool *p,
			    const struct pool_patch *patch,
			    struct pool_range rows, uint32_t reduce,
			    uint32_t to)
{
	uint32_t lines = patch->in[1].count * patch->lines;

	ash_vector_shape(ASH_VEC(p->args->x.format, ASH_FMT_NONE), 0,
			 lines * p->x);
	ash_vector_groups(lines, 0, p->x, 0);
	ash_vector_function(reduce, to);
	ash_vector_at(0,
		      pool_slot(p, p->taken) +
			      (rows.first - patch->in[0].first) * lines * p->x,
		      rows.count);
}

/*
 * Windows of a row. An operation takes one line of all, or, of few windows, all
 * lines of one; the latter puts them where they belong.
 */
static struct pool_at forward_windows(const struct pool *p,
				      const struct pool_patch *patch,
				      uint32_t wide, uint32_t reduce,
				      uint32_t to)
{
	const uint32_t line = p->line, pixel = patch->lines * line;
	const uint32_t hop = p->args->stride[1] * pixel;
	uint32_t count = patch->block[1].count;
	uint32_t columns = (uint32_t)p->at.work[0];
	bool whole = count < patch->lines;
	uint32_t groups = whole ? patch->lines : count;
	uint32_t steps = whole ? count : patch->lines, i;

	ash_vector_shape(ASH_VEC(wide, ASH_FMT_NONE), 0, pixel);
	ash_vector_groups(groups, 0, whole ? line : hop, 0);
	for (i = 0; i < steps; i++) {
		ash_vector_function(reduce, to + i * groups * line);
		ash_vector_at(0, columns + i * (whole ? hop : line),
			      p->args->kernel[1]);
	}
	if (whole)
		return (struct pool_at){ to, pixel, line };
	return (struct pool_at){ to, line, count * line };
}

static void forward_row(struct pool *p, const struct pool_patch *patch,
			uint32_t row)
{
	const struct norm_pool_args *args = p->args;
	uint32_t reduce =
		ASH_VEC_TO_LANES(args->average ? ASH_SUM : ASH_GREATEST);
	uint32_t wide = p->integer ? ASH_FMT_I32 : ASH_FMT_F32;
	uint32_t cfg = ASH_VEC(wide, args->y.format);
	uint32_t count = patch->block[1].count;
	struct pool_range rows = pool_rows(p, patch->block[0].first + row);
	int32_t left = (int32_t)(patch->block[1].first * args->stride[1]) -
		       (int32_t)args->pad[1];
	const struct pool_at to = { pool_out(p, p->taken) +
					    row * count * patch->lines * p->y,
				    patch->lines * p->y, p->y };
	bool direct = !args->average && args->y.format == wide &&
		      (patch->lines == 1 || count < patch->lines);
	struct pool_at windows;

	forward_columns(p, patch, rows, reduce,
			(uint32_t)p->at.work[0] +
				(uint32_t)((int32_t)patch->in[1].first - left) *
					patch->lines * p->line);
	windows = forward_windows(p, patch, wide, reduce,
				  direct ? to.offset : (uint32_t)p->at.work[1]);
	if (direct)
		return;
	if (args->average) {
		pool_factors(p, patch, rows.count);
		cfg |= ASH_VEC_SCALE_WORDS;
	}
	pool_op1(cfg, count, patch->lines, to, windows);
}

/* Columns beyond the image change nothing. */
static void forward_edges(const struct pool *p, const struct pool_patch *patch)
{
	const struct norm_pool_args *args = p->args;
	uint32_t columns = (uint32_t)p->at.work[0];
	uint32_t lines = patch->lines;
	int32_t left = (int32_t)(patch->block[1].first * args->stride[1]) -
		       (int32_t)args->pad[1];
	uint32_t wide =
		(patch->block[1].count - 1) * args->stride[1] + args->kernel[1];
	uint32_t before = (uint32_t)((int32_t)patch->in[1].first - left);
	uint32_t behind = before + patch->in[1].count;
	/* -0, the least int32, -infinity */
	uint32_t bits = args->average || p->integer ? 0x80000000u : 0xff800000u;

	pool_fill(p, columns, before * lines, 1, 0, bits);
	pool_fill(p, columns + behind * lines * p->line,
		  (wide - behind) * lines, 1, 0, bits);
}

void pool_forward(struct pool *p, const struct pool_patch *patch)
{
	uint32_t row;

	forward_edges(p, patch);
	for (row = 0; row < patch->block[0].count; row++)
		forward_row(p, patch, row);
}
