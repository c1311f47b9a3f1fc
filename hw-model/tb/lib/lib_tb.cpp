// SPDX-License-Identifier: MIT
//
// The floating-point functions against hw-model/numerics (comparisons against
// the host's), the queues against std::deque.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>

#include "Vash_lib_tb.h"
#include "ash_num.h"
#include "verilated.h"

namespace {

/* What was compared, by name: how often it was wrong. A name is one test. */
std::map<const char *, unsigned> wrong;
unsigned compared, failed;
uint64_t seed = 88172645463325252ull;

uint32_t next()
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return static_cast<uint32_t>(seed >> 32);
}

void check(bool ok, const char *what, uint32_t a, uint32_t b, uint32_t got,
	   uint32_t want)
{
	compared++;
	wrong[what] += !ok;
	failed += !ok;
	if (!ok && failed < 20)
		printf("FAILED: %s(%08x, %08x) is %08x, should be %08x\n", what,
		       a, b, got, want);
}

/* The host's comparisons are the oracle of ours. */
float value(uint32_t bits)
{
	float f;
	memcpy(&f, &bits, sizeof(f));
	return f;
}

void one(Vash_lib_tb &t, uint32_t bits, uint32_t other)
{
	static const char *const names[] = {
		"f32_read",   "bf16_to_f32", "f16_to_f32", "f32_to_bf16",
		"f32_to_f16", "f32_add",     "f32_mul",	   "f32_max",
		"f32_min",    "f32_relu",    "i32_to_f32", "f32_to_i32",
		"f32_to_i8",  "i32_to_i8",   "f32_sub",	   "f32_gt",
		"f32_ge",     "f32_eq",	     "f32_gate",   "f32_keep",
		"exp",	      "log",	     "recip",	   "rsqrt",
		"sqrt",	      "tanh",	     "erf"
	};
	uint32_t x = ash_f32_read(bits), y = ash_f32_read(other);
	uint16_t h = static_cast<uint16_t>(bits);
	int32_t i = static_cast<int32_t>(bits);
	bool nan = x == ASH_F32_NAN || y == ASH_F32_NAN;
	float fx = value(x), fy = value(y);
	const uint32_t want[27] = { x,
				    ash_bf16_to_f32(h),
				    ash_f16_to_f32(h),
				    ash_f32_to_bf16(x),
				    ash_f32_to_f16(x),
				    ash_f32_add(x, y),
				    ash_f32_mul(x, y),
				    ash_f32_max(x, y),
				    ash_f32_min(x, y),
				    ash_f32_relu(x),
				    ash_i32_to_f32(i),
				    static_cast<uint32_t>(ash_f32_to_i32(x)),
				    static_cast<uint8_t>(ash_f32_to_i8(x)),
				    static_cast<uint8_t>(ash_i32_to_i8(i)),
				    ash_f32_sub(x, y),
				    fx > fy ? 0x3f800000u : 0,
				    fx >= fy ? 0x3f800000u : 0,
				    fx == fy || (nan && x == y) ? 0x3f800000u :
								  0,
				    fy > 0 ? x : 0,
				    fy != 0 ? x : 0,
				    ash_f32_exp(x),
				    ash_f32_log(x),
				    ash_f32_recip(x),
				    ash_f32_rsqrt(x),
				    ash_f32_sqrt(x),
				    ash_f32_tanh(x),
				    ash_f32_erf(x) };
	t.bits = bits;
	t.x = x;
	t.y = y;
	t.eval();
	for (int k = 0; k < 27; k++)
		check(t.r[k] == want[k], names[k], bits, other, t.r[k],
		      want[k]);
}

