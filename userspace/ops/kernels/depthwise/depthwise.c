/* SPDX-License-Identifier: MIT */
/*
 * Convolutions, and gradients by their input, of many groups with few channels:
 * depthwise_layout.h says how. A piece's sums are finished before its results
 * are made of them (gemm_epilogue.h).
 */
#include "depthwise.h"
#include "gemm_terms.h"

/*
 * Operations of a piece that are given out before the next piece is loaded:
 * enough for the unit not to run dry, and not so many that its queue is full.
 */
#define DEPTHWISE_AHEAD 5u

/* Make lines of words zero. */
static void depthwise_zero(const struct depthwise *d, uint32_t at,
			   uint32_t lines)
{
	ash_vector_src2(0, 0);
	ash_vector(ASH_VEC(ASH_FMT_I32, ASH_FMT_I32) |
			   ASH_VEC_SRC2_IMM(ASH_AND),
		   at, 4 * d->n, at, 4 * d->n, lines);
}

/* --- By the vector unit ------------------------------------------------------- */

/*
 * What is multiplied, of cells and of weights, in this order: the six products of
 * split fp32 (ashlar/ops_linear.h), or the last one only.
 */
static const struct {
	uint8_t cell, weight; /* term */
} depthwise_products[] = { { 2, 0 }, { 1, 1 }, { 0, 2 },
			   { 1, 0 }, { 0, 1 }, { 0, 0 } };
#define DEPTHWISE_PRODUCTS 6u

/* Cells and weights of a piece as they are multiplied. */
struct depthwise_operands {
	enum ash_format format; /* of cells */
	uint32_t bytes; /* of an element of them */
	uint32_t cells, cell_term; /* offset; bytes from term to term */
	uint32_t weights, weight_term; /* rows of fp32 */
};

/* Make them of what was loaded: widen weights, or split both. */
static struct depthwise_operands depthwise_operands(struct depthwise *d,
						    uint32_t i)
{
	const struct depthwise_piece *p = depthwise_piece(d, i);
	const struct linear_depthwise_args *args = d->args;
	uint32_t slot = i & 1, line = 4 * d->n;
	uint32_t rows = p->axis[0].taps * p->axis[1].taps;
	uint32_t raw = depthwise_raw(d, p, slot);
	uint32_t patch = args->patch.bytes;
	struct depthwise_operands o = {
		.format = (enum ash_format)d->a->type,
		.bytes = d->bytes,
		.cells = depthwise_slot(&args->patch, slot),
		.weights = depthwise_slot(&args->weights, slot),
		.weight_term = rows * line,
	};

	if (d->terms > 1) {
		if (d->fresh[slot]) {
			uint32_t terms = raw + rows * line;

			gemm_terms(terms, rows * line / 2, raw, rows, 1, 0);
			raw = terms;
		}
		gemm_terms(args->terms.at, patch / 2, o.cells, patch / line, 1,
			   0);
		o.format = ASH_FMT_BF16;
		o.bytes = 2;
		o.cells = args->terms.at;
		o.cell_term = patch / 2;
	}
	if (d->fresh[slot])
		ash_vector(ASH_VEC(o.format, ASH_FMT_F32), o.weights, line, raw,
			   d->n * o.bytes, d->terms * rows);
	return o;
}

