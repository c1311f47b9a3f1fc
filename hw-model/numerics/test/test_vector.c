// SPDX-License-Identifier: MIT
/*
 * The vector unit: commands against the host's arithmetic, in the words of the
 * register page; what is read and written before what; every rule of the
 * checks, alone and with every other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "ash_num.h"
#include "ash_units.h"
#include "ashlar_regs.h"
#include "host_fp.h"

#define CFG(name, v) ((uint32_t)(v) << ASHLAR_VECTOR_CFG_##name##_SHIFT)
#define OP(name, v)  ((uint32_t)(v) << ASHLAR_VECTOR_OP_##name##_SHIFT)
#define FMT(name)    ((uint32_t)ASHLAR_VECTOR_CFG_SRC_FMT_##name)
#define SEL(name)    ((uint32_t)ASHLAR_VECTOR_CFG_SRC2_SEL_##name)
#define GET(c, name)                                     \
	(((c)->cfg & ASHLAR_VECTOR_CFG_##name##_MASK) >> \
	 ASHLAR_VECTOR_CFG_##name##_SHIFT)
#define GET_OP(c, name)                                \
	(((c)->op & ASHLAR_VECTOR_OP_##name##_MASK) >> \
	 ASHLAR_VECTOR_OP_##name##_SHIFT)

#define N_MAX 16u
#define ACCS  3u
#define SPAD  32768u

static struct host_random rnd = { 9 };
static uint8_t spad[SPAD], want[SPAD];
static uint32_t acc[ACCS * N_MAX * N_MAX];

static uint32_t below(uint32_t n)
{
	return (uint32_t)((uint64_t)host_next(&rnd) * n >> 32);
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

static void put(uint8_t *p, uint32_t size, uint32_t v)
{
	memcpy(p, &v, size);
}

static uint32_t bytes(uint32_t fmt)
{
	return fmt == FMT(I8)			    ? 1 :
	       fmt == FMT(BF16) || fmt == FMT(FP16) ? 2 :
						      4;
}

static bool of_integers(uint32_t fmt)
{
	return fmt == FMT(ACC_I32) || fmt == FMT(I32) || fmt == FMT(I8);
}

/* --- A command in the host's arithmetic ------------------------------------ */

/* A value on its way: one of the two. */
struct value {
	bool integer;
	int32_t i;
	float f;
};

static struct value as_float(float f)
{
	return (struct value){ false, 0, f };
}

static struct value as_int(uint32_t i)
{
	return (struct value){ true, (int32_t)i, 0 };
}

static struct value to_float(struct value v)
{
	return v.integer ? as_float((float)v.i) : v;
}

static struct value word(bool integer, uint32_t bits)
{
	return integer ? as_int(bits) : as_float(host_float(bits));
}

static struct value element(uint32_t fmt, const uint8_t *p)
{
	switch (fmt) {
	case FMT(I8):
		return as_int((uint32_t)(int8_t)p[0]);
	case FMT(BF16):
		return as_float(host_float((uint32_t)(p[0] | p[1] << 8) << 16));
	case FMT(FP16):
		return as_float(host_float(
			ash_f16_to_f32((uint16_t)(p[0] | p[1] << 8))));
	default:
		return word(of_integers(fmt), get32(p));
	}
}

static float number(bool b)
{
	return b ? 1.0f : 0.0f;
}

static struct value combine_int(uint32_t op, int32_t a, int32_t b)
{
	uint32_t x = (uint32_t)a, y = (uint32_t)b;
	const uint32_t results[16] = {
		x + y,
		x - y,
		(uint32_t)((int64_t)a * b),
		(uint32_t)(a > b ? a : b),
		(uint32_t)(a < b ? a : b),
		a > b,
		a >= b,
		a == b,
		b > 0 ? x : 0,
		b ? x : 0,
		(uint32_t)((uint64_t)x * y >> 32),
		x & y,
		x | y,
		x ^ y,
		x << (y % 32),
		x >> (y % 32),
	};

	return as_int(results[op]);
}

static struct value combine(uint32_t op, struct value x, struct value y)
{
	/* volatile: as the modes of the moment have it */
	volatile float a = x.f, b = y.f;
	bool nan = a != a || b != b;

	if (x.integer)
		return combine_int(op, x.i, y.i);
	switch (op) {
	case 0:
		return as_float(a + b);
	case 1:
		return as_float(a - b);
	case 2:
		return as_float(a * b);
	case 3: /* -0 is less than +0 */
		if (a == b)
			return as_float(signbit(a) ? b : a);
		return as_float(nan ? NAN : a > b ? a : b);
	case 4:
		if (a == b)
			return as_float(signbit(a) ? a : b);
		return as_float(nan ? NAN : a < b ? a : b);
	case 5:
		return as_float(number(a > b));
	case 6:
		return as_float(number(a >= b));
	case 7:
		return as_float(number(a == b || (a != a && b != b)));
	case 8:
		return as_float(b > 0 ? a : 0);
	default:
		return as_float(b != 0 ? a : 0);
	}
}

