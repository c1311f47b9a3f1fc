/* SPDX-License-Identifier: MIT */
/*
 * What becomes of accumulators on their way out, by the vector unit. A column
 * is up to a few tiles of N x N, one below the other; its results lie in the
 * scratchpad as rows of N, tile after tile.
 *
 * One pass from the accumulators does bias, scale, residual, ReLU and
 * conversion. What does not fit into it takes passes of its own, through two
 * columns of fp32 in the scratchpad: a residual that is scaled or changes its
 * kind comes before it; GELU and SiLU are two passes behind it.
 *
 * A kernel that needs none of this defines GEMM_SIMPLE before it includes this
 * file: bias, scale and ReLU only, and registers that are set once.
 */
#ifndef GEMM_EPILOGUE_H
#define GEMM_EPILOGUE_H

#include <ashlar/kernel.h>

#ifdef GEMM_SIMPLE
#define GEMM_FULL 0
#else
#define GEMM_FULL 1
#endif

enum gemm_activation {
	GEMM_NONE = 0,
	GEMM_RELU = 1,
	GEMM_GELU = 2,
	GEMM_SILU = 3
};

struct gemm_epilogue {
	/* What it is, set by the kernel. */
	/* ASH_FMT_ACC_I32, ASH_FMT_ACC_F32; ASH_FMT_F32: in the scratchpad */
	enum ash_format sum;
	enum ash_format out;
	bool bias, scale, scale_imm; /* rows of them; scale_bits for all */
	uint32_t scale_bits;
	enum ash_format residual; /* ASH_FMT_NONE: none */
	bool residual_scaled; /* by residual_bits, which makes it fp32 */
	uint32_t residual_bits;
	enum gemm_activation activation;
	/* Made from it. */
	uint32_t array, out_pitch; /* N; bytes of a row of results */
	uint32_t cfg; /* the pass from the accumulators */
	uint32_t temp[2]; /* offsets of columns of fp32 */
	uint32_t scale_gap; /* from a bias row to the scale row; a line */
	bool fixed; /* gemm_epilogue_registers() was called, for all columns */
	ash_token vectors; /* last vector token given out */
};

/*
 * The rows that are drained next: kept in registers by who drains, as waits make
 * memory of the core dear.
 */
struct gemm_rows {
	uint32_t to, to_step; /* where a tile's results go; to the next tile */
	uint32_t add, add_step; /* the residual as it is added */
	bool residual;
};

#define GEMM_F32_ONE	   0x3f800000u
#define GEMM_F32_HALF	   0x3f000000u
#define GEMM_F32_MINUS_ONE 0xbf800000u
#define GEMM_F32_SQRT_HALF 0x3f3504f3u

/* Whether there are passes behind the first. */
static inline bool gemm_epilogue_late(const struct gemm_epilogue *e)
{
	return GEMM_FULL && e->activation >= GEMM_GELU;
}

/* Whether columns of fp32 are needed (temp). */
static inline bool gemm_epilogue_temp(const struct gemm_epilogue *e)
{
	return gemm_epilogue_late(e) || (GEMM_FULL && e->residual_scaled);
}

static inline void gemm_epilogue_init(struct gemm_epilogue *e)
{
	enum ash_format out = gemm_epilogue_late(e) ? ASH_FMT_F32 : e->out;
	uint32_t cfg = ASH_VEC(e->sum, out);

	e->array = ash_array();
	e->out_pitch = e->array * ash_format_bytes(e->out);
	e->vectors = 0;
	e->scale_gap = 4 * e->array;
	e->fixed = false;
	if (e->bias)
		cfg |= ASH_VEC_BIAS_ROW;
	if (e->scale)
		cfg |= ASH_VEC_SCALE_ROW;
	else if (e->scale_imm)
		cfg |= ASH_VEC_SCALE_IMM;
	if (GEMM_FULL && e->residual != ASH_FMT_NONE)
		cfg |= ASH_VEC_SRC2_ROWS(e->residual_scaled ? ASH_FMT_F32 :
							      e->residual,
					 ASH_ADD) |
		       ASH_VEC_LATE;
	if (e->activation == GEMM_RELU)
		cfg |= ASH_VEC_RELU;
	e->cfg = cfg;
}

