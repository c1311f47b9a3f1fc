// SPDX-License-Identifier: MIT
//
// Every rule of hw-model/rtl/vector/ash_vector_decode.sv broken, alone and with
// others behind it, before and behind good commands.
#include "vector_tb.h"

namespace {

void expect_fault(Bench &t, const Command &c, uint32_t sub, uint32_t value)
{
	ash_cmd_error e{};
	bool refused = ash_vector_run(&t.ref, &c, &e) != 0;
	check(refused && e.sub == sub && e.value == value,
	      "the reference refuses " + describe(c) + " for " +
		      std::to_string(sub) + ", not " + std::to_string(e.sub));
	Command good{};
	good.cfg = formats(F32, BF16);
	good.src_pitch = LINE;
	good.dst = SPAD / 2 + t.rnd.below(16) * 2 * N;
	good.dst_pitch = 2 * N;
	good.rows = 5;
	good.groups = 1;
	if (t.rnd.below(2)) {
		if (t.rnd.below(2))
			good.cfg = formats(F32, 0);
		good.op = reduce(WORD, 0);
		good.red = SPAD / 4 * 3 + 4 * t.rnd.below(N);
	}
	t.refer(good);
	uint64_t goal = t.done + 1;
	t.issue(good);
	t.issue(c);
	good.src = LINE * 7;
	t.issue(good);
	for (int i = 0; i < 1000 && !t.top.fault_valid; i++)
		t.step();
	std::string why = "wrong count";
	check(t.done == goal && t.same(why), "done before the fault: " + why);
	for (int i = 0; i < 30; i++)
		t.step();
	check(t.top.fault_valid &&
		      t.top.fault_cause == ASHLAR_TILE_FAULT_CAUSE_COMMAND &&
		      t.top.fault_sub == sub && t.top.fault_addr == value,
	      "fault names the register: " + describe(c));
	check(t.done == goal && !t.top.idle && t.same(why),
	      "nothing behind the fault: " + why);
	t.clear();
	t.step();
	check(!t.top.fault_valid && t.top.idle, "clear ends the fault");
}

// Whatever random parameters break: both sides agree whether, and which.
void test_random_faults(Bench &t)
{
	const Window all = { 0, SPAD };
	for (unsigned i = 0; i < 3000; i++) {
		Command c = random_command(t, all, all);
		uint32_t w[17];
		memcpy(w, &c, sizeof(w));
		for (unsigned k = 1 + t.rnd.below(3); k > 0; k--) {
			uint32_t &v = w[t.rnd.below(17)];
			switch (t.rnd.below(4)) {
			case 0:
				v ^= 1u << t.rnd.below(32);
				break;
			case 1:
				v = t.rnd.next();
				break;
			case 2:
				v += (t.rnd.below(2) ? N : 0u - N) *
				     (1u << t.rnd.below(16));
				break;
			default:
				v = SPAD - t.rnd.below(2 * LINE);
			}
		}
		memcpy(&c, w, sizeof(w));
		ash_cmd_error e{};
		if (ash_vector_check(&t.ref, &c, &e)) {
			expect_fault(t, c, e.sub, e.value);
		} else if (static_cast<uint64_t>(c.rows) * c.groups < 5000) {
			t.run(c, "still good");
		}
	}
}

} // namespace