static void depthwise_sum_taps(struct depthwise *d, uint32_t i)
{
	const struct depthwise_piece *p = depthwise_piece(d, i);
	const struct depthwise_axis *y = &p->axis[0], *x = &p->axis[1];
	const struct linear_depthwise_args *args = d->args;
	const struct depthwise_operands o = depthwise_operands(d, i);
	uint32_t line = 4 * d->n, row = d->n * o.bytes;
	uint32_t cell = args->cell / d->bytes * o.bytes;
	uint32_t plane = args->plane_bytes / d->bytes * o.bytes;
	uint32_t cfg = ASH_VEC(o.format, ASH_FMT_F32) | ASH_VEC_SCALE_ROW;
	uint32_t pixels = depthwise_pixels(p), weights = o.weights;
	uint32_t first = d->terms > 1 ? 0 : DEPTHWISE_PRODUCTS - 1;
	uint32_t left = DEPTHWISE_AHEAD, ky, kx, k;

	/* The first one: +0 is added, as a sum begins with it. */
	ash_vector_bias(0);
	ash_vector_src2(args->sums.at, line);
	ash_vector_shape(cfg | ASH_VEC_BIAS_IMM | ASH_VEC_BIAS_LATE, line,
			 cell);
	cfg |= ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_ADD) | ASH_VEC_LATE;
	for (ky = 0; ky < y->taps; ky++) {
		struct conv_tap t =
			conv_tap(d->a, 0, p->phase[0], y->first + ky * y->step);
		uint32_t cells =
			o.cells + t.plane * plane +
			(uint32_t)(t.offset - y->low) * p->width * cell;

		for (kx = 0; kx < x->taps; kx++) {
			for (k = first; k < DEPTHWISE_PRODUCTS; k++) {
				ash_vector_scale(weights +
						 depthwise_products[k].weight *
							 o.weight_term);
				(void)ash_vector_at(
					args->sums.at,
					cells + depthwise_products[k].cell *
							o.cell_term,
					pixels);
				ash_write(ASH_VECTOR + ASHLAR_VECTOR_CFG, cfg);
				if (--left == 0)
					depthwise_ahead(d, i);
			}
			weights += line;
			cells += row;
		}
	}
}

static void depthwise_by_vector(struct depthwise *d, uint32_t i)
{
	const struct depthwise_piece *p = depthwise_piece(d, i);
	uint32_t pixels = depthwise_pixels(p), slot = i & 1;
	uint32_t sums = d->args->sums.at;
	uint32_t to = depthwise_slot(&d->args->result, slot);
	struct gemm_rows rows;

	if (p->zero)
		depthwise_zero(d, sums, pixels);
	else
		depthwise_sum_taps(d, i);
	depthwise_ahead(d, i);
	rows = gemm_epilogue_begin(
		&d->out, to, depthwise_slot(&d->args->vec, slot),
		depthwise_slot(&d->args->residual, slot), pixels);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_ROWS, pixels);
	gemm_epilogue_tile(&rows, sums);
	ash_start(ASH_VECTOR);
	gemm_epilogue_end(&d->out, to, pixels);
}

/* --- By the matrix unit ------------------------------------------------------- */

/* For each ky of a piece: how far its cells are from the first one. */
static void depthwise_ky_cells(const struct depthwise *d,
			       const struct depthwise_piece *p, uint32_t *to)
{
	const struct linear_depthwise_args *args = d->args;
	uint32_t ky;

	for (ky = 0; ky < p->axis[0].taps; ky++) {
		struct conv_tap t = conv_tap(d->a, 0, 0, ky);

		to[ky] = t.plane * args->plane_bytes +
			 (uint32_t)(t.offset - p->axis[0].low) * p->width *
				 args->cell;
	}
}

static void depthwise_by_matrix(struct depthwise *d, uint32_t i)
{
	const struct depthwise_piece *p = depthwise_piece(d, i);
	const struct linear_depthwise_args *args = d->args;
	const uint32_t n = d->n, taps = p->axis[0].taps, slot = i & 1;
	const uint32_t matrix = n * args->cell;
	const uint32_t tiles = conv_div_up(depthwise_pixels(p), n);
	const uint32_t to = depthwise_slot(&args->result, slot);
	/* The ky whose cells follow each other are one operation. */
	const uint32_t parts = d->a->stride[0] == 1 ? taps : 1;
	uint32_t cells = depthwise_slot(&args->patch, slot);
	uint32_t ky_cells[LINEAR_KERNEL_MAX], left = tiles, ky;
	struct gemm_rows rows;

	depthwise_ky_cells(d, p, ky_cells);
	ash_after(ASH_MATRIX, ASH_LOAD, d->loaded[slot]);
	ash_matmul_shape(args->cell, args->cell, d->a->kernel[1] * n);
	ash_matmul_parts(parts, (int32_t)(ky_cells[taps > 1] - ky_cells[0]),
			 (int32_t)matrix);
	rows = gemm_epilogue_begin(
		&d->out, to, depthwise_slot(&args->vec, slot),
		depthwise_slot(&args->residual, slot), tiles * n);
	rows.to_step *= d->accs;
	rows.add_step *= d->accs;
	while (left) {
		uint32_t count = depthwise_min(left, d->accs);
		uint32_t acc = d->half * d->accs;
		uint32_t b = depthwise_slot(&args->weights, slot);

		ash_matmul_tiles(count, (int32_t)matrix, 0);
		ash_after(ASH_MATRIX, ASH_VECTOR, d->drained[d->half]);
		for (ky = 0; ky < taps; ky += parts) {
			d->products = ash_matmul(
				ash_matmul_cfg(ASH_INT8, ASH_ROWS, ASH_ROWS),
				acc, ky > 0, cells + ky_cells[ky], b);
			b += matrix;
		}
		ash_after(ASH_VECTOR, ASH_MATRIX, d->products);
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_ROWS, count * n);
		gemm_epilogue_tile(&rows, acc * n);
		d->drained[d->half] = ash_go(ASH_VECTOR);
		depthwise_ahead(d, i);
		cells += count * matrix;
		left -= count;
		d->half ^= 1;
	}
	gemm_epilogue_end(&d->out, to, tiles * n);
}