static struct value function(uint32_t fn, struct value v)
{
	static uint32_t (*const f[])(uint32_t) = {
		[1] = ash_f32_exp,   [2] = ash_f32_log,	 [3] = ash_f32_recip,
		[4] = ash_f32_rsqrt, [5] = ash_f32_sqrt, [6] = ash_f32_tanh,
		[7] = ash_f32_erf,
	};
	volatile float x = to_float(v).f;

	if (fn == 0)
		return v;
	if (fn == 8)
		return as_float(fabsf(x));
	if (fn == 9)
		return as_float(x * x);
	return as_float(host_float(f[fn](host_bits(x))));
}

/* BIAS, SCALE, or an immediate or a word of SRC2. */
static struct value side(const struct ash_tile *t, uint32_t sel, uint32_t at,
			 uint32_t group, uint32_t lane, bool integer)
{
	if (sel == SEL(ROW))
		at = get32(t->spad + at + 4 * lane);
	else if (sel == SEL(SCALAR))
		at = get32(t->spad + at + 4 * group);
	return word(integer, at);
}

static struct value value_of(const struct ash_tile *t,
			     const struct ash_vector_cmd *c, uint32_t g,
			     uint32_t r, uint32_t lane)
{
	uint32_t fmt = GET(c, SRC_FMT), fmt2 = GET(c, SRC2_FMT);
	size_t src =
		c->src + (size_t)g * c->src_gpitch + (size_t)r * c->src_pitch;
	size_t src2 = c->src2 + (size_t)g * c->src2_gpitch +
		      (size_t)r * c->src2_pitch + lane * bytes(fmt2);
	uint32_t sel2 = GET(c, SRC2_SEL);
	struct value v;

	if (fmt <= FMT(ACC_F32))
		v = word(of_integers(fmt), t->acc[src * t->n + lane]);
	else
		v = element(fmt, t->spad + src + lane * bytes(fmt));
	for (uint32_t late = 0; late < 2; late++) {
		bool src2_now = sel2 != SEL(NONE) && GET(c, SRC2_LATE) == late;
		bool bias_now = GET(c, BIAS_SEL) != SEL(NONE) &&
				GET(c, BIAS_LATE) == late;

		/* SRC2 is the first of the early, BIAS of the late */
		for (uint32_t step = 0; step < 2; step++) {
			if (step == late && src2_now)
				v = combine(
					GET(c, SRC2_OP), v,
					sel2 == SEL(ROW) ?
						element(fmt2, t->spad + src2) :
						side(t, sel2, c->src2, g, lane,
						     v.integer));
			if (step != late && bias_now)
				v = combine(0, v,
					    side(t, GET(c, BIAS_SEL), c->bias,
						 g, lane, v.integer));
			if (step == 0 && late)
				v = function(GET_OP(c, FN), v);
		}
		if (!late && GET(c, SCALE_SEL) != SEL(NONE))
			v = combine(2, to_float(v),
				    side(t, GET(c, SCALE_SEL), c->scale, g,
					 lane, false));
	}
	if (GET(c, RELU) && v.integer && v.i < 0)
		v.i = 0;
	/* NaN is not less than 0 */
	if (GET(c, RELU) && !v.integer && (v.f < 0 || v.f == 0))
		v.f = 0;
	return v;
}

static uint32_t converted(uint32_t fmt, struct value v)
{
	uint32_t f = host_bits(to_float(v).f);

	switch (fmt) {
	case FMT(I32):
		return v.integer ? (uint32_t)v.i : (uint32_t)ash_f32_to_i32(f);
	case FMT(I8):
		return (uint32_t)(v.integer ? ash_i32_to_i8(v.i) :
					      ash_f32_to_i8(f));
	case FMT(BF16):
		return ash_f32_to_bf16(f);
	case FMT(FP16):
		return ash_f32_to_f16(f);
	default:
		return ash_f32_read(f);
	}
}

static struct value reduced(uint32_t op, struct value x, struct value y)
{
	return combine(op == 0 ? 0 : op + 2, x, y);
}

static struct value nothing(uint32_t op, bool integer)
{
	static const int32_t ints[] = { 0, INT32_MIN, INT32_MAX };
	const float floats[] = { -0.0f, -INFINITY, INFINITY };

	return integer ? as_int((uint32_t)ints[op]) : as_float(floats[op]);
}

