/* SPDX-License-Identifier: MIT */
/*
 * ew_random: Philox4x32-10 on the vector unit, a counter in each lane, and what
 * is made of its words; arguments in args_random.h.
 */
#include <ashlar/kernel.h>

#include "../args_random.h"
#include "../ring.h"

#define M0 0xd2511f53u
#define M1 0xcd9e8d57u
#define W0 0x9e3779b9u /* added to the key from round to round */
#define W1 0xbb67ae85u

#define ONE	  0x3f800000u
#define MINUS_ONE 0xbf800000u
#define MINUS_TWO 0xc0000000u
#define SQRT_TWO  0x3fb504f3u
#define TO_24	  0x33800000u /* 2^-24 */
#define TO_32	  0x2f800000u /* 2^-32 */

#define INTEGER ASH_VEC(ASH_FMT_I32, ASH_FMT_I32)
#define FLOAT	ASH_VEC(ASH_FMT_F32, ASH_FMT_F32)

struct piece {
	uint64_t block;
	uint32_t first; /* counter of the block */
	uint64_t element; /* of its first word */
};

static void piece_find(const struct ew_random_args *a, uint32_t number,
		       struct piece *p)
{
	uint32_t parts = RANDOM_COUNTERS / a->counters;

	p->block = number / parts;
	p->first = number % parts * a->counters;
	p->element = p->block * RANDOM_BLOCK + p->first;
}

/* --- Runs of elements ----------------------------------------------------------- */

/* The four runs between global memory and offset, as far as they exist. */
static ash_token move(const struct ew_random_args *a, enum ash_unit unit,
		      uint64_t global, uint32_t bytes, uint32_t offset,
		      uint32_t number)
{
	uint32_t run = a->counters * bytes, i;
	ash_token token = 0;
	struct piece p;

	piece_find(a, number, &p);
	global += p.element * bytes;
	if (p.element + RANDOM_BLOCK - RANDOM_COUNTERS + a->counters <=
	    a->count) {
		ash_dma_shape(unit, run, 4, (int32_t)run,
			      (int32_t)(RANDOM_COUNTERS * bytes));
		return ash_dma_at(unit, offset, global);
	}
	for (i = 0; i < 4; i++) {
		uint64_t at = p.element + i * RANDOM_COUNTERS;
		uint64_t left = at < a->count ? a->count - at : 0;

		if (left > a->counters)
			left = a->counters;
		if (left)
			token = ash_dma_1d(unit, offset + i * run,
					   global + i * RANDOM_COUNTERS * bytes,
					   (uint32_t)left * bytes);
	}
	return token;
}

static uint32_t slot_at(const struct ew_random_args *a, uint32_t offset,
			uint32_t bytes, uint32_t slot)
{
	return offset + slot * 4 * a->counters * bytes;
}

static ash_token load(const void *args, uint32_t number, uint32_t slot)
{
	const struct ew_random_args *a = args;

	if (a->work != RANDOM_WORK_DROPOUT)
		return 0;
	return move(a, ASH_LOAD, a->x, a->x_bytes,
		    slot_at(a, a->in, a->x_bytes, slot), number);
}

static ash_token store(const void *args, uint32_t number, uint32_t slot)
{
	const struct ew_random_args *a = args;

	return move(a, ASH_STORE, a->y, a->y_bytes,
		    slot_at(a, a->out, a->y_bytes, slot), number);
}

/* --- Operations on words ----------------------------------------------------------- */

/* dst = src, words to words; SRC2, bias and scale as they were set. */
static void words(const struct ew_random_args *a, uint32_t cfg, uint32_t dst,
		  uint32_t src)
{
	uint32_t array = ash_array();

	ash_write(ASH_VECTOR + ASHLAR_VECTOR_CFG, cfg);
	ash_vector_at(dst, src, a->counters / array);
}

static void with_imm(const struct ew_random_args *a, enum ash_vector_op op,
		     uint32_t imm, uint32_t dst, uint32_t src)
{
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC2, imm);
	words(a, INTEGER | ASH_VEC_SRC2_IMM(op), dst, src);
}

static void with_rows(const struct ew_random_args *a, enum ash_vector_op op,
		      uint32_t src2, uint32_t dst, uint32_t src)
{
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC2, src2);
	words(a, INTEGER | ASH_VEC_SRC2_ROWS(ASH_FMT_I32, op), dst, src);
}

static uint32_t high(uint32_t x, uint32_t y)
{
	return (uint32_t)((uint64_t)x * y >> 32);
}