void test_functions(Vash_lib_tb &t)
{
	static const uint32_t edges[] = {
		0, 1, 0x007fffff, 0x00800000, 0x00800001, 0x00ffffff,
		0x0c000000, 0x0c7fffff, 0x1f800000, 0x20000000, 0x207fffff,
		0x33000000, 0x33000001, 0x33800000, 0x38800000, 0x387fffff,
		0x3effffff, 0x3f000000, 0x3f7fffff, 0x3f800000, 0x3f800001,
		0x3fc00000, 0x477fe000, 0x477ff000, 0x4b000001, 0x4b7fffff,
		0x4effffff, 0x4f000000, 0x5f800000, 0x7effffff, 0x7f000000,
		0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fc00000, 0x7fffffff,
		/* LOG: what is left out of the sum decides the rounding */
		0x3cc6eee3, 0x3d0b0e6a, 0x3d7551ed
	};
	for (uint32_t a : edges)
		for (uint32_t b : edges)
			for (uint32_t s = 0; s < 4; s++)
				one(t, a | s << 31, b | (s & 2) << 30);
	for (uint32_t i = 0; i < 65536; i++)
		one(t, i | i << 16, next());
	for (int i = 0; i < 600000; i++) {
		uint32_t x = next(), y = next();
		switch (i % 5) {
		case 1: // close exponents: cancellation
			y = (x & 0x7f800000) + (y & 0x81ffffff) - 0x00800000;
			break;
		case 2: // every alignment
			y = (x & 0x7f800000) - (y & 0x0f800000) +
			    (y & 0x807fffff);
			break;
		case 3: // ties
			x &= 0xfffff000;
			y &= 0xff800fff;
			break;
		case 4: // products around the smallest normal number; small integers
			y = 0x40000000 - (x & 0x7f800000) + (y & 0x80ffffff);
			break;
		}
		one(t, x, y);
		/* what functions are sensitive to: 2^-34 .. 2^8 */
		one(t, (x & 0x807fffff) | (93 + y % 42) << 23, x);
		one(t, x >> x % 32, (x & 0x807fffff) | (120 + y % 40) << 23);
		one(t, (x & 0x807fffff) | (100 + y % 60) << 23, y);
	}
}

void test_queues(Vash_lib_tb &t)
{
	std::deque<uint32_t> q[2];
	const size_t depth[2] = { 5, 1 };
	t.rst = 1;
	t.clk = 0;
	t.eval();
	t.clk = 1;
	t.eval();
	t.rst = 0;
	for (int i = 0; i < 100000; i++) {
		uint32_t v = next(), busy = i / 1000 % 3;
		t.in_valid = busy == 0 ? v & 3 : busy == 1 ? 3 : v & v >> 2 & 3;
		t.out_ready = busy == 1 ? v >> 4 & v >> 6 & 3 : v >> 4 & 3;
		t.in_data = v >> 8 & 0x1fff;
		t.clear = v >> 22 == 0;
		t.clk = 0;
		t.eval();
		for (uint32_t k = 0; k < 2; k++) {
			uint32_t out = k ? t.out_data1 : t.out_data0;
			bool in = t.in_ready >> k & 1,
			     have = t.out_valid >> k & 1;
			check(in == (q[k].size() < depth[k]), "fifo in_ready",
			      k, i, in, !in);
			check(have == !q[k].empty(), "fifo out_valid", k, i,
			      have, !have);
			if (have && !q[k].empty())
				check(out == q[k].front(), "fifo out_data", k,
				      i, out, q[k].front());
			if (have && (t.out_ready >> k & 1))
				q[k].pop_front();
			if (in && (t.in_valid >> k & 1))
				q[k].push_back(t.in_data);
			if (t.clear)
				q[k].clear();
		}
		t.clk = 1;
		t.eval();
	}
}

} // namespace

int main()
{
	VerilatedContext context;
	Vash_lib_tb t{ &context };
	test_queues(t);
	test_functions(t);
	unsigned bad = 0;
	for (const auto &[what, times] : wrong)
		bad += times != 0;
	printf("%u comparisons\n%zu passed, %u failed\n", compared,
	       wrong.size() - bad, bad);
	return failed != 0;
}