void test_faults(Bench &t)
{
	using Field = uint32_t Command::*;
	const uint32_t all = src2(ROW, 0, F32) | bias(ROW) | scale(ROW);
	Command good{};
	good.cfg = formats(F32, F32) | all;
	good.op = reduce(LANES, 0);
	good.src_pitch = good.src2_pitch = good.dst_pitch = LINE;
	good.src_gpitch = good.src2_gpitch = good.dst_gpitch = 4 * LINE;
	good.rows = 4;
	good.groups = 2;
	auto with = [&](Field f, uint32_t v) {
		Command c = good;
		c.*f = v;
		return c;
	};
	auto cfg_op = [&](uint32_t cfg, uint32_t op) {
		Command c = good;
		c.cfg = cfg;
		c.op = op;
		return c;
	};

	t.stall = 64;
	t.fill(2);
	for (uint32_t cfg :
	     { formats(7, F32), formats(15, F32), formats(8, F32),
	       formats(F32, 1), formats(F32, 7), formats(F32, 10),
	       formats(F32, 15),
	       // SRC2's format or operation does not fit
	       formats(F32, F32) | src2(ROW, 0, 0),
	       formats(F32, F32) | src2(ROW, 0, 7),
	       formats(F32, F32) | src2(ROW, 0, I32),
	       formats(I32, F32) | src2(ROW, 0, ACC_I32),
	       formats(I32, F32) | src2(ROW, 0, BF16),
	       formats(F32, F32) | src2(ROW, 10, F32),
	       formats(F32, F32) | src2(IMM, 15),
	       formats(F32, F32) | src2(SCALAR, 10),
	       formats(I8, F32) | src2(ROW, 0, I8) | SRC2_LATE | scale(IMM),
	       formats(I8, F32) | src2(IMM, 11) | SRC2_LATE | scale(IMM) })
		expect_fault(t, cfg_op(cfg, 0), ASHLAR_VECTOR_CFG, cfg);
	const uint32_t late = formats(I32, I32) | src2(ROW, 0, I32) | SRC2_LATE;
	expect_fault(t, cfg_op(late, PUT(OP, FN, 8)), ASHLAR_VECTOR_CFG, late);
	expect_fault(t, cfg_op(formats(F32, 0), 0), ASHLAR_VECTOR_CFG,
		     formats(F32, 0));
	for (uint32_t cfg :
	     { formats(F32, F32) | TRANSPOSE, formats(F32, 0) | TRANSPOSE })
		expect_fault(t, cfg_op(cfg, reduce(WORD, 0)), ASHLAR_VECTOR_CFG,
			     cfg);
	for (uint32_t op : { PUT(OP, FN, 10), PUT(OP, FN, 15), reduce(3, 0),
			     reduce(WORD, 3), reduce(LANES, 3) })
		expect_fault(t, cfg_op(formats(F32, F32), op), ASHLAR_VECTOR_OP,
			     op);

	// alignment
	struct {
		Field field;
		uint32_t sub;
	} rows[] = { { &Command::src, ASHLAR_VECTOR_SRC },
		     { &Command::src_pitch, ASHLAR_VECTOR_SRC_PITCH },
		     { &Command::src_gpitch, ASHLAR_VECTOR_SRC_GPITCH },
		     { &Command::src2, ASHLAR_VECTOR_SRC2 },
		     { &Command::src2_pitch, ASHLAR_VECTOR_SRC2_PITCH },
		     { &Command::src2_gpitch, ASHLAR_VECTOR_SRC2_GPITCH },
		     { &Command::dst, ASHLAR_VECTOR_DST },
		     { &Command::dst_pitch, ASHLAR_VECTOR_DST_PITCH },
		     { &Command::dst_gpitch, ASHLAR_VECTOR_DST_GPITCH },
		     { &Command::bias, ASHLAR_VECTOR_BIAS },
		     { &Command::scale, ASHLAR_VECTOR_SCALE },
		     { &Command::red, ASHLAR_VECTOR_RED } };
	for (const auto &r : rows) {
		bool line = r.field == &Command::bias ||
			    r.field == &Command::scale ||
			    r.field == &Command::red;
		for (uint32_t bit = 1; bit < LINE; bit *= 2) {
			expect_fault(t, with(r.field, LINE + bit), r.sub,
				     LINE + bit);
			Command c = with(r.field, bit);
			c.cfg = formats(BF16, FP16) | src2(ROW, 0, BF16) |
				bias(ROW) | scale(ROW);
			if (bit < 2 * N || line)
				expect_fault(t, c, r.sub, bit);
			c.cfg = formats(I8, I8) | src2(ROW, 0, I8) | bias(ROW) |
				scale(ROW);
			if (bit < N || line)
				expect_fault(t, c, r.sub, bit);
			c.cfg = formats(F32, F32) | src2(SCALAR, 0) |
				bias(SCALAR) | scale(SCALAR);
			c.op = reduce(WORD, 0);
			if (bit < 4 && (line || r.field == &Command::src2))
				expect_fault(t, c, r.sub, bit);
		}
	}

	// counts
	for (uint32_t n : { 0u, 65536u, 0xffffffffu }) {
		expect_fault(t, with(&Command::rows, n), ASHLAR_VECTOR_ROWS, n);
		expect_fault(t, with(&Command::groups, n), ASHLAR_VECTOR_GROUPS,
			     n);
	}
	for (uint32_t n : { N + 1, 2 * N, 0x80000000u })
		expect_fault(t, with(&Command::tail, n), ASHLAR_VECTOR_TAIL, n);
	Command turn = cfg_op(formats(F32, F32) | TRANSPOSE, 0);
	turn.rows = N + 1;
	expect_fault(t, turn, ASHLAR_VECTOR_ROWS, N + 1);
	// N rows are written, whatever is read
	turn.rows = turn.groups = 1;
	turn.dst = SPAD - LINE * (N - 1);
	expect_fault(t, turn, ASHLAR_VECTOR_DST, turn.dst);

	// accumulators
	Command acc{};
	acc.cfg = formats(ACC_I32, I32);
	acc.rows = 5;
	acc.groups = 3;
	acc.src_pitch = 1;
	acc.src_gpitch = 5;
	acc.dst_pitch = LINE;
	for (uint32_t a :
	     { ACCS * N - 14, ACCS * N, 0x80000000u, 0xfffffff2u }) {
		Command c = acc;
		c.src = a;
		expect_fault(t, c, ASHLAR_VECTOR_SRC, a);
	}
	acc.src_pitch = 0x80000000;
	expect_fault(t, acc, ASHLAR_VECTOR_SRC, 0);
	acc.src_pitch = 1;
	acc.src_gpitch = ACCS * N;
	expect_fault(t, acc, ASHLAR_VECTOR_SRC, 0);

	// outside the scratchpad: one row too far; so far that 32 bits wrap
	for (const auto &r : rows) {
		uint32_t sub = r.sub;
		bool pitch = false;
		for (uint32_t s : { ASHLAR_VECTOR_SRC, ASHLAR_VECTOR_SRC2,
				    ASHLAR_VECTOR_DST })
			if (r.sub == s + 4 || r.sub == s + 8)
				pitch = true, sub = s;
		if (pitch) {
			for (uint32_t p :
			     { SPAD - 3 * LINE, SPAD, 0x80000000u, 0u - LINE })
				expect_fault(t, with(r.field, p), sub, 0);
		} else {
			for (uint32_t a :
			     { SPAD - (r.field == &Command::red ? LINE : 0),
			       SPAD, 0x80000000u, 0u - LINE })
				expect_fault(t, with(r.field, a), sub, a);
		}
	}
	// scalars and words of groups: the last is outside
	for (Field f : { &Command::src2, &Command::bias, &Command::scale,
			 &Command::red }) {
		Command c = cfg_op(formats(F32, 0) | src2(SCALAR, 0) |
					   bias(SCALAR) | scale(SCALAR),
				   reduce(WORD, 0));
		c.src_gpitch = 0;
		c.groups = 9;
		c.*f = SPAD - 32;
		expect_fault(t, c,
			     f == &Command::src2  ? ASHLAR_VECTOR_SRC2 :
			     f == &Command::bias  ? ASHLAR_VECTOR_BIAS :
			     f == &Command::scale ? ASHLAR_VECTOR_SCALE :
						    ASHLAR_VECTOR_RED,
			     c.*f);
		c.*f = SPAD - 36;
		t.run(c, "the last word is inside");
	}

	// the last rows are inside
	t.stall = 0;
	t.run(with(&Command::src, SPAD - 8 * LINE), "last rows");
	t.run(with(&Command::src2, SPAD - 8 * LINE), "last rows");
	t.run(with(&Command::dst, SPAD - 8 * LINE), "last rows");
	t.run(with(&Command::bias, SPAD - LINE), "last rows");
	t.run(with(&Command::scale, SPAD - LINE), "last rows");
	t.run(with(&Command::red, SPAD - 2 * LINE), "last rows");
	acc.src_gpitch = 5;
	acc.src = ACCS * N - 15;
	t.run(acc, "last rows");
	turn.dst = SPAD - LINE * N;
	t.run(turn, "last rows");

	t.stall = 30;
	test_random_faults(t);
}