/* What `want` holds afterwards, if nothing is written that is read. */
static void expect(const struct ash_tile *t, const struct ash_vector_cmd *c)
{
	static struct value v[N_MAX], sum[N_MAX];
	uint32_t n = t->n, fmt = GET(c, DST_FMT), size = bytes(fmt);
	uint32_t mode = GET_OP(c, RED_MODE), op = GET_OP(c, RED_OP);

	for (uint32_t g = 0; g < c->groups; g++) {
		uint8_t *dst = want + c->dst + (size_t)g * c->dst_gpitch;

		for (uint32_t j = 0; GET(c, TRANSPOSE) && j < n; j++)
			memset(dst + (size_t)j * c->dst_pitch, 0, n * size);
		for (uint32_t r = 0; r < c->rows; r++) {
			uint32_t lanes = r == c->rows - 1 && c->tail ? c->tail :
								       n;

			for (uint32_t i = 0; i < n; i++) {
				uint32_t row = GET(c, TRANSPOSE) ? i : r;
				uint32_t at = GET(c, TRANSPOSE) ? r : i;

				v[i] = value_of(t, c, g, r, i);
				if (fmt)
					put(dst + (size_t)row * c->dst_pitch +
						    at * size,
					    size,
					    i < lanes ? converted(fmt, v[i]) :
							0);
				if (i >= lanes)
					v[i] = nothing(op, v[i].integer);
				sum[i] = r ? reduced(op, sum[i], v[i]) : v[i];
			}
		}
		for (uint32_t i = 0; mode == 2 && i < n; i++)
			put(want + c->red + 4 * ((size_t)g * n + i), 4,
			    converted(sum[i].integer ? FMT(I32) : FMT(F32),
				      sum[i]));
		if (mode != 1)
			continue;
		for (uint32_t half = n / 2; half; half /= 2)
			for (uint32_t i = 0; i < half; i++)
				sum[i] = reduced(op, sum[i], sum[i + half]);
		put(want + c->red + 4 * (size_t)g, 4,
		    converted(sum[0].integer ? FMT(I32) : FMT(F32), sum[0]));
	}
}

static uint32_t some_number(void)
{
	static const uint32_t special[] = { 0,		0x80000000, 0x7f800000,
					    0xff800000, 0x7fc00001, 0xffc00000,
					    0x00000001, 0x807fffff, 0x3f800000,
					    0x00800000, 0x7f7fffff };
	uint32_t v = host_next(&rnd);

	switch (below(8)) {
	case 0:
		return special[v % (sizeof(special) / 4)];
	case 1:
		return v;
	case 2:
		return v % 5 - 2; /* small integers */
	default:
		return (v & 0x807fffff) | (118 + v % 15) << 23;
	}
}

/* Whatever the format, of numbers that matter: 16-bit ones are halves. */
static void fill(void)
{
	for (uint32_t i = 0; i < SPAD; i += 4)
		put(spad + i, 4,
		    i / 4 % 3 ?
			    some_number() :
			    some_number() >> 16 | (some_number() & 0xffff0000));
	for (uint32_t i = 0; i < ACCS * N_MAX * N_MAX; i++)
		acc[i] = some_number();
}

/* Behind the last byte of rows that begin there. */
static uint64_t end_of(const struct ash_vector_cmd *c, uint64_t at,
		       uint64_t pitch, uint64_t gpitch, uint64_t row)
{
	return at + (c->rows - 1) * pitch + (c->groups - 1) * gpitch + row;
}

/* Sources in the lower half, results in the upper. */
static struct ash_vector_cmd random_cmd(const struct ash_tile *t)
{
	struct ash_vector_cmd c;
	struct ash_cmd_error err;
	uint32_t line = 4 * t->n;
	bool good;