/* The words of the piece's counters in state[0 .. 3]. */
static void philox(const struct ew_random_args *a, const struct piece *p)
{
	const uint32_t *c = a->state;
	uint32_t k0 = a->seed[0], k1 = a->seed[1], round;
	uint64_t base = p->block * RANDOM_COUNTERS + p->first;
	uint32_t c1 = (uint32_t)(base >> 32);

	/*
	 * Round 0 finds constants but for word 0: from those come words 0 and 1,
	 * the same in all lanes.
	 */
	ash_vector_bias((uint32_t)base);
	words(a, INTEGER | ASH_VEC_BIAS_IMM, c[0], a->iota);
	with_imm(a, ASH_MUL, M0, c[3], c[0]);
	with_imm(a, ASH_MULHU, M0, c[2], c[0]);
	with_imm(a, ASH_XOR, a->stream[1] ^ k1, c[2], c[2]);
	with_imm(a, ASH_AND, 0, c[1], c[0]);
	with_imm(a, ASH_OR, high(M1, a->stream[0]) ^ c1 ^ k0, c[0], c[1]);
	with_imm(a, ASH_OR, M1 * a->stream[0], c[1], c[1]);
	for (round = 1; round < 10; round++) {
		k0 += W0;
		k1 += W1;
		with_imm(a, ASH_MULHU, M1, a->temp[0], c[2]);
		with_rows(a, ASH_XOR, c[1], a->temp[0], a->temp[0]);
		with_imm(a, ASH_MULHU, M0, a->temp[1], c[0]);
		with_rows(a, ASH_XOR, c[3], a->temp[1], a->temp[1]);
		with_imm(a, ASH_MUL, M1, c[1], c[2]);
		with_imm(a, ASH_MUL, M0, c[3], c[0]);
		with_imm(a, ASH_XOR, k0, c[0], a->temp[0]);
		with_imm(a, ASH_XOR, k1, c[2], a->temp[1]);
	}
}

/* --- From words to elements ----------------------------------------------------------- */

/* Set what an operation on fp32 needs; unused ones may be anything. */
static void operands(uint32_t fn, uint32_t scale, uint32_t bias, uint32_t src2)
{
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_OP, ASH_VEC_FN(fn));
	ash_vector_scale(scale);
	ash_vector_bias(bias);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC2, src2);
}

#define SCALE	   ASH_VEC_SCALE_IMM
#define BIAS	   ASH_VEC_BIAS_IMM
#define BIAS_AFTER (ASH_VEC_BIAS_IMM | ASH_VEC_BIAS_LATE)
#define ROWS(op)   ASH_VEC_SRC2_ROWS(ASH_FMT_F32, op)
#define IMM(op)	   ASH_VEC_SRC2_IMM(op)
#define LATE	   ASH_VEC_LATE

/* Words w and v to two runs of elements, by Box and Muller. */
static void normal(const struct ew_random_args *a, uint32_t w, uint32_t v,
		   uint32_t first, uint32_t second)
{
	uint32_t x = a->temp[0], s = a->temp[1];
	uint32_t out = ASH_VEC(ASH_FMT_F32, a->y_format);
	uint32_t twice = a->scale, i;

	/* r in w */
	operands(ASH_FN_LOG, TO_24, TO_24, 8);
	words(a,
	      ASH_VEC(ASH_FMT_I32, ASH_FMT_F32) | IMM(ASH_SHR) | SCALE |
		      BIAS_AFTER,
	      w, w);
	operands(ASH_FN_SQRT, MINUS_TWO, 0, 0);
	words(a, FLOAT | SCALE, w, w);
	/* t in v, its square in x, the sine in s */
	operands(ASH_FN_NONE, TO_32, 0, 0);
	words(a, ASH_VEC(ASH_FMT_I32, ASH_FMT_F32) | SCALE, v, v);
	operands(ASH_FN_SQUARE, 0, 0, 0);
	words(a, FLOAT, x, v);
	operands(ASH_FN_NONE, a->sine[4], a->sine[3], x);
	words(a, FLOAT | SCALE | BIAS_AFTER, s, x);
	for (i = 3; i-- > 0;) {
		ash_vector_bias(a->sine[i]);
		words(a, FLOAT | ROWS(ASH_MUL) | BIAS, s, s);
	}
	operands(ASH_FN_NONE, 0, 0, v);
	words(a, FLOAT | ROWS(ASH_MUL), s, s);
	/* The cosine of twice the angle, but for its sign. */
	operands(ASH_FN_SQUARE, SQRT_TWO, 0, ONE);
	words(a, FLOAT | SCALE | IMM(ASH_SUB) | LATE, x, s);
	operands(ASH_FN_NONE, a->scale, a->shift, w);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_DST_PITCH,
		  ash_array() * a->y_bytes);
	words(a, out | ROWS(ASH_MUL) | SCALE | BIAS_AFTER, first, x);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_DST_PITCH, 4 * ash_array());
	/* The sine of twice the angle, less a factor of 2. */
	operands(ASH_FN_SQUARE, 0, 0, ONE);
	words(a, FLOAT | IMM(ASH_MIN) | LATE, x, s);
	operands(ASH_FN_SQRT, MINUS_ONE, ONE, s);
	words(a, FLOAT | SCALE | BIAS_AFTER | ROWS(ASH_MUL) | LATE, x, x);
	/* Twice: one more in the exponent, of what is neither 0 nor huge. */
	if (twice & 0x7f800000u)
		twice += 0x00800000u;
	operands(ASH_FN_NONE, twice, a->shift, w);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_DST_PITCH,
		  ash_array() * a->y_bytes);
	words(a, out | ROWS(ASH_MUL) | SCALE | BIAS_AFTER, second, x);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_DST_PITCH, 4 * ash_array());
	operands(ASH_FN_NONE, 0, 0, 0);
}

