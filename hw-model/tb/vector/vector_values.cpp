// SPDX-License-Identifier: MIT
//
// Values: every 16-bit float, every function and operation with special
// operands. Hazards: reads of what a row before has to write.
#include "vector_tb.h"

namespace {

constexpr uint32_t HALF = SPAD / 2, QUARTER = SPAD / 4;

Command rows_of(uint32_t cfg, uint32_t op, uint32_t rows)
{
	Command c{};
	c.cfg = cfg;
	c.op = op;
	c.rows = rows;
	c.groups = 1;
	c.src_pitch = GET(CFG, SRC_FMT, cfg) <= ACC_F32 ?
			      1 :
			      row_bytes(GET(CFG, SRC_FMT, cfg));
	c.src2 = QUARTER;
	c.src2_pitch = row_bytes(GET(CFG, SRC2_FMT, cfg));
	c.dst = HALF;
	c.dst_pitch = row_bytes(GET(CFG, DST_FMT, cfg));
	return c;
}

// Every bf16 and fp16 to every format and through every function.
void test_16_bit(Bench &t)
{
	const uint32_t rows = QUARTER / (2 * N);
	for (uint32_t base = 0; base < 65536; base += rows * N) {
		t.fill(1);
		for (uint32_t i = 0; i < rows * N; i++) {
			t.spad[2 * i] = static_cast<uint8_t>(base + i);
			t.spad[2 * i + 1] =
				static_cast<uint8_t>((base + i) >> 8);
		}
		t.agree();
		for (uint32_t src : { BF16, FP16 })
			for (uint32_t dst : { I32, F32, BF16, FP16, I8 })
				t.run(rows_of(formats(src, dst), 0, rows),
				      "every value");
		for (uint32_t fn = 1; fn <= ASHLAR_VECTOR_OP_FN_SQUARE; fn++)
			t.run(rows_of(formats(BF16, F32), PUT(OP, FN, fn),
				      rows),
			      "function");
	}
}

// Functions of random fp32, of each kind.
void test_functions(Bench &t)
{
	for (unsigned kind = 0; kind < KINDS; kind++) {
		t.fill(kind);
		for (uint32_t fn = 0; fn <= ASHLAR_VECTOR_OP_FN_SQUARE; fn++) {
			t.run(rows_of(formats(F32, F32), PUT(OP, FN, fn),
				      HALF / LINE),
			      "function");
			t.run(rows_of(formats(ACC_I32, F32), PUT(OP, FN, fn),
				      ACCS * N),
			      "function of int32");
		}
	}
}

// Every operation of every two special values: the rows of the source repeat
// while those of SRC2 go through all.
void test_operations(Bench &t)
{
	for (unsigned kind = 0; kind < KINDS; kind++) {
		t.fill(kind);
		for (uint32_t src : { I32, F32 }) {
			for (uint32_t op = 0; op < (src == I32 ? 16 : 10);
			     op++) {
				for (uint32_t late : { 0u, SRC2_LATE }) {
					uint32_t f = formats(src, src) | late;
					t.run(rows_of(f | src2(ROW, op, src), 0,
						      2 * N),
					      "rows");
					Command c = rows_of(f | src2(IMM, op),
							    0, N);
					c.src2 = word(t.rnd, 1);
					t.run(c, "immediate");
					c = rows_of(f | src2(SCALAR, op), 0, 2);
					c.groups = 2 * N + 3;
					c.src_gpitch = LINE;
					c.dst_gpitch = 2 * LINE;
					c.src2 = QUARTER + 4 * (op + 1);
					t.run(c, "scalars");
				}
			}
			for (uint32_t op = 0; op < 3; op++) {
				for (uint32_t tail = 0; tail <= N; tail++) {
					Command c = rows_of(
						formats(src,
							tail & 1 ? src : 0),
						reduce(tail & 2 ? WORD : LANES,
						       op),
						1 + tail % 5);
					c.groups = 7;
					c.src_gpitch = c.dst_gpitch = LINE * 6;
					c.tail = tail;
					c.red = HALF + QUARTER;
					t.run(c, "reduction");
				}
			}
		}
	}
}

// Bias and scale that are denormal, NaN or infinite meet values that are, too.
void test_bias_scale(Bench &t)
{
	t.fill(1);
	for (unsigned i = 0; i < 240; i++) {
		Command c = rows_of(formats(i & 1 ? I32 : F32, F32) |
					    (i & 2 ? BIAS_LATE : 0) |
					    scale(i & 4 ? IMM : SCALAR) |
					    bias(i & 8 ? IMM : SCALAR),
				    0, 2 * N);
		c.groups = 2;
		c.scale = i & 4 ? word(t.rnd, 1) : 4 * t.rnd.below(QUARTER / 8);
		c.bias = i & 8 ? word(t.rnd, 1) : 4 * t.rnd.below(QUARTER / 8);
		c.dst_gpitch = c.src_gpitch = 2 * N * LINE;
		t.run(c, "bias and scale");
	}
}

void test_transposition(Bench &t)
{
	t.fill(0);
	for (uint32_t src = 0; src < 7; src++) {
		for (uint32_t rows = 1; rows <= N; rows++) {
			for (uint32_t dst : { I32, F32, BF16, FP16, I8 }) {
				Command c = rows_of(
					formats(src, dst) | TRANSPOSE, 0, rows);
				c.groups = 1 + rows % 3;
				c.src_gpitch = c.src_pitch * rows;
				c.dst_gpitch = c.dst_pitch * N;
				c.tail = rows % 4 ? 0 : t.rnd.below(N + 1);
				c.dst = 0; // in place
				t.run(c, "transposition");
				c.dst = HALF;
				t.run(c, "transposition");
			}
		}
	}
}

} // namespace

