/* SPDX-License-Identifier: MIT */
/*
 * The matrix product as a kernel: C = epilogue(A . B), also of many matrices
 * in turn. A kernel fills in a gemm_job and calls gemm_main().
 *
 *	gemm_plan.h	how the product is cut, and dealt out to tiles
 *	gemm_walk.h	the order of its pieces
 *	gemm_side.h	an operand's blocks; gemm_ring.h: slots for them
 *	gemm_load.h	loads; gemm_split.h: of fp32, made bf16 by gemm_terms.h
 *	gemm_sweep.h	products, drains, stores
 *	gemm_epilogue.h	what a drain does to the sums
 *
 * Scratchpad banks are dealt out so that units do not meet: A blocks, B blocks
 * and results have banks of their own.
 */
#ifndef GEMM_CORE_H
#define GEMM_CORE_H

#include <ashlar/kernel.h>

#include "gemm_job.h"
#include "gemm_load.h"
#include "gemm_split.h"
#include "gemm_sweep.h"

/* Columns of fp32 and residuals that an epilogue may need, from offset on. */
static void gemm_layout_extras(struct gemm *g, uint32_t offset, uint32_t end)
{
	uint32_t lines = g->plan.group * g->a.array * g->a.array;
	struct gemm_ring *r = &g->residuals;
	int i;

	if (gemm_epilogue_temp(&g->out)) {
		for (i = 0; i < 2; i++) {
			g->out.temp[i] = offset;
			offset += 4 * lines;
		}
	}
	if (g->job->residual) {
		gemm_ring_init(r);
		r->offset = offset;
		r->slot_bytes = lines * ash_format_bytes(g->out.residual);
		r->slots = 2;
		offset += r->slots * r->slot_bytes;
	}
	ASH_ASSERT(offset <= end);
}

/*
 * Deal out the banks. Of eight: four for A, three for B, one for results and
 * vector rows. With residuals, temporary columns or stages one more of these,
 * one less of A and B each.
 */
static inline void gemm_layout(struct gemm *g, const struct gemm_job *job)
{
	bool split = GEMM_FULL && job->split;
	bool extras = GEMM_FULL &&
		      (job->residual || gemm_epilogue_temp(&g->out));
	uint32_t bank = ash_spad_bytes() / ash_spad_banks();
	uint32_t banks = ash_spad_banks();
	uint32_t a_banks = banks / 2 - split;
	uint32_t b_banks = banks - 1 - split - extras - a_banks;
	uint32_t line = 4 * g->a.array;
	uint32_t k = job->k, chunk = 0, chunks = 0;
	struct gemm_ring *vec = &g->vec;

	if (GEMM_FULL && job->images) {
		const struct gemm_images *im = job->images;

		chunk = im->chunk_rows * im->chunk_cols;
		chunks = im->images * gemm_div_up(im->height, im->chunk_rows) *
			 gemm_div_up(im->width, im->chunk_cols);
	} else if (split) {
		chunk = gemm_min(k, GEMM_SPLIT_CHUNK);
		chunks = gemm_div_up(k, chunk);
	}
	g->a.ring.offset = 0;
	g->b.ring.offset = a_banks * bank;
	gemm_cut(&g->plan, &g->a, &g->b, a_banks * bank, b_banks * bank, k,
		 split ? 3 : 1, chunk, chunks);
	g->k_last = k - (g->plan.chunks - 1) * g->plan.chunk;
	if (split)
		gemm_split_layout(g, (a_banks + b_banks) * bank, bank);
	if (extras)
		gemm_layout_extras(g, (banks - 2) * bank, (banks - 1) * bank);

	/* The bias rows of a panel, then its scale rows. */
	gemm_ring_init(vec);
	vec->offset = (banks - 1) * bank;
	g->scale_gap = g->plan.panel * line;
	vec->slot_bytes = 2 * g->scale_gap;
	vec->slots = 2;
	g->stage_offset = vec->offset;
	if (g->bias || g->scale)
		g->stage_offset += vec->slots * vec->slot_bytes;
	g->stage_end = banks * bank;
}

/*
 * Results and what they are made in. Columns of short rows are stored side by
 * side, so that a run is at least what the DMA moves in a cycle.
 */