	do {
		uint32_t src, src2, dst;

		c = (struct ash_vector_cmd){ 0 };
		c.cfg = CFG(SRC_FMT, below(7)) | CFG(DST_FMT, below(7)) |
			CFG(SRC2_FMT, below(7)) | CFG(SRC2_OP, below(16)) |
			CFG(SRC2_SEL, below(4)) | CFG(SRC2_LATE, below(2)) |
			CFG(BIAS_LATE, below(2)) | CFG(BIAS_SEL, below(4)) |
			CFG(SCALE_SEL, below(4) * below(2)) |
			CFG(RELU, below(3) == 0) |
			CFG(TRANSPOSE, below(3) == 0);
		c.op = OP(FN, below(2) * below(10)) |
		       OP(RED_MODE, below(2) * below(3)) | OP(RED_OP, below(3));
		src = GET(&c, SRC_FMT) <= FMT(ACC_F32) ?
			      1 :
			      bytes(GET(&c, SRC_FMT)) * t->n;
		src2 = bytes(GET(&c, SRC2_FMT)) * t->n;
		dst = bytes(GET(&c, DST_FMT)) * t->n;
		c.rows = 1 + below(6);
		c.groups = 1 + below(below(8) ? 4 : 2 * t->n);
		c.tail = below(2) * below(t->n + 1);
		c.src = below(src == 1 ? ACCS * t->n : 4096 / src) * src;
		c.src_pitch = below(4) * src;
		c.src_gpitch = below(9) * src;
		if (GET(&c, SRC2_SEL) == SEL(IMM))
			c.src2 = some_number();
		else
			c.src2 = 4096 + (GET(&c, SRC2_SEL) == SEL(ROW) ?
						 below(4096 / src2) * src2 :
						 4 * below(1000));
		c.src2_pitch = below(4) * src2;
		c.src2_gpitch = below(9) * src2;
		c.bias = GET(&c, BIAS_SEL) == SEL(IMM) ? some_number() :
			 GET(&c, BIAS_SEL) == SEL(ROW) ? below(64) * line :
							 4 * below(2000);
		c.scale = GET(&c, SCALE_SEL) == SEL(IMM) ? some_number() :
			  GET(&c, SCALE_SEL) == SEL(ROW) ? below(64) * line :
							   4 * below(2000);
		/* rows of results lie apart: which is written last is no matter */
		c.dst_pitch = (1 + below(2)) * dst;
		c.dst_gpitch =
			(GET(&c, TRANSPOSE) ? t->n : c.rows) * c.dst_pitch;
		c.dst = SPAD / 2 + below(4) * dst;
		c.red = SPAD - 8192 +
			(GET_OP(&c, RED_MODE) == 1 ? 4 * below(9) :
						     line * below(9));
		good = !ash_vector_check(t, &c, &err) &&
		       c.dst + (uint64_t)c.groups * c.dst_gpitch <=
			       SPAD - 8192 &&
		       (src == 1 || end_of(&c, c.src, c.src_pitch, c.src_gpitch,
					   src) <= SPAD / 2) &&
		       (GET(&c, SRC2_SEL) != SEL(ROW) ||
			end_of(&c, c.src2, c.src2_pitch, c.src2_gpitch, src2) <=
				SPAD / 2);
	} while (!good);
	return c;
}

static void test_commands(void **state)
{
#if HOST_HAS_FTZ
	unsigned int modes = _mm_getcsr();
#else
	skip();
#endif
	(void)state;
	for (int i = 0; i < 40000; i++) {
		struct ash_tile t = { i & 1 ? 8 : N_MAX, ACCS, SPAD, spad,
				      acc };
		struct ash_vector_cmd c = random_cmd(&t);
		struct ash_cmd_error err;

		if (i % 16 == 0)
			fill();
		memcpy(want, spad, SPAD);
#if HOST_HAS_FTZ
		_mm_setcsr(0x1f80 | 0x8040);
#endif
		expect(&t, &c);
#if HOST_HAS_FTZ
		_mm_setcsr(modes);
#endif
		assert_int_equal(ash_vector_run(&t, &c, &err), 0);
		for (uint32_t at = 0; at < SPAD; at++)
			if (spad[at] != want[at])
				fail_msg(
					"command %d, n %u, cfg %x op %x rows %u groups %u tail %u dst %x: byte %x is %02x, should be %02x",
					i, t.n, c.cfg, c.op, c.rows, c.groups,
					c.tail, c.dst, at, spad[at], want[at]);
	}
}

/* --- What comes before what ------------------------------------------------ */

enum { N = 8, LINE = 4 * N };

static struct ash_tile tile(void)
{
	memset(spad, 0, SPAD);
	return (struct ash_tile){ N, ACCS, SPAD, spad, acc };
}

static void run(struct ash_tile *t, const struct ash_vector_cmd *c)
{
	struct ash_cmd_error err;

	assert_int_equal(ash_vector_run(t, c, &err), 0);
}

static void fill_words(uint32_t at, uint32_t count, uint32_t first,
		       uint32_t step)
{
	for (uint32_t i = 0; i < count; i++)
		put(spad + at + 4 * i, 4, first + i * step);
}

static void assert_words(uint32_t at, uint32_t count, uint32_t value)
{
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(get32(spad + at + 4 * i), value);
}

#define I32_TO_I32 (CFG(SRC_FMT, FMT(I32)) | CFG(DST_FMT, FMT(I32)))

/* A row that is written is what the next row reads. */
static void test_rows_in_order(void **state)
{
	struct ash_tile t = tile();
	struct ash_vector_cmd c = { .cfg = I32_TO_I32 | CFG(BIAS_SEL, 2),
				    .bias = 1,
				    .src_pitch = LINE,
				    .dst = LINE,
				    .dst_pitch = LINE,
				    .rows = 5,
				    .groups = 1 };

	(void)state;
	fill_words(0, N, 100, 0);
	run(&t, &c);
	for (uint32_t r = 0; r < 6; r++)
		assert_words(r * LINE, N, 100 + r);
	/* and across groups */
	t = tile();
	fill_words(0, N, 100, 0);
	c.rows = 1;
	c.groups = 5;
	c.src_gpitch = c.dst_gpitch = LINE;
	run(&t, &c);
	assert_words(5 * LINE, N, 105);
	/* SRC2 too: the sums of all rows up to each */
	t = tile();
	fill_words(LINE, 5 * N, 1, 0);
	c = (struct ash_vector_cmd){ .cfg = I32_TO_I32 | CFG(SRC2_SEL, 1) |
					    CFG(SRC2_FMT, FMT(I32)),
				     .src = LINE,
				     .src_pitch = LINE,
				     .src2_pitch = LINE,
				     .dst = LINE,
				     .dst_pitch = LINE,
				     .rows = 5,
				     .groups = 1 };
	run(&t, &c);
	for (uint32_t r = 0; r < 6; r++)
		assert_words(r * LINE, N, r);
}

