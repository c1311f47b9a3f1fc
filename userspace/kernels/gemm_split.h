/* SPDX-License-Identifier: MIT */
/*
 * fp32 operands: blocks are loaded to a ring of stages; from there the vector
 * unit splits each into three of bf16, its terms, which lie one behind the other
 * in the slot. A product is then six products of terms.
 *
 * What a step loads is split when the loads of the next one are started, so
 * that the vector unit does not wait for memory.
 */
#ifndef GEMM_SPLIT_H
#define GEMM_SPLIT_H

#include "gemm_job.h"
#include "gemm_terms.h"

/* Elements of k in a chunk of split operands. */
#define GEMM_SPLIT_CHUNK 128u

/* Stages in what of the room at offset is left. */
static inline void gemm_split_layout(struct gemm *g, uint32_t offset,
				     uint32_t room)
{
	struct gemm_ring *r = &g->staging;
	uint32_t a = 2 * g->a.term_bytes, b = 2 * g->b.term_bytes;

	gemm_ring_init(r);
	r->offset = offset;
	r->slot_bytes = a > b ? a : b;
	r->slots = gemm_min(room / r->slot_bytes, GEMM_STAGES_MAX);
	g->staged_count = 0;
	ASH_ASSERT(r->slots > 0);
}

/* Split the oldest staged block into the terms in its slot. */
static void gemm_split_block(struct gemm *g)
{
	const struct gemm_staged *st = &g->staged[g->staging.release_slot];
	const struct gemm_side *s = st->side;
	bool rows = s->form == ASH_ROWS;
	uint32_t groups = rows ? s->array : 1;
	uint32_t lines = rows ? gemm_div_up(st->k, s->array) : st->k;
	ash_token made;

	ash_after(ASH_VECTOR, ASH_LOAD, st->arrived);
	ash_after(ASH_VECTOR, ASH_MATRIX, st->free);
	made = gemm_terms(st->to, s->term_bytes, st->from, lines, groups,
			  s->pitch);
	gemm_ring_release(&g->staging, made);
	g->staged_count--;
}

/* Split what is staged, which is the last step's. */
static void gemm_split_step(struct gemm *g)
{
	if (!g->staged_count)
		return;
	while (g->staged_count)
		gemm_split_block(g);
	g->step[(g->steps_loaded - 1) % GEMM_AHEAD].split =
		ash_read(ASH_VECTOR + ASHLAR_VECTOR_ISSUED);
}

/*
 * A stage for a block of k elements that goes to offset `to` of a slot, when
 * the matrix unit's token is done. Returns the offset to load it to; the load
 * is the next one that is started.
 */
static uint32_t gemm_split_stage(struct gemm *g, const struct gemm_side *s,
				 uint32_t to, uint32_t k, ash_token free)
{
	struct gemm_ring *r = &g->staging;
	struct gemm_staged *st;

	if (!gemm_ring_room(r))
		gemm_split_block(g);
	ash_after(ASH_LOAD, ASH_VECTOR, gemm_ring_free(r));
	st = &g->staged[r->load_slot];
	st->side = s;
	st->from = gemm_ring_take(r);
	st->to = to;
	st->k = k;
	st->arrived = ash_read(ASH_LOAD + ASHLAR_LOAD_ISSUED) + 1;
	st->free = free;
	g->staged_count++;
	return st->from;
}

static inline ash_token gemm_split_part(const struct gemm *g, uint32_t cfg,
					uint32_t a, uint32_t b, uint32_t parts)
{
	ash_matmul_parts(parts, -(int32_t)g->a.term_bytes,
			 (int32_t)g->b.term_bytes);
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_A_ADDR,
		  a + (parts - 1) * g->a.term_bytes);
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_B_ADDR, b);
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_CFG, cfg);
	return ash_go(ASH_MATRIX);
}

/*
 * The products of split blocks at a and b, in the order lo.hi, mid.mid, hi.lo,
 * mid.hi, hi.mid, hi.hi. What else the operations say has been set. Returns the
 * last one's token.
 */
static inline ash_token gemm_split_multiply(const struct gemm *g, uint32_t cfg,
					    uint32_t a, uint32_t b)
{
	gemm_split_part(g, cfg, a, b, 3);
	cfg |= ASH_FIELD(MATRIX, CFG_ACCUMULATE, 1);
	gemm_split_part(g, cfg, a, b, 2);
	return gemm_split_part(g, cfg, a, b, 1);
}

#endif
