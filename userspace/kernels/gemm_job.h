/* SPDX-License-Identifier: MIT */
/* A matrix product: what is to be computed, and where the kernel is with it. */
#ifndef GEMM_JOB_H
#define GEMM_JOB_H

#include <ashlar/kernel.h>

#include "gemm_epilogue.h"
#include "gemm_plan.h"
#include "gemm_ring.h"
#include "gemm_side.h"
#include "gemm_walk.h"

/*
 * An operand pair whose k runs over pixels. The image of B begins tap_step
 * further for each step in the last two dimensions of the batch.
 */
struct gemm_images {
	struct gemm_image a, b;
	uint32_t images, height, width; /* the pixels that k counts */
	uint32_t chunk_rows, chunk_cols; /* of a chunk, at most */
	uint32_t tap_step[2];
};

/* What is to be computed. Strides in bytes. */
struct gemm_job {
	uint32_t m, n, k;
	enum ash_type type;
	uint32_t bytes; /* of an element of A and B */
	bool a_rows, b_rows; /* stored rows run along k */
	uint64_t a, b, c;
	uint32_t a_stride, b_stride, c_stride; /* from stored row to row */
	uint64_t bias, scale; /* 0: none */
	/* Only with GEMM_FULL; zero otherwise. */
	uint32_t bias_step, scale_step; /* 4, or 0: one for all columns */
	uint64_t residual;
	uint32_t residual_stride;
	bool split; /* fp32: type is ASH_BF16, bytes 4 */
	bool zero; /* A and B are zero whatever memory holds; k is 1 */
	const struct gemm_batch *batch; /* NULL: one */
	const struct gemm_images *images; /* NULL: k is one range */
};

/*
 * Steps (gemm_load.h) whose loads may be under way, a power of two. More are
 * loaded while half of them or fewer are.
 */
#define GEMM_AHEAD 8u

/* Bytes of a group that is computed with sooner than the core issues loads. */
#define GEMM_SHORT_GROUP 16384u

/* When the operands of a step are there. */
struct gemm_step {
	ash_token loaded;
	ash_token split; /* vector; with job->split */
};

/* fp32 blocks wait here to be split into slots (gemm_split.h). */
#define GEMM_STAGES_MAX 4u

struct gemm_staged {
	const struct gemm_side *side;
	uint32_t from, to; /* offsets */
	uint32_t k;
	ash_token arrived; /* load */
	ash_token free; /* matrix: `to` may be written */
};

/* Accumulators of a column. */
struct gemm_set {
	uint32_t cfg; /* the first one, as in the matrix unit's word */
	uint32_t acc; /* its first row */
	ash_token drained; /* vector */
};

struct gemm {
	const struct gemm_job *job;
	struct gemm_plan plan;
	struct gemm_side a, b;
	uint32_t k_last; /* elements of the last chunk */
	/* Loads. */
	struct gemm_walk next; /* where they are */
	struct gemm_place next_place; /* only with batches */
	bool load_a, load_b, load_vec, load_residual; /* what its sweep needs */
	uint32_t steps_loaded, steps_used;
	struct gemm_step step[GEMM_AHEAD];
	ash_token first_a; /* the load before those of the first A blocks */
	/* Bias and scale rows: global, 0 for none; a slot is a panel's. */
	uint64_t bias, scale;
	struct gemm_ring vec;
	uint32_t scale_gap; /* from bias rows to scale rows */
	/* Results. */
	uint64_t c; /* first element of this tile's part */
	uint32_t c_stride, c_bytes;
	uint32_t join; /* columns side by side in a stage; a power of two */
	uint32_t stage_offset, stage_end, stage_bytes, stages;
	uint32_t stage; /* offset of the next one */
	struct gemm_set sets[GEMM_SETS_MAX];
	struct gemm_set *set, *sets_end; /* of the next column */
	struct gemm_epilogue out;
	/* Only with GEMM_FULL. */
	uint64_t residual; /* first element of this tile's part */
	struct gemm_ring residuals; /* a slot is a column's */
	struct gemm_image b_image;
	struct gemm_ring staging;
	struct gemm_staged staged[GEMM_STAGES_MAX];
	uint32_t staged_count; /* blocks that are not split yet */
};

/* The pixels of a chunk of k. */
static inline struct gemm_pixels gemm_chunk_pixels(const struct gemm_images *im,
						   uint32_t chunk)
{
	uint32_t across = gemm_div_up(im->width, im->chunk_cols);
	uint32_t each = across * gemm_div_up(im->height, im->chunk_rows);
	struct gemm_pixels p;
	uint32_t in;

	p.image = chunk / each;
	in = chunk - p.image * each;
	p.y = in / across * im->chunk_rows;
	p.x = in % across * im->chunk_cols;
	p.rows = gemm_min(im->chunk_rows, im->height - p.y);
	p.cols = gemm_min(im->chunk_cols, im->width - p.x);
	return p;
}

/* Elements of a chunk of k. */
static inline uint32_t gemm_chunk_k(const struct gemm *g, uint32_t chunk)
{
	if (GEMM_FULL && g->job->images) {
		struct gemm_pixels p = gemm_chunk_pixels(g->job->images, chunk);

		return p.rows * p.cols;
	}
	return chunk + 1 == g->plan.chunks ? g->k_last : g->plan.chunk;
}

/* Whether operands are split. */
static inline bool gemm_splits(const struct gemm *g)
{
	return GEMM_FULL && g->job->split;
}

#endif