/* What is the same for all columns. */
static inline void gemm_epilogue_column(const struct gemm_epilogue *e,
					uint32_t pitch, uint32_t add_pitch)
{
	ash_vector_shape(e->cfg, pitch,
			 e->sum == ASH_FMT_F32 ? 4 * e->array : 1);
	if (GEMM_FULL && e->residual != ASH_FMT_NONE)
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC2_PITCH, add_pitch);
	if (!e->scale)
		ash_vector_scale(e->scale_bits);
}

/*
 * Set it once, if one pass does all and nobody else uses the vector unit
 * (alone): gemm_epilogue_begin() then leaves it.
 */
static inline void gemm_epilogue_registers(struct gemm_epilogue *e, bool alone)
{
	e->fixed = !GEMM_FULL || (alone && !gemm_epilogue_temp(e));
	if (e->fixed)
		gemm_epilogue_column(
			e, e->out_pitch,
			GEMM_FULL ? e->array * ash_format_bytes(e->residual) :
				    0);
}

/*
 * Begin to drain a column of rows to offset `to`. vec: offset of its bias row,
 * e->scale_gap before its scale row; add: offset of its residual.
 */
static inline struct gemm_rows gemm_epilogue_begin(struct gemm_epilogue *e,
						   uint32_t to, uint32_t vec,
						   uint32_t add, uint32_t rows)
{
	uint32_t line = 4 * e->array;
	uint32_t pitch = e->out_pitch, add_pitch = 0;
	struct gemm_rows r = { .to = to };

	if (GEMM_FULL) {
		if (gemm_epilogue_late(e)) {
			r.to = e->temp[0];
			pitch = line;
		}
		if (e->residual != ASH_FMT_NONE) {
			r.residual = true;
			r.add = add;
			add_pitch = e->array * ash_format_bytes(e->residual);
			if (e->residual_scaled) {
				ash_vector_scale(e->residual_bits);
				ash_vector(ASH_VEC(e->residual, ASH_FMT_F32) |
						   ASH_VEC_SCALE_IMM,
					   e->temp[1], line, add, add_pitch,
					   rows);
				e->vectors++;
				r.add = e->temp[1];
				add_pitch = line;
			}
			r.add_step = e->array * add_pitch;
		}
		if (!e->fixed)
			gemm_epilogue_column(e, pitch, add_pitch);
	}
	r.to_step = e->array * pitch;
	if (e->bias)
		ash_vector_bias(vec);
	if (e->scale)
		ash_vector_scale(vec + e->scale_gap);
	return r;
}

/*
 * Drain the column's next tile: rows from accumulator row (or offset) acc on; or
 * all of its tiles, whose rows follow each other. The caller has set
 * VECTOR.ROWS, waits for what computed them, and starts.
 */
static inline void gemm_epilogue_tile(struct gemm_rows *r, uint32_t acc)
{
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC, acc);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_DST, r->to);
	r->to += r->to_step;
	if (GEMM_FULL && r->residual) {
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC2, r->add);
		r->add += r->add_step;
	}
}

/* The passes behind the first one, for a column of rows at offset `to`. */
static inline void gemm_epilogue_end(struct gemm_epilogue *e, uint32_t to,
				     uint32_t rows)
{
	uint32_t line = 4 * e->array;
	bool gelu = e->activation == GEMM_GELU;

	if (!gemm_epilogue_late(e))
		return;
	/* temp[1] = erf(v * sqrt(1/2)) + 1, or exp(-v) + 1 */
	ash_vector_src2(GEMM_F32_ONE, 0);
	ash_vector_scale(gelu ? GEMM_F32_SQRT_HALF : GEMM_F32_MINUS_ONE);
	ash_vector_function(ASH_VEC_FN(gelu ? ASH_FN_ERF : ASH_FN_EXP), 0);
	ash_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_F32) | ASH_VEC_SCALE_IMM |
			   ASH_VEC_SRC2_IMM(ASH_ADD) | ASH_VEC_LATE,
		   e->temp[1], line, e->temp[0], line, rows);
	/* to = temp[1] * v * 1/2, or recip(temp[1]) * v */
	ash_vector_src2(e->temp[0], line);
	ash_vector_function(gelu ? 0 : ASH_VEC_FN(ASH_FN_RECIP), 0);
	ash_vector_scale(GEMM_F32_HALF);
	ash_vector(ASH_VEC(ASH_FMT_F32, e->out) |
			   ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_MUL) |
			   (gelu ? ASH_VEC_SCALE_IMM : ASH_VEC_LATE),
		   to, e->out_pitch, e->temp[1], line, rows);
	ash_vector_function(0, 0);
	e->vectors += 2;
}

#endif