/* Rows of BIAS and SCALE are those before the first row was written. */
static void test_rows_read_once(void **state)
{
	struct ash_tile t = tile();
	struct ash_vector_cmd c = { .cfg = I32_TO_I32 | CFG(BIAS_SEL, 1),
				    .src_pitch = LINE,
				    .bias = 1024,
				    .dst = 1024,
				    .rows = 3,
				    .groups = 2 };

	(void)state;
	fill_words(1024, N, 7, 0);
	run(&t, &c);
	assert_words(1024, N, 7);
	fill_words(1024, N, 0x40000000, 0); /* 2.0 */
	fill_words(0, 3 * N, 5, 0);
	c.cfg = I32_TO_I32 | CFG(SCALE_SEL, 1);
	c.scale = 1024;
	run(&t, &c);
	assert_words(1024, N, 10);
}

/*
 * Words are read a line at a time: a group's reduction that goes to the next
 * group's word is seen by it only where a line begins.
 */
static void test_words_by_lines(void **state)
{
	for (uint32_t operand = 0; operand < 2; operand++) {
		struct ash_tile t = tile();
		struct ash_vector_cmd c = {
			.cfg = CFG(SRC_FMT, FMT(I32)),
			.op = OP(RED_MODE, 1) | OP(RED_OP, 1),
			.rows = 1,
			.groups = 20,
			.red = 1024 + 8 + 4,
		};

		(void)state;
		/* groups 0..5 in the first line, 6..13, 14..19 */
		c.cfg |= operand ? CFG(SRC2_SEL, 3) : CFG(BIAS_SEL, 3);
		c.bias = c.src2 = 1024 + 8;
		fill_words(0, N, 1000, 0);
		fill_words(1024, 3 * N, 0, 10);
		run(&t, &c);
		for (uint32_t g = 0, before = 0; g < 20; g++) {
			uint32_t word = g == 6 || g == 14 ? before :
							    10 * (g + 2);

			before = 1000 + word;
			assert_int_equal(get32(spad + c.red + 4 * g), before);
		}
	}
}

/* A group is read before its columns are written. */
static void test_transpose_in_place(void **state)
{
	struct ash_tile t = tile();
	struct ash_vector_cmd c = { .cfg = I32_TO_I32 | CFG(TRANSPOSE, 1),
				    .src_pitch = LINE,
				    .src_gpitch = N * LINE,
				    .dst_pitch = LINE,
				    .dst_gpitch = N * LINE,
				    .rows = N,
				    .groups = 3 };

	(void)state;
	fill_words(0, 3 * N * N, 0, 1);
	run(&t, &c);
	for (uint32_t g = 0; g < 3; g++)
		for (uint32_t r = 0; r < N; r++)
			for (uint32_t i = 0; i < N; i++)
				assert_int_equal(get32(spad +
						       (g * N + r) * LINE +
						       4 * i),
						 g * N * N + i * N + r);
	/* twice is nothing */
	run(&t, &c);
	for (uint32_t i = 0; i < 3 * N * N; i++)
		assert_int_equal(get32(spad + 4 * i), i);
}

/* Lanes behind TAIL do nothing, whatever they hold. */
static void test_tail(void **state)
{
	static const uint32_t garbage[] = { 0x7fc00000, 0x7f800000, 0xff800000,
					    0x7f7fffff };

	(void)state;
	for (uint32_t i = 0; i < 3 * 3 * 4; i++) {
		struct ash_tile t = tile();
		struct ash_vector_cmd c = {
			.cfg = CFG(SRC_FMT, FMT(F32)) | CFG(DST_FMT, FMT(F32)) |
			       CFG(SRC2_SEL, 3) | CFG(SRC2_OP, 1),
			.op = OP(RED_MODE, 1) | OP(RED_OP, i % 3),
			.src_pitch = LINE,
			.src2 = 4096,
			.dst = 8192,
			.dst_pitch = LINE,
			.rows = 1 + i / 3 % 3,
			.groups = 1,
			.tail = 5,
			.red = 12288
		};

		fill_words(0, 3 * N, 0x40000000, 0); /* 2.0 */
		fill_words((c.rows - 1) * LINE + 20, 3, garbage[i / 9], 0);
		run(&t, &c);
		assert_int_equal(
			get32(spad + c.red),
			i % 3 ? 0x40000000 :
				host_bits(2.0f * (float)(c.rows * N - 3)));
		assert_words(c.dst + (c.rows - 1) * LINE + 20, 3, 0);
		/* -0 is what nothing adds up to */
		fill_words(0, 3 * N, 0x80000000, 0);
		fill_words(4096, 1, 0, 0);
		c.op = OP(RED_MODE, 1);
		run(&t, &c);
		assert_int_equal(get32(spad + c.red), 0x80000000);
	}
}

