// SPDX-License-Identifier: MIT
//
// Random values and random good commands.
#include "vector_tb.h"

uint32_t word(Random &r, unsigned kind)
{
	static const uint32_t f[] = {
		0, 0x80000000, 0x00000001, 0x807fffff, 0x00800000, 0x7f7fffff,
		0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00001,
		0x7f800001, 0x3f800000, 0xbf800000, 0x4b000001, 0x4effffff,
		0x4f000000, 0xcf000000, 0xcf000001, 0x42fe0000, 0x42fefffe,
		0x42ff0000, 0xc3008000, 0x3f000000, 0x3fc00000, 0x477fe000,
		0x477ff000, 0x477fefff, 0x33000000, 0x33000001, 0x387fe000,
		0x38800000, 0x7fffffff, 0x0000007f, 0x00000080, 0xffffff80,
		0xffffff7f, 0x01000001, 0x03c003ff, 0x7c007c01, 0xfc000001,
		0x7bff8400, 0x42b17217, 0x42b17218, 0xc2aeac4f, 0xc2aeac50,
		0x42ffffff, 0x43000000, 0xc3000000, 0x3f7fffff, 0x3f800001,
		0x3fbfffff, 0x40000000, 0x40800000, 0x41000000, 0x417fffff,
		0x41800000, 0x00ffffff, 0x7e800000, 0x7f000000, 0x7effffff,
		0x2dffffff, 0x2e000000, 0x0000001f, 0x00000020,
		/* LOG: what is left out of the sum decides the rounding */
		0x3cc6eee3, 0x3d0b0e6a, 0x3d7551ed
	};
	uint32_t v = r.next();
	switch (kind) {
	case 0:
		return v;
	case 1:
		return f[r.below(sizeof(f) / sizeof(f[0]))];
	case 2: // near one
		return (v & 0x80ffffff) | 0x3f000000;
	case 3: // small integers
		return static_cast<uint32_t>(static_cast<int32_t>(v) >>
					     (16 + v % 14));
	case 4: // fp16-sized fp32
		return (v & 0x83ffffff) |
		       (v & 0x04000000 ? 0x44000000 : 0x30000000);
	case 5: // where the functions bend: 2^-5 .. 2^7
		return (v & 0x807fffff) | (122 + r.below(12)) << 23;
	default: // few values: cancellation, ties
		return (v & 0x8000c000) | 0x3f804000;
	}
}

namespace {

// Rows of groups in a window, near enough to touch each other's.
void place(Random &r, uint32_t rows, uint32_t groups, uint32_t bytes, Window w,
	   uint32_t &addr, uint32_t &pitch, uint32_t &gpitch)
{
	pitch = bytes * (r.below(6) ? 1 + r.below(3) : 0);
	gpitch = bytes * (r.below(8) ? r.below(2 * rows + 2) : 0);
	auto span = [&] {
		return static_cast<uint64_t>(pitch) * (rows - 1) +
		       static_cast<uint64_t>(gpitch) * (groups - 1) + bytes;
	};
	if (span() > w.size)
		gpitch = r.below(2) * bytes;
	if (span() > w.size)
		pitch = bytes;
	if (span() > w.size)
		pitch = 0;
	if (span() > w.size)
		gpitch = 0;
	uint32_t room = (w.size - static_cast<uint32_t>(span())) / bytes;
	addr = w.base + (r.below(8) ? r.below(room + 1) : room) * bytes;
	if (groups == 1)
		gpitch = r.next(); // not used
}

// A row, or a word for each group, or an immediate.
uint32_t operand(Random &r, uint32_t sel, uint32_t groups, Window w,
		 uint32_t red)
{
	if (sel == ROW)
		return w.base + r.below(w.size / LINE) * LINE;
	if (sel != SCALAR)
		return r.below(2) ? r.next() : word(r, r.below(KINDS));
	// what another command may have made
	if (red % 4 == 0 && red >= w.base && red - w.base < w.size &&
	    (red - w.base) / 4 + groups <= w.size / 4 && r.below(2))
		return red;
	return w.base + r.below(w.size / 4 - groups + 1) * 4;
}

uint32_t select(Random &r)
{
	return r.below(3) ? NONE : r.below(4);
}

} // namespace

Command random_command(Bench &t, Window read, Window write)
{
	static uint32_t red = 1; // of the last command
	Random &r = t.rnd;
	Command c{};
	uint32_t src = r.below(7), dst = 2 + r.below(5);
	uint32_t mode = r.below(5) < 3 ? 0 : 1 + r.below(2);
	uint32_t fn = r.below(2) ? 0 : r.below(10);
	uint32_t s2 = select(r), bs = select(r), sc = select(r);
	bool late = r.below(2), from_acc = src <= ACC_F32;
	bool transpose = !mode && !r.below(5);
	if (mode && !r.below(2))
		dst = 0;
	bool integer = is_integer(src) && !(late && (sc || fn));
	uint32_t fmt2 = integer ? (r.below(2) ? I32 : I8) : F32 + r.below(3);

	c.cfg = formats(src, dst) |
		src2(s2, r.below(s2 && !integer ? 10 : 16),
		     s2 == ROW ? fmt2 : r.below(16)) |
		bias(bs) | scale(sc) | (late ? SRC2_LATE : 0) |
		(r.below(2) ? BIAS_LATE : 0) | (r.below(3) ? 0 : RELU) |
		(transpose ? TRANSPOSE : 0) | (r.next() & 0xfc000000);
	c.op = PUT(OP, FN, fn) | reduce(mode, mode ? r.below(3) : r.below(4)) |
	       (r.next() & 0xffffccf0);
	switch (r.below(4)) {
	case 0:
		c.rows = 1 + r.below(3 * N);
		c.groups = 1 + r.below(3);
		break;
	case 1: // a word each
		c.rows = 1 + r.below(3);
		c.groups = 1 + r.below(3 * N);
		break;
	default:
		c.rows = 1 + r.below(10);
		c.groups = 1 + r.below(6);
	}
	if (transpose && c.rows > N)
		c.rows = N - r.below(4);
	if (transpose && c.groups > 6)
		c.groups = 1 + r.below(6);
	c.tail = r.below(2) ? 0 : r.below(N + 1);

	if (from_acc)
		place(r, c.rows, c.groups, 1, { 0, ACCS * N }, c.src,
		      c.src_pitch, c.src_gpitch);
	else
		place(r, c.rows, c.groups, row_bytes(src), read, c.src,
		      c.src_pitch, c.src_gpitch);
	place(r, c.rows, c.groups, row_bytes(fmt2), read, c.src2, c.src2_pitch,
	      c.src2_gpitch);
	if (s2 != ROW)
		c.src2 = operand(r, s2, c.groups, read, red);
	c.bias = operand(r, bs, c.groups, read, red);
	c.scale = operand(r, sc, c.groups, read, red);
	place(r, transpose ? N : c.rows, c.groups, row_bytes(dst), write, c.dst,
	      c.dst_pitch, c.dst_gpitch);
	// in place, as kernels do
	if (dst && !from_acc && row_bytes(dst) == row_bytes(src) &&
	    read.base == write.base && !transpose && !r.below(4)) {
		c.dst = c.src;
		c.dst_pitch = c.src_pitch;
		c.dst_gpitch = c.src_gpitch;
	}
	if (mode == WORD)
		c.red = write.base + r.below(write.size / 4 - c.groups + 1) * 4;
	else if (write.size / LINE >= c.groups)
		c.red = write.base +
			r.below(write.size / LINE - c.groups + 1) * LINE;
	else
		c.red = write.base, c.groups = write.size / LINE;
	red = c.red;
	return c;
}