void test_values(Bench &t)
{
	t.stall = 0;
	test_16_bit(t);
	test_functions(t);
	test_operations(t);
	test_bias_scale(t);
	test_transposition(t);
}

// What a command writes, and what it or the next one reads, at every distance
// of a few words, rows and lines.
void test_hazards(Bench &t)
{
	const uint32_t base = QUARTER, far = HALF;
	enum Reader {
		SRC,
		SRC2_ROW,
		SRC2_WORD,
		BIAS_ROW,
		BIAS_WORD,
		SCALE_ROW,
		SCALE_WORD,
		READERS
	};
	enum Writer { DST, RED_WORD, RED_LANES, COLUMNS, WRITERS };
	t.fill(2);
	for (uint32_t n = 0; n < READERS * WRITERS * 5 * 2 * 2; n++) {
		uint32_t reader = n % READERS, writer = n / READERS % WRITERS,
			 fmt = F32 + n / (READERS * WRITERS) % 5 % 3,
			 fn = n / (READERS * WRITERS * 5) % 2;
		bool own = n / (READERS * WRITERS * 10);
		t.stall = n % 3 ? 0 : 100;
		for (int32_t step = -4; step <= 4; step++) {
			uint32_t src = reader == SRC ? fmt : F32;
			uint32_t dst =
				writer == RED_WORD || writer == RED_LANES ? 0 :
									    fmt;
			uint32_t rows = 1 + n % 3;
			Command c = rows_of(
				formats(src, dst) |
					(writer == COLUMNS ? TRANSPOSE : 0),
				PUT(OP, FN, fn) |
					reduce(writer == RED_WORD  ? WORD :
					       writer == RED_LANES ? LANES :
								     0,
					       0),
				rows);
			c.groups = 2 * N;
			c.src = c.src2 = far;
			c.src_gpitch = c.src2_gpitch = row_bytes(src) * rows;
			c.dst_gpitch = row_bytes(dst) * rows;
			c.dst = c.red = base;
			Command d = c; // reads it: what it writes itself, or c
			if (!own) {
				d.cfg &= ~TRANSPOSE;
				d.dst = d.red = 0;
			}
			uint32_t unit = reader == SRC || reader == SRC2_ROW ?
						row_bytes(fmt) :
					reader == BIAS_ROW ||
							reader == SCALE_ROW ?
						LINE :
						4 * (N / 2);
			uint32_t at =
				base +
				static_cast<uint32_t>(
					step * static_cast<int32_t>(unit));
			switch (reader) {
			case SRC:
				d.src = at;
				break;
			case SRC2_ROW:
				d.cfg |= src2(ROW, 0, fmt) |
					 (n & 1 ? SRC2_LATE : 0);
				d.src2 = at;
				d.src2_pitch = row_bytes(fmt);
				d.src2_gpitch = row_bytes(fmt) * rows;
				break;
			case SRC2_WORD:
				d.cfg |= src2(SCALAR, 0);
				d.src2 = at;
				break;
			case BIAS_ROW:
			case BIAS_WORD:
				d.cfg |=
					bias(reader == BIAS_ROW ? ROW : SCALAR);
				d.bias = at;
				break;
			default:
				d.cfg |= scale(reader == SCALE_ROW ? ROW :
								     SCALAR);
				d.scale = at;
			}
			bool ok = (own || t.refer(c)) && t.refer(d);
			uint64_t goal = t.done + (own ? 1 : 2);
			std::string why = "refused or not done";
			if (!own)
				t.issue(c);
			t.issue(d);
			check(ok && t.wait_done(goal) && t.same(why),
			      "hazard " + std::to_string(n) + " at " +
				      std::to_string(step) + ": " + why +
				      describe(d));
		}
	}
}
