// SPDX-License-Identifier: MIT
#include <fenv.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ashlar_regs.h"
#include "units_random.h"

#define ACCS 2u

#define CFG_TYPE(c) (ASHLAR_MATRIX_CFG_TYPE_MASK & (c))
#define CFG_FIELD(c, name)                          \
	((ASHLAR_VECTOR_CFG_##name##_MASK & (c)) >> \
	 ASHLAR_VECTOR_CFG_##name##_SHIFT)

int units_pair_init(struct units_pair *p, uint32_t n, uint32_t spad_bytes,
		    uint64_t seed)
{
	struct ash_tile *t[] = { &p->unit, &p->ref };

	for (int i = 0; i < 2; i++) {
		*t[i] = (struct ash_tile){ n, ACCS, spad_bytes,
					   calloc(1, spad_bytes),
					   calloc(ACCS * n * n, 4) };
	}
	p->rnd.s = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	if (p->unit.spad && p->unit.acc && p->ref.spad && p->ref.acc)
		return 0;
	units_pair_exit(p);
	return -1;
}

void units_pair_exit(struct units_pair *p)
{
	free(p->unit.spad);
	free(p->unit.acc);
	free(p->ref.spad);
	free(p->ref.acc);
}

/* --- Numbers -------------------------------------------------------------- */

static const uint32_t special32[] = {
	0,	    0x80000000, 0x00000001, 0x807fffff, 0x00800000, 0x80800001,
	0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000, 0x7f800001, 0xffffffff,
	0x7f7fffff, 0xff7fffff, 0x3f800000, 0x4f000000, 0xcf000000, 0x4effffff,
	0x42fe0000, 0x42ff0000, 0x42ffffff, 0xc3000000, 0xc3008000, 0xc3010000,
	0x477fe000, 0x477fefff, 0x477ff000, 0x33000000, 0x33000001, 0x387fe000,
	0x38800000, 0x387ff000, 0x7fffffff, 0x7f7f8000, 0x7f7f7fff, 0x007fffff,
};

static const uint16_t special16[2][12] = {
	{ 0, 0x8000, 0x7f80, 0xff80, 0x7fc0, 0xffc1, 0x0001, 0x807f, 0x0080,
	  0x8080, 0x7f7f, 0xff7f },
	{ 0, 0x8000, 0x7c00, 0xfc00, 0x7e00, 0xfe01, 0x0001, 0x83ff, 0x0400,
	  0x8400, 0x7bff, 0xfbff },
};

/* A number with an exponent field of `exp` or up to `spread` more. */
static uint32_t around(struct units_pair *p, uint32_t exp, uint32_t spread)
{
	return (host_next(&p->rnd) & 0x807fffff) |
	       (exp + units_below(p, spread + 1)) << 23;
}

#define CLASSES32 9u
static uint32_t number32(struct units_pair *p, uint32_t class)
{
	uint32_t v = host_next(&p->rnd);

	switch (class) {
	case 0: /* moderate */
		return around(p, 120, 14);
	case 1:
		return special32[v % (sizeof(special32) / 4)];
	case 2: /* products, sums at the lower end */
		return around(p, 62, 2);
	case 3:
		return around(p, 0, 3);
	case 4: /* upper end */
		return around(p, v & 1 ? 190 : 250, 4);
	case 5: /* ties: few significant bits */
		return around(p, 127 - (v & 24), 1) & 0xffc00000;
	case 6: /* integers and halves */
		return host_bits((float)((int32_t)v >> (16 + v % 12)) * 0.5f);
	case 7: /* products of which the last bit decides about flushing */
		return v & 1 ? 0x00ffffff - (v >> 30) : 0x3f000000 + (v >> 29);
	default:
		return v;
	}
}

#define CLASSES16 8u
static uint16_t number16(struct units_pair *p, bool bf16, uint32_t class)
{
	uint32_t v = host_next(&p->rnd);
	uint16_t sign = v >> 16 & 0x8000;

	switch (class) {
	case 0: /* moderate */
		return bf16 ? (uint16_t)((v & 0x81ff) | 0x3e00) :
			      (uint16_t)((v & 0x8fff) | 0x3000);
	case 1: /* moderate, a few are special */
		if (v >> 24 == 0)
			return special16[!bf16][v % 12];
		return bf16 ? (uint16_t)((v & 0x81ff) | 0x3e00) :
			      (uint16_t)((v & 0x8fff) | 0x3000);
	case 2: /* lower end of the products */
		return bf16 ? (uint16_t)((v & 0x81ff) | 0x1f00) :
			      (uint16_t)(v & 0x87ff);
	case 3: /* upper end */
		return bf16 ? (uint16_t)((v & 0x80ff) | 0x5f80) :
			      (uint16_t)((v & 0x87ff) | 0x7400);
	case 4: /* ties: powers of two and little more */
		return bf16 ? sign | (0x3f80 - (v & 0x600)) | (v >> 9 & 0x40) :
			      sign | (0x3c00 - (v & 0x3000)) | (v & 0x200);
	case 5: /* far apart: tiny with huge */
		return bf16 ? sign | (v & 1 ? 0x0080 : 0x7e80) |
				       (v >> 4 & 127) :
			      sign | (v & 1 ? 0x0001 : 0x7800) | (v >> 4 & 15);
	case 6: /* small integers */
		return bf16 ? sign | (uint16_t)(host_bits((float)(v % 9)) >>
						16) :
			      sign | (v % 9 ? 0x3c00 + (v % 9 - 1) * 0x200 : 0);
	default:
		return (uint16_t)v;
	}
}

static void fill32(struct units_pair *p, uint8_t *to, size_t words)
{
	uint32_t class = units_below(p, CLASSES32 + 1);

	for (size_t i = 0; i < words; i++) {
		uint32_t v = number32(p, class < CLASSES32 ?
						 class :
						 units_below(p, CLASSES32));

		memcpy(to + 4 * i, &v, 4);
	}
}

/*
 * bf16 of one exponent, such that products are just inside or outside of the
 * range of fp32; some zeros.
 */
static uint16_t edge16(struct units_pair *p, uint32_t exp)
{
	uint32_t v = host_next(&p->rnd);

	if (v >> 28 == 0)
		return (uint16_t)(v & 0x8000);
	return (uint16_t)((v & 0x807f) | exp << 7);
}

static void fill16(struct units_pair *p, uint8_t *to, size_t count, bool bf16)
{
	static const uint8_t edges[] = { 62, 63, 64, 65, 189, 190, 191, 192 };
	uint32_t class = units_below(p, bf16 ? CLASSES16 + 4 : CLASSES16);
	uint32_t exp = edges[units_below(p, sizeof(edges))];

	for (size_t i = 0; i < count; i++) {
		uint16_t v = class < CLASSES16 ? number16(p, bf16, class) :
						 edge16(p, exp);

		memcpy(to + 2 * i, &v, 2);
	}
}

static void fill_bits(struct units_pair *p, uint8_t *to, size_t words)
{
	uint32_t shift = units_below(p, 3) ? 0 : units_below(p, 32);

	for (size_t i = 0; i < words; i++) {
		int32_t v = (int32_t)host_next(&p->rnd) >> shift;

		memcpy(to + 4 * i, &v, 4);
	}
}

/* The same contents for both. */
static void share(struct units_pair *p)
{
	memcpy(p->unit.spad, p->ref.spad, p->ref.spad_bytes);
	memcpy(p->unit.acc, p->ref.acc, 4 * (size_t)ACCS * p->ref.n * p->ref.n);
}

void units_fill_matrix(struct units_pair *p, uint32_t type)
{
	size_t half = p->ref.spad_bytes / 2;

	for (int i = 0; i < 2; i++) {
		uint8_t *to = p->ref.spad + (size_t)i * half;

		if (type == ASHLAR_MATRIX_CFG_TYPE_INT8)
			fill_bits(p, to, half / 4);
		else
			fill16(p, to, half / 2,
			       type == ASHLAR_MATRIX_CFG_TYPE_BF16);
	}
	fill32(p, (uint8_t *)p->ref.acc, ACCS * p->ref.n * p->ref.n);
	share(p);
}

/* Numbers of a format (ASHLAR_VECTOR_CFG_SRC_FMT_), four bytes at a time. */
static void fill_format(struct units_pair *p, uint32_t fmt, uint8_t *to,
			size_t words)
{
	switch (fmt) {
	case ASHLAR_VECTOR_CFG_SRC_FMT_BF16:
	case ASHLAR_VECTOR_CFG_SRC_FMT_FP16:
		fill16(p, to, 2 * words, fmt == ASHLAR_VECTOR_CFG_SRC_FMT_BF16);
		break;
	case ASHLAR_VECTOR_CFG_SRC_FMT_F32:
	case ASHLAR_VECTOR_CFG_SRC_FMT_ACC_F32:
		fill32(p, to, words);
		break;
	default:
		fill_bits(p, to, words);
	}
}

void units_fill_vector(struct units_pair *p, uint32_t cfg)
{
	uint32_t fmt = CFG_FIELD(cfg, SRC_FMT);
	uint32_t fmts[] = { fmt, fmt, CFG_FIELD(cfg, SRC2_FMT),
			    ASHLAR_VECTOR_CFG_SRC_FMT_F32 };
	uint32_t part = p->ref.spad_bytes / 8;

	/* words of BIAS, SCALE and SRC2 are numbers whatever the source is */
	for (uint32_t i = 0; i < 8; i++)
		fill_format(p, fmts[units_below(p, 4)],
			    p->ref.spad + (size_t)i * part, part / 4);
	fill_format(p, fmt, (uint8_t *)p->ref.acc, ACCS * p->ref.n * p->ref.n);
	share(p);
}

/* --- Commands ------------------------------------------------------------- */

/* A multiple of `unit` in the scratchpad. */
static uint32_t place(struct units_pair *p, uint32_t unit)
{
	return units_below(p, p->ref.spad_bytes / unit) * unit;
}

static uint32_t matrix_pitch(struct units_pair *p, uint32_t k)
{
	uint32_t line = 4 * p->ref.n;

	switch (units_below(p, 4)) {
	case 0:
		return 0;
	case 1: /* rows of an operand side by side */
		return (2 * k + line - 1) / line * line;
	default:
		return units_below(p, 5) * line;
	}
}

/* From tile to tile, from part to part: some lines, up or down. */
static uint32_t matrix_step(struct units_pair *p)
{
	return (units_below(p, 17) - 8) * 4 * p->ref.n;
}

struct ash_matrix_cmd units_matrix_cmd(struct units_pair *p, uint32_t cfg,
				       uint32_t k)
{
	struct ash_matrix_cmd c = { .k = k };
	struct ash_cmd_error err;
	const uint32_t named =
		ASHLAR_MATRIX_CFG_TYPE_MASK | ASHLAR_MATRIX_CFG_A_KMAJOR_MASK |
		ASHLAR_MATRIX_CFG_B_KMAJOR_MASK |
		ASHLAR_MATRIX_CFG_ACCUMULATE_MASK | ASHLAR_MATRIX_CFG_ACC_MASK;

	do {
		c.a_addr = place(p, 4 * p->ref.n);
		c.b_addr = place(p, 4 * p->ref.n);
		c.a_pitch = matrix_pitch(p, k);
		c.b_pitch = matrix_pitch(p, k);
		c.tiles = units_below(p, 2) ? 1 : 1 + units_below(p, ACCS);
		c.parts = units_below(p, 2) ? 1 : 1 + units_below(p, 4);
		c.a_tile = matrix_step(p);
		c.b_tile = matrix_step(p);
		c.a_part = matrix_step(p);
		c.b_part = matrix_step(p);
		c.cfg = cfg | (host_next(&p->rnd) & ~named) |
			units_below(p, ACCS) << ASHLAR_MATRIX_CFG_ACC_SHIFT;
	} while (ash_matrix_check(&p->ref, &c, &err));
	return c;
}

static uint32_t row_bytes(const struct units_pair *p, uint32_t fmt)
{
	if (fmt == ASHLAR_VECTOR_CFG_SRC_FMT_I8)
		return p->ref.n;
	if (fmt == ASHLAR_VECTOR_CFG_SRC_FMT_BF16 ||
	    fmt == ASHLAR_VECTOR_CFG_SRC_FMT_FP16)
		return 2 * p->ref.n;
	return 4 * p->ref.n;
}

/* A CFG and OP that mean something, most of the time. */
static void random_operation(struct units_pair *p, struct ash_vector_cmd *c)
{
#define CFG(name, value) ((value) << ASHLAR_VECTOR_CFG_##name##_SHIFT)
#define OP(name, value)	 ((value) << ASHLAR_VECTOR_OP_##name##_SHIFT)
	static const uint32_t dst[] = { 0, 2, 3, 4, 5, 6 };
	bool function = units_below(p, 3) == 0;
	uint32_t reduction = units_below(p, 3) ? 0 : 1 + units_below(p, 2);

	c->cfg = CFG(SRC_FMT, units_below(p, 7)) |
		 CFG(DST_FMT, dst[units_below(p, 6)]) |
		 CFG(SRC2_FMT, 2 + units_below(p, 5)) |
		 CFG(SRC2_OP, units_below(p, 16)) |
		 CFG(SRC2_SEL, units_below(p, 4)) |
		 CFG(SRC2_LATE, units_below(p, 2)) |
		 CFG(BIAS_LATE, units_below(p, 2)) |
		 CFG(BIAS_SEL, units_below(p, 4)) |
		 CFG(SCALE_SEL, units_below(p, 2) * units_below(p, 4)) |
		 CFG(RELU, units_below(p, 4) == 0) |
		 CFG(TRANSPOSE, units_below(p, 8) == 0);
	c->op = OP(FN, function ? units_below(p, 10) : 0) |
		OP(RED_MODE, reduction) | OP(RED_OP, units_below(p, 3));
#undef CFG
#undef OP
}

/* What an operand's register says: an offset that fits its SEL, or bits. */
static uint32_t operand(struct units_pair *p, uint32_t sel, uint32_t row)
{
	if (sel == ASHLAR_VECTOR_CFG_SRC2_SEL_ROW)
		return place(p, row);
	if (sel == ASHLAR_VECTOR_CFG_SRC2_SEL_SCALAR)
		return place(p, 4);
	if (units_below(p, 2))
		return host_next(&p->rnd) >> units_below(p, 32);
	return number32(p, units_below(p, CLASSES32));
}

/* From row to row: often one after the other. */
static uint32_t pitch(struct units_pair *p, uint32_t row)
{
	return units_below(p, 3) ? row : units_below(p, 5) * row;
}

static void random_parameters(struct units_pair *p, struct ash_vector_cmd *c)
{
	uint32_t src_fmt = CFG_FIELD(c->cfg, SRC_FMT), n = p->ref.n;
	bool acc = src_fmt <= ASHLAR_VECTOR_CFG_SRC_FMT_ACC_F32;
	uint32_t src = acc ? 1 : row_bytes(p, src_fmt);
	uint32_t src2 = row_bytes(p, CFG_FIELD(c->cfg, SRC2_FMT));
	uint32_t dst = row_bytes(p, CFG_FIELD(c->cfg, DST_FMT));
	uint32_t near = units_below(p, 4);

	c->rows = 1 + units_below(p, units_below(p, 4) ? 8 : n);
	c->groups = units_below(p, 2) ? 1 : 1 + units_below(p, 7);
	if (units_below(p, 16) == 0)
		c->groups += n; /* words from more than one line */
	c->tail = units_below(p, 2) ? 0 : units_below(p, n + 1);
	c->src = acc ? units_below(p, ACCS * n) : place(p, src);
	c->src_pitch = pitch(p, src);
	c->src_gpitch = pitch(p, src * c->rows);
	c->src2 = operand(p, CFG_FIELD(c->cfg, SRC2_SEL), src2);
	c->src2_pitch = pitch(p, src2);
	c->src2_gpitch = pitch(p, src2 * c->rows);
	c->bias = operand(p, CFG_FIELD(c->cfg, BIAS_SEL), 4 * n);
	c->scale = operand(p, CFG_FIELD(c->cfg, SCALE_SEL), 4 * n);
	c->dst = place(p, dst);
	c->dst_pitch = pitch(p, dst);
	c->dst_gpitch = pitch(p, dst * c->rows);
	c->red = place(p, 4 * n);
	if (CFG_FIELD(c->cfg, DST_FMT) == 0)
		c->dst = host_next(&p->rnd);
	/* in place, or a little before or behind a source */
	if (near == 1)
		c->dst = (c->src / dst + units_below(p, 3)) * dst;
	else if (near == 2)
		c->dst = (c->src2 / dst + units_below(p, 5)) * dst - 2 * dst;
	/* among the words that are read */
	else if (near == 3)
		c->red = (c->bias / (4 * n) + units_below(p, 2)) * 4 * n;
	if (near && units_below(p, 2))
		c->dst_pitch = c->src_pitch / dst * dst;
	if (((c->op & ASHLAR_VECTOR_OP_RED_MODE_MASK) >>
	     ASHLAR_VECTOR_OP_RED_MODE_SHIFT) == ASHLAR_VECTOR_OP_RED_MODE_WORD)
		c->red += 4 * units_below(p, n);
}

int units_vector_cmd(struct units_pair *p, const struct units_vector_bits *bits,
		     struct ash_vector_cmd *c)
{
	struct ash_cmd_error err;
	unsigned int tries = 0, refused = 0;

	memset(c, 0, sizeof(*c));
	do {
		random_operation(p, c);
		c->cfg = (c->cfg & ~bits->cfg_mask) | bits->cfg;
		c->op = (c->op & ~bits->op_mask) | bits->op;
		random_parameters(p, c);
		if (!ash_vector_check(&p->ref, c, &err))
			return 0;
		refused += err.sub == ASHLAR_VECTOR_CFG ||
			   err.sub == ASHLAR_VECTOR_OP;
	} while (++tries < 2000 || refused < tries);
	return -1;
}

/* --- Comparison ----------------------------------------------------------- */

/* The caller's floating-point modes must not matter, nor be lost. */
struct modes {
	int rounding;
	unsigned int simd;
};

static struct modes modes_now(void)
{
	struct modes modes = { fegetround(), 0 };

#if HOST_HAS_FTZ
	modes.simd = _mm_getcsr();
#endif
	return modes;
}

static struct modes odd_modes(struct units_pair *p)
{
	static const int rounding[] = { FE_TONEAREST, FE_UPWARD, FE_DOWNWARD,
					FE_TOWARDZERO };

	fesetround(rounding[units_below(p, 4)]);
	return modes_now();
}

static int differs(const struct units_pair *p, const struct fast_units *u,
		   const char *what, struct modes before)
{
	const struct ash_tile *a = &p->unit, *b = &p->ref;
	struct modes after = modes_now();

	fesetround(FE_TONEAREST);
	if (after.rounding != before.rounding || after.simd != before.simd) {
		printf("%s: modes are %x and %x, were %x and %x: %s\n", u->name,
		       (unsigned int)after.rounding, after.simd,
		       (unsigned int)before.rounding, before.simd, what);
		return 1;
	}
	for (uint32_t i = 0; i < ACCS * b->n * b->n; i++) {
		if (a->acc[i] == b->acc[i])
			continue;
		printf("%s: accumulator word %u is %08x, should be %08x: n %u %s\n",
		       u->name, i, a->acc[i], b->acc[i], b->n, what);
		return 1;
	}
	if (!memcmp(a->spad, b->spad, b->spad_bytes))
		return 0;
	for (uint32_t i = 0;; i++) {
		if (a->spad[i] == b->spad[i])
			continue;
		printf("%s: scratchpad byte %x is %02x, should be %02x: n %u %s\n",
		       u->name, i, a->spad[i], b->spad[i], b->n, what);
		return 1;
	}
}

int units_matrix_differs(struct units_pair *p, const struct fast_units *u,
			 const struct ash_matrix_cmd *c)
{
	struct ash_cmd_error err;
	char what[200];
	struct modes modes;

	snprintf(what, sizeof(what),
		 "cfg %x a %x/%x b %x/%x k %u tiles %u %x %x parts %u %x %x",
		 c->cfg, c->a_addr, c->a_pitch, c->b_addr, c->b_pitch, c->k,
		 c->tiles, c->a_tile, c->b_tile, c->parts, c->a_part,
		 c->b_part);
	if (ash_matrix_run(&p->ref, c, &err)) {
		printf("the reference refuses: %s\n", what);
		return 1;
	}
	modes = odd_modes(p);
	fast_units_matrix(u, &p->unit, c);
	return differs(p, u, what, modes);
}

/* In one part, or in several. */
static void run_parts(struct units_pair *p, const struct fast_units *u,
		      const struct ash_vector_cmd *c)
{
	struct fast_vector_kept kept;
	struct fast_vector_part part = { c, 0, c->groups, &kept };

	if (units_below(p, 2)) {
		u->vector(&p->unit, &part);
		return;
	}
	for (part.end = 0; part.end < c->groups;) {
		part.first = part.end;
		part.end += 1 + units_below(p, c->groups - part.first);
		u->vector(&p->unit, &part);
	}
}

int units_vector_differs(struct units_pair *p, const struct fast_units *u,
			 const struct ash_vector_cmd *c)
{
	struct ash_cmd_error err;
	char what[400];
	struct modes modes;

	snprintf(
		what, sizeof(what),
		"cfg %x op %x src %x/%x/%x src2 %x/%x/%x bias %x scale %x dst %x/%x/%x rows %u groups %u tail %u red %x",
		c->cfg, c->op, c->src, c->src_pitch, c->src_gpitch, c->src2,
		c->src2_pitch, c->src2_gpitch, c->bias, c->scale, c->dst,
		c->dst_pitch, c->dst_gpitch, c->rows, c->groups, c->tail,
		c->red);
	if (ash_vector_run(&p->ref, c, &err)) {
		printf("the reference refuses: %s\n", what);
		return 1;
	}
	modes = odd_modes(p);
	run_parts(p, u, c);
	return differs(p, u, what, modes);
}

/* --- Random --------------------------------------------------------------- */

/* Often around the ends of blocks; small for big arrays. */
static uint32_t random_k(struct units_pair *p)
{
	static const uint32_t edges[] = { 1,   2,   3,	 4,   7,   8,
					  9,   15,  16,	 17,  31,  32,
					  33,  63,  64,	 65,  66,  95,
					  96,  127, 128, 129, 130, 131,
					  255, 256, 257, 258, 259 };
	uint32_t most = p->ref.n > 16 ? 140 : 700;

	if (units_below(p, 2))
		return edges[units_below(p, sizeof(edges) / sizeof(edges[0]))];
	return 1 + units_below(p, most);
}

int units_random_matrix(struct units_pair *p, const struct fast_units *u)
{
	uint32_t cfg = units_below(p, 3);
	struct ash_matrix_cmd c;

	cfg |= units_below(p, 2) ? ASHLAR_MATRIX_CFG_A_KMAJOR_MASK : 0;
	cfg |= units_below(p, 2) ? ASHLAR_MATRIX_CFG_B_KMAJOR_MASK : 0;
	cfg |= units_below(p, 2) ? ASHLAR_MATRIX_CFG_ACCUMULATE_MASK : 0;
	units_fill_matrix(p, CFG_TYPE(cfg));
	c = units_matrix_cmd(p, cfg, random_k(p));
	return units_matrix_differs(p, u, &c);
}

int units_random_vector(struct units_pair *p, const struct fast_units *u)
{
	const struct units_vector_bits any = { 0 };
	struct ash_vector_cmd c;

	if (units_vector_cmd(p, &any, &c)) {
		printf("no command at all is good\n");
		return 1;
	}
	units_fill_vector(p, c.cfg);
	return units_vector_differs(p, u, &c);
}