/* --- The kernel ----------------------------------------------------------------- */

static void depthwise_begin(struct depthwise *d,
			    const struct linear_depthwise_args *args)
{
	const struct linear_conv_args *a = &args->conv;
	const struct linear_area *w = &args->weights;
	bool matrix = depthwise_matrix(a);
	uint32_t i;

	for (i = 0; i < 2; i++) {
		d->keys[i] = 0;
		d->computed[i] = 0;
		d->stored[i] = 0;
		d->drained[i] = 0;
	}
	d->known = 0;
	d->half = 0;
	d->args = args;
	d->a = a;
	d->n = ash_array();
	d->bytes = ash_format_bytes((enum ash_format)a->type);
	d->terms = a->type == ASHLAR_F32 ? 3 : 1;
	d->out_bytes = ash_format_bytes((enum ash_format)a->epilogue.out);
	if (a->epilogue.residual)
		d->residual_bytes = ash_format_bytes(
			(enum ash_format)a->epilogue.residual_format);
	d->phases[0] = conv_phases(a, 0);
	d->phases[1] = conv_phases(a, 1);
	d->strips = conv_div_up(depthwise_out(a, 1), args->width);
	d->bands = conv_div_up(depthwise_out(a, 0), args->rows);
	d->blocks = conv_div_up(a->groups * a->channels, d->n);
	d->pieces = d->strips * d->bands * a->images * d->phases[0] *
		    d->phases[1] * d->blocks;
	d->number = ash_index();
	d->accs = ash_accs() / 2;
	linear_epilogue(&d->out, &a->epilogue,
			matrix ? ASH_FMT_ACC_I32 : ASH_FMT_F32);
	gemm_epilogue_init(&d->out);
	d->out.temp[0] = args->sums.at;
	d->out.temp[1] = args->temp.at;
	if (matrix) {
		depthwise_zero(d, w->at, 2 * w->bytes / (4 * d->n));
		d->computed[0] = d->computed[1] =
			ash_read(ASH_VECTOR + ASHLAR_VECTOR_ISSUED);
	}
}

ASHLAR_KERNEL(depthwise, struct linear_depthwise_args)
{
	struct depthwise d;
	uint32_t i;

	depthwise_begin(&d, args);
	if (d.number >= d.pieces)
		return 0;
	depthwise_next(&d);
	depthwise_load(&d, 0);
	for (i = 0; i < d.known; i++) {
		uint32_t slot = i & 1;

		if (depthwise_piece(&d, i)->width) {
			ash_after(ASH_VECTOR, ASH_LOAD, d.loaded[slot]);
			ash_after(ASH_VECTOR, ASH_STORE, d.stored[slot]);
			if (depthwise_matrix(d.a))
				depthwise_by_matrix(&d, i);
			else
				depthwise_by_vector(&d, i);
			d.computed[slot] =
				ash_read(ASH_VECTOR + ASHLAR_VECTOR_ISSUED);
			depthwise_store(&d, i);
		}
		depthwise_ahead(&d, i);
	}
	return 0;
}