static inline void gemm_begin_results(struct gemm *g)
{
	struct gemm_epilogue *out = &g->out;
	uint32_t i;

	gemm_epilogue_init(out);
	out->scale_gap = g->scale_gap;
	g->join = 1;
	while (out->out_pitch < 64 && g->join < g->plan.panel) {
		out->out_pitch *= 2;
		g->join *= 2;
	}
	g->stage_bytes = g->plan.group * g->a.array * out->out_pitch;
	g->stages = (g->stage_end - g->stage_offset) / g->stage_bytes;
	ASH_ASSERT(g->stages > 0);
	g->stage_end = g->stage_offset + g->stages * g->stage_bytes;
	g->stage = g->stage_offset;
	g->set = g->sets;
	g->sets_end = &g->sets[g->plan.sets];
	for (i = 0; i < g->plan.sets; i++) {
		uint32_t acc = i * g->plan.group;

		g->sets[i].cfg = ASH_FIELD(MATRIX, CFG_ACC, acc);
		g->sets[i].acc = acc * g->a.array;
		g->sets[i].drained = 0;
	}
	gemm_epilogue_registers(out, !gemm_splits(g));
	ash_dma_shape(ASH_STORE, 0, 0, (int32_t)out->out_pitch,
		      (int32_t)g->c_stride);
}

/*
 * This tile's part of a job. What g->out is has been set, the rest of g is
 * made here.
 */
static inline void gemm_main(struct gemm *g, const struct gemm_job *job)
{
	const uint32_t array = ash_array();
	uint32_t m_blocks = gemm_div_up(job->m, array);
	uint32_t n_blocks = gemm_div_up(job->n, array);
	const struct gemm_batch *batch = GEMM_FULL ? job->batch : NULL;
	uint64_t row, col;

	/* A plain product's job need not be memory. */
	if (GEMM_FULL)
		g->job = job;
	g->plan.batches = 1;
	/* 64 bytes a cycle; 4 k a cycle of int8, 1 of 16 bits, 1/6 of fp32. */
	if (batch)
		gemm_split_batches(&g->plan,
				   batch->count[0] * batch->count[1] *
					   batch->count[2] * batch->count[3],
				   m_blocks, n_blocks, 2 / job->bytes);
	else
		gemm_split(&g->plan, m_blocks, n_blocks, ash_count(),
			   ash_index());
	if (!g->plan.batches || !g->plan.m_blocks || !g->plan.n_blocks)
		return; /* more tiles than blocks */

	row = (uint64_t)(g->plan.m_first * array);
	col = (uint64_t)(g->plan.n_first * array);
	gemm_side_init(&g->a, job->a, job->a_stride, job->a_rows, array,
		       job->bytes, g->plan.m_first, job->m);
	gemm_side_init(&g->b, job->b, job->b_stride, job->b_rows, array,
		       job->bytes, g->plan.n_first, job->n);
	g->bias = 0;
	if (job->bias)
		g->bias = job->bias + col * (GEMM_FULL ? job->bias_step : 4);
	g->scale = 0;
	if (job->scale)
		g->scale = job->scale + col * (GEMM_FULL ? job->scale_step : 4);
	gemm_layout(g, job);

	g->steps_loaded = 0;
	g->steps_used = 0;
	gemm_walk_begin(&g->plan, &g->next);
	if (GEMM_FULL) {
		g->residual = job->residual + row * job->residual_stride +
			      col * ash_format_bytes(g->out.residual);
		if (job->images) {
			g->b_image = job->images->b;
			g->a.image = &job->images->a;
			g->b.image = &g->b_image;
		}
		if (batch)
			gemm_place_begin(batch, g->plan.batch_first,
					 &g->next_place);
		gemm_load_batch(g);
	}
	gemm_load_sweep(g);
	/* As soon as can be; what loads do not need comes behind it. */
	gemm_load_step(g);

	g->c_bytes = ash_format_bytes(g->out.out);
	g->c_stride = job->c_stride;
	g->c = job->c + row * job->c_stride + col * g->c_bytes;
	ash_matmul_shape(g->a.pitch, g->b.pitch, gemm_chunk_k(g, 0));
	ash_matmul_tiles(1, (int32_t)g->a.block_bytes, 0);
	gemm_begin_results(g);
	gemm_run(g, ash_matmul_cfg(job->type, g->a.form, g->b.form));
}

#endif