/* --- Checks ------------------------------------------------------------------ */

/* Everything is used: rows, words and two reductions' worth of groups. */
static struct ash_vector_cmd good_cmd(void)
{
	return (struct ash_vector_cmd){
		.cfg = CFG(SRC_FMT, FMT(BF16)) | CFG(DST_FMT, FMT(F32)) |
		       CFG(SRC2_FMT, FMT(FP16)) | CFG(SRC2_SEL, 1) |
		       CFG(BIAS_SEL, 3) | CFG(SCALE_SEL, 1),
		.op = OP(RED_MODE, 2),
		.src = 2 * N,
		.src_pitch = 2 * N,
		.src_gpitch = 4 * N,
		.src2 = 1024,
		.src2_pitch = 6 * N,
		.src2_gpitch = 2 * N,
		.bias = 2044,
		.scale = 4096,
		.dst = 8192,
		.dst_pitch = LINE,
		.dst_gpitch = 2 * LINE,
		.rows = 2,
		.groups = 3,
		.tail = N,
		.red = 16384,
	};
}

#define FIELD_AT(c, offset) ((uint32_t *)(void *)(c) + (offset) / 4)

/* In the order in which rules count. */
static const struct rule {
	uint32_t reg; /* which is also its place in the command */
	uint32_t value;
} rules[] = {
	{ ASHLAR_VECTOR_CFG, CFG(SRC_FMT, 7) },
	{ ASHLAR_VECTOR_OP, OP(FN, 10) | OP(RED_MODE, 2) },
	{ ASHLAR_VECTOR_SRC, N },
	{ ASHLAR_VECTOR_SRC_PITCH, 3 * N },
	{ ASHLAR_VECTOR_SRC_GPITCH, 1 },
	{ ASHLAR_VECTOR_SRC2, 1024 + N },
	{ ASHLAR_VECTOR_SRC2_PITCH, N },
	{ ASHLAR_VECTOR_SRC2_GPITCH, 2 },
	{ ASHLAR_VECTOR_BIAS, 2 },
	{ ASHLAR_VECTOR_SCALE, LINE / 2 },
	{ ASHLAR_VECTOR_DST, LINE / 2 },
	{ ASHLAR_VECTOR_DST_PITCH, 4 },
	{ ASHLAR_VECTOR_DST_GPITCH, 8 },
	{ ASHLAR_VECTOR_RED, LINE / 2 },
	{ ASHLAR_VECTOR_ROWS, 0 },
	{ ASHLAR_VECTOR_GROUPS, 0 },
	{ ASHLAR_VECTOR_TAIL, N + 1 },
	/* multiples, but out of range */
	{ ASHLAR_VECTOR_SRC, SPAD },
	{ ASHLAR_VECTOR_SRC2, SPAD },
	{ ASHLAR_VECTOR_BIAS, SPAD },
	{ ASHLAR_VECTOR_SCALE, SPAD },
	{ ASHLAR_VECTOR_DST, SPAD },
	{ ASHLAR_VECTOR_RED, SPAD },
};
#define RULES (sizeof(rules) / sizeof(rules[0]))

static void refused(const struct ash_vector_cmd *c, uint32_t reg)
{
	struct ash_tile t = { N, ACCS, SPAD, spad, acc };
	struct ash_vector_cmd copy = *c;
	struct ash_cmd_error err = { 0xdead, 0xdead };

	if (ash_vector_check(&t, c, &err) == 0)
		fail_msg("cfg %x op %x: should be refused for %x", c->cfg,
			 c->op, reg);
	assert_int_equal(err.sub, reg);
	assert_int_equal(err.value, *FIELD_AT(&copy, reg));
	/* and nothing happens */
	memcpy(want, spad, SPAD);
	assert_int_equal(ash_vector_run(&t, c, &err), -1);
	assert_memory_equal(spad, want, SPAD);
}

static void accepted(const struct ash_vector_cmd *c)
{
	struct ash_tile t = { N, ACCS, SPAD, spad, acc };
	struct ash_cmd_error err;

	if (ash_vector_check(&t, c, &err))
		fail_msg("cfg %x op %x: refused for %x, which is %x", c->cfg,
			 c->op, err.sub, err.value);
	/* within the memories: a sanitizer would know */
	assert_int_equal(ash_vector_run(&t, c, &err), 0);
}