/* One word to an element. */
static void single(const struct ew_random_args *a, uint32_t word, uint32_t in,
		   uint32_t out)
{
	uint32_t array = ash_array();

	if (a->work == RANDOM_WORK_DROPOUT) {
		/* Not 0 where it is kept. */
		operands(ASH_FN_NONE, a->scale, 1 - a->least, 8);
		ash_vector(ASH_VEC(ASH_FMT_I32, ASH_FMT_F32) | IMM(ASH_SHR) |
				   BIAS | ASH_VEC_RELU,
			   word, 4 * array, word, 4 * array,
			   a->counters / array);
		ash_vector_src2(word, 4 * array);
		ash_vector(ASH_VEC(a->x_format, a->y_format) | SCALE |
				   ROWS(ASH_KEEP) | LATE,
			   out, array * a->y_bytes, in, array * a->x_bytes,
			   a->counters / array);
		return;
	}
	operands(ASH_FN_NONE, a->scale, a->shift, 8);
	ash_vector(ASH_VEC(ASH_FMT_I32, a->y_format) |
			   (a->work == RANDOM_WORK_UNIFORM ?
				    IMM(ASH_SHR) | SCALE | BIAS_AFTER :
				    0),
		   out, array * a->y_bytes, word, 4 * array,
		   a->counters / array);
}

static void compute(const void *args, uint32_t number, uint32_t slot)
{
	const struct ew_random_args *a = args;
	uint32_t in = slot_at(a, a->in, a->x_bytes, slot);
	uint32_t out = slot_at(a, a->out, a->y_bytes, slot);
	uint32_t in_run = a->counters * a->x_bytes;
	uint32_t out_run = a->counters * a->y_bytes;
	uint32_t pitch = 4 * ash_array(), i;
	struct piece p;

	piece_find(a, number, &p);
	ash_vector_shape(0, pitch, pitch);
	ash_vector_src2(0, pitch);
	philox(a, &p);
	if (a->work == RANDOM_WORK_NORMAL) {
		normal(a, a->state[0], a->state[1], out, out + out_run);
		normal(a, a->state[2], a->state[3], out + 2 * out_run,
		       out + 3 * out_run);
		return;
	}
	for (i = 0; i < 4; i++)
		single(a, a->state[i], in + i * in_run, out + i * out_run);
}

/* 0, 1, 2, ...: a line by the core, then twice as many each time. */
static void make_iota(const struct ew_random_args *a)
{
	uint32_t array = ash_array(), pitch = 4 * array, n;
	uint32_t *line = ash_spad(a->iota);

	for (n = 0; n < array; n++)
		line[n] = n;
	for (n = 1; n < a->counters / array; n *= 2) {
		ash_vector_bias(n * array);
		ash_vector(INTEGER | BIAS, a->iota + n * pitch, pitch, a->iota,
			   pitch, n);
	}
}

ASHLAR_KERNEL(ew_random, struct ew_random_args)
{
	make_iota(args);
	ring_run(args, args->pieces, 2, load, compute, store);
	return 0;
}