static void test_rules_in_order(void **state)
{
	struct ash_vector_cmd c = good_cmd();

	(void)state;
	accepted(&c);
	for (size_t i = 0; i < RULES; i++) {
		c = good_cmd();
		*FIELD_AT(&c, rules[i].reg) = rules[i].value;
		refused(&c, rules[i].reg);
		for (size_t j = i + 1; j < RULES; j++) {
			struct ash_vector_cmd both = c;

			if (rules[j].reg == rules[i].reg)
				continue;
			*FIELD_AT(&both, rules[j].reg) = rules[j].value;
			refused(&both, rules[i].reg);
		}
	}
}

/* Every CFG and OP of which one field is changed, against the rules in words. */
static void test_operations(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 400000; i++) {
		struct ash_tile t = { N, ACCS, SPAD, spad, acc };
		struct ash_vector_cmd c = { .rows = 1, .groups = 1 };
		struct ash_cmd_error err = { 0 };
		uint32_t src, dst, fmt2, sel, op, fn, mode, red;
		bool integer, cfg_good, op_good;
		int refusal;

		/* fields that are good more often than not */
		src = below(8) ? below(7) : below(16);
		dst = below(8) ? below(6) + 1 : below(16);
		fmt2 = below(16);
		sel = below(4);
		op = below(16);
		fn = below(2) ? 0 : below(16);
		mode = below(2) ? 0 : below(4);
		red = below(4);
		c.cfg = CFG(SRC_FMT, src) | CFG(DST_FMT, dst) |
			CFG(SRC2_FMT, fmt2) | CFG(SRC2_OP, op) |
			CFG(SRC2_SEL, sel) |
			(host_next(&rnd) &
			 ~(CFG(SRC_FMT, 15) | CFG(DST_FMT, 15) |
			   CFG(SRC2_FMT, 15) | CFG(SRC2_OP, 15) |
			   CFG(SRC2_SEL, 3)));
		c.op = OP(FN, fn) | OP(RED_MODE, mode) | OP(RED_OP, red) |
		       (host_next(&rnd) &
			~(OP(FN, 15) | OP(RED_MODE, 3) | OP(RED_OP, 3)));

		integer = of_integers(src) &&
			  !(GET(&c, SRC2_LATE) && (GET(&c, SCALE_SEL) || fn));
		cfg_good = src <= 6 && (dst == 0 || (dst >= 2 && dst <= 6)) &&
			   (dst || mode) &&
			   !(GET(&c, TRANSPOSE) && (mode || !dst));
		if (sel == SEL(ROW))
			cfg_good = cfg_good && fmt2 >= 2 && fmt2 <= 6 &&
				   of_integers(fmt2) == integer;
		if (sel && !integer)
			cfg_good = cfg_good && op <= 9;
		op_good = fn <= 9 && mode <= 2 && (!mode || red <= 2);

		refusal = ash_vector_check(&t, &c, &err);
		if ((refusal == 0) != (cfg_good && op_good))
			fail_msg("cfg %x op %x", c.cfg, c.op);
		if (refusal)
			assert_int_equal(err.sub, cfg_good ? ASHLAR_VECTOR_OP :
							     ASHLAR_VECTOR_CFG);
	}
}

/* The last place that an operand may have, and the one behind it. */
static void test_ranges(void **state)
{
	static const struct {
		uint32_t reg;
		uint32_t cfg_mask, cfg, op_mask, op;
		uint32_t bytes; /* from the first byte to behind the last */
		uint32_t unit;
	} cases[] = {
		{ ASHLAR_VECTOR_SRC, 0, 0, 0, 0, (2 + 4 + 4 + 2) * N, 2 * N },
		{ ASHLAR_VECTOR_SRC2, 0, 0, 0, 0, (6 + 2 + 2 + 2) * N, 2 * N },
		{ ASHLAR_VECTOR_SRC2, CFG(SRC2_SEL, 3), CFG(SRC2_SEL, 3), 0, 0,
		  12, 4 },
		{ ASHLAR_VECTOR_BIAS, 0, 0, 0, 0, 12, 4 },
		{ ASHLAR_VECTOR_BIAS, CFG(BIAS_SEL, 3), CFG(BIAS_SEL, 1), 0, 0,
		  LINE, LINE },
		{ ASHLAR_VECTOR_SCALE, 0, 0, 0, 0, LINE, LINE },
		{ ASHLAR_VECTOR_SCALE, CFG(SCALE_SEL, 3), CFG(SCALE_SEL, 3), 0,
		  0, 12, 4 },
		{ ASHLAR_VECTOR_DST, 0, 0, 0, 0, (1 + 2 + 2 + 1) * LINE, LINE },
		{ ASHLAR_VECTOR_DST, CFG(TRANSPOSE, 1), CFG(TRANSPOSE, 1),
		  OP(RED_MODE, 3), 0, (7 + 2 + 2 + 1) * LINE, LINE },
		{ ASHLAR_VECTOR_RED, 0, 0, 0, 0, 3 * LINE, LINE },
		{ ASHLAR_VECTOR_RED, 0, 0, OP(RED_MODE, 3), OP(RED_MODE, 1), 12,
		  4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ash_vector_cmd c = good_cmd();
		uint32_t *at = FIELD_AT(&c, cases[i].reg);

		c.cfg = (c.cfg & ~cases[i].cfg_mask) | cases[i].cfg;
		c.op = (c.op & ~cases[i].op_mask) | cases[i].op;
		*at = (SPAD - cases[i].bytes) / cases[i].unit * cases[i].unit;
		accepted(&c);
		*at += cases[i].unit;
		refused(&c, cases[i].reg);
		/* no sum wraps */
		*at = 0 - cases[i].unit;
		refused(&c, cases[i].reg);
	}
}

/* Accumulators count rows, over all tiles; the counts have limits. */
static void test_counts(void **state)
{
	struct ash_vector_cmd c = { .cfg = CFG(SRC_FMT, FMT(ACC_I32)) |
					   CFG(DST_FMT, FMT(I8)),
				    .src = 1,
				    .src_pitch = 3,
				    .src_gpitch = 5,
				    .rows = 4,
				    .groups = 3 };

	(void)state;
	c.src = ACCS * N - 1 - 3 * 3 - 2 * 5;
	accepted(&c);
	c.src++;
	refused(&c, ASHLAR_VECTOR_SRC);
	c.src = UINT32_MAX;
	refused(&c, ASHLAR_VECTOR_SRC);
	c = (struct ash_vector_cmd){ .cfg = CFG(SRC_FMT, FMT(I8)) |
					    CFG(DST_FMT, FMT(I8)),
				     .rows = 65535,
				     .groups = 2 };
	accepted(&c);
	c.rows = 65536;
	refused(&c, ASHLAR_VECTOR_ROWS);
	c.rows = 1;
	c.groups = 65535;
	accepted(&c);
	c.groups = 65536;
	refused(&c, ASHLAR_VECTOR_GROUPS);
	c.groups = 1;
	c.cfg |= CFG(TRANSPOSE, 1);
	c.dst_pitch = N;
	c.rows = N;
	accepted(&c);
	c.rows = N + 1;
	refused(&c, ASHLAR_VECTOR_ROWS);
	/* the greatest steps that there are */
	c = (struct ash_vector_cmd){ .cfg = CFG(SRC_FMT, FMT(I8)) |
					    CFG(DST_FMT, FMT(I8)),
				     .src_pitch = 0xfffffff8,
				     .src_gpitch = 0xfffffff8,
				     .rows = 65535,
				     .groups = 65535 };
	refused(&c, ASHLAR_VECTOR_SRC);
}

/* What an operation does not use may be anything. */
static void test_not_looked_at(void **state)
{
	struct ash_vector_cmd c = { .cfg = CFG(SRC_FMT, FMT(I8)) |
					   CFG(SRC2_FMT, 15) | CFG(SRC2_OP, 15),
				    .op = OP(RED_MODE, 1),
				    .rows = 1,
				    .groups = 1 };

	(void)state;
	c.src_gpitch = c.src2 = c.src2_pitch = c.src2_gpitch = c.bias =
		c.scale = c.dst = c.dst_pitch = c.dst_gpitch = 0xfffffff1;
	accepted(&c);
	/* immediates; no reduction */
	c.cfg |= CFG(SRC2_SEL, 2) | CFG(BIAS_SEL, 2) | CFG(SCALE_SEL, 2) |
		 CFG(DST_FMT, FMT(I8));
	c.op = OP(RED_OP, 3);
	c.dst = c.dst_pitch = 0;
	c.red = 0xfffffff1;
	accepted(&c);
	/* words have no pitch */
	c.cfg = (c.cfg & ~CFG(SRC2_SEL, 3)) | CFG(SRC2_SEL, 3);
	c.src2 = 4;
	accepted(&c);
	/* nor one group a distance to the next */
	c = good_cmd();
	c.groups = 1;
	c.src_gpitch = c.src2_gpitch = c.dst_gpitch = 0xfffffff1;
	accepted(&c);
	/* but the pitch of rows counts even if there is one */
	c.rows = 1;
	c.src_pitch = 1;
	refused(&c, ASHLAR_VECTOR_SRC_PITCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_rows_in_order),
		cmocka_unit_test(test_rows_read_once),
		cmocka_unit_test(test_words_by_lines),
		cmocka_unit_test(test_transpose_in_place),
		cmocka_unit_test(test_tail),
		cmocka_unit_test(test_rules_in_order),
		cmocka_unit_test(test_operations),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_not_looked_at),
	};

	return cmocka_run_group_tests_name("vector", tests, NULL, NULL);
}
