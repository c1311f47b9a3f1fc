// SPDX-License-Identifier: MIT
//
// Floating-point arithmetic of one lane; hw-model/numerics is the reference.
// fp32 operands have been through f32_read: no denormals, one NaN. Everything
// is written in 32-bit words without branches, so that a loop of it compiles
// to vector instructions.
package ash_fp_pkg;
	localparam logic [31:0] SIGN = 32'h80000000;
	localparam logic [31:0] INF = 32'h7f800000;
	localparam logic [31:0] NAN = 32'h7fc00000;
	localparam logic [31:0] ONE = 32'h3f800000;

	// How a unit sees an fp32: denormals are signed zeros, any NaN is the NaN.
	function automatic logic [31:0] f32_read(input logic [31:0] x);
		logic [31:0] y;
		y = (x & INF) == 32'd0 ? x & SIGN : x;
		return (x & ~SIGN) > INF ? NAN : y;
	endfunction

	function automatic logic [31:0] bf16_to_f32(input logic [31:0] x);
		return f32_read(x << 16);
	endfunction

	// Shifts n left until bit 31 is set, at most 31 places.
	function automatic logic [31:0] leading(input logic [31:0] n);
		logic [31:0] m, lz, up;
		m = n;
		lz = (m >> 16) == 32'd0 ? 32'd16 : 32'd0;
		m = m << lz[4:0];
		up = (m >> 24) == 32'd0 ? 32'd8 : 32'd0;
		m = m << up[4:0];
		lz = lz | up;
		up = (m >> 28) == 32'd0 ? 32'd4 : 32'd0;
		m = m << up[4:0];
		lz = lz | up;
		up = (m >> 30) == 32'd0 ? 32'd2 : 32'd0;
		m = m << up[4:0];
		lz = lz | up;
		up = (m >> 31) == 32'd0 ? 32'd1 : 32'd0;
		return lz | up;
	endfunction

	// fp16 (bits 15:0), exact; its denormals are numbers like others.
	function automatic logic [31:0] f16_to_f32(input logic [31:0] x);
		logic [31:0] e, m, lz, tiny, q;
		e = (x >> 10) & 32'd31;
		m = x & 32'h3ff;
		lz = leading(m);
		// m * 2^-24 with bit 31 - lz leading: 1.f * 2^(7 - lz)
		tiny = ((32'd134 - lz) << 23) + (((m << lz[4:0]) >> 8) & 32'h7fffff);
		tiny = m == 32'd0 ? 32'd0 : tiny;
		q = ((e + 32'd112) << 23) | (m << 13);
		q = e == 32'd0 ? tiny : q;
		q = e == 32'd31 ? INF : q;
		q = q | ((x & 32'h8000) << 16);
		return e == 32'd31 && m != 32'd0 ? NAN : q;
	endfunction

	// To bits 15:0, to nearest even.
	function automatic logic [31:0] f32_to_bf16(input logic [31:0] x);
		logic [31:0] q;
		q = (x + 32'h7fff + ((x >> 16) & 32'd1)) >> 16;
		return (x & ~SIGN) > INF ? 32'h7fc0 : q;
	endfunction

	function automatic logic [31:0] f32_to_f16(input logic [31:0] x);
		logic [31:0] e, m, q, d, lost, half, tiny;
		e = (x >> 23) & 32'd255;
		// normal: rebias, round 13 bits away; the carry may reach infinity
		m = (x & 32'h7fffffff) - (32'd112 << 23);
		q = (m + 32'hfff + ((m >> 13) & 32'd1)) >> 13;
		q = e > 32'd142 ? 32'h7c00 : q;
		// denormal: the significand shifted by 14 .. 25 and more
		m = (x & 32'h7fffff) | 32'h800000;
		d = 32'd126 - e;
		d = d > 32'd26 ? 32'd26 : d;
		tiny = m >> d[4:0];
		lost = m - (tiny << d[4:0]);
		half = 32'd1 << (d[4:0] - 5'd1);
		tiny = tiny + (lost > half || (lost == half && (tiny & 32'd1) != 32'd0) ? 32'd1 : 32'd0);
		q = e < 32'd113 ? tiny : q;
		q = q | ((x >> 16) & 32'h8000);
		return (x & ~SIGN) > INF ? 32'h7e00 : q;
	endfunction

	function automatic logic [31:0] f32_add(input logic [31:0] x, input logic [31:0] y);
		logic [31:0] a, b, big, sml, diff, sign, cancel, e, es, d, m, lost, n, lz, q;
		a = x & ~SIGN;
		b = y & ~SIGN;
		big = a > b ? a : b;
		sml = a > b ? b : a;
		diff = -((x ^ y) >> 31);
		sign = a > b ? x : y;
		cancel = big == sml ? diff : 32'd0;
		e = big >> 23;
		es = sml >> 23;
		d = e - es;
		d = d > 32'd31 ? 32'd31 : d;
		m = es == 32'd0 ? 32'd0 : ((sml << 3) & 32'h3fffff8) | 32'h4000000;
		n = m >> d[4:0];
		lost = (n << d[4:0]) == m ? 32'd0 : 32'd1;
		n = (((big << 3) & 32'h3fffff8) | 32'h4000000) + ((n | lost) ^ diff) - diff;
		lz = leading(n << 4);
		n = n << lz[4:0];
		q = ((n + 32'd7 + ((n >> 4) & 32'd1)) >> 4) + ((e - lz) << 23);
		q = e < lz ? 32'd0 : q;
		q = q & ~cancel;
		q = q > INF || big >= INF ? INF : q;
		q = q | (sign & ~cancel & SIGN);
		return big > INF || (sml == INF && diff != 32'd0) ? NAN : q;
	endfunction

	function automatic logic [31:0] f32_mul(input logic [31:0] x, input logic [31:0] y);
		logic [63:0] p;
		logic [31:0] a, b, e, m, q;
		a = x & ~SIGN;
		b = y & ~SIGN;
		p = {32'd0, (a & 32'h7fffff) | 32'h800000} * {32'd0, (b & 32'h7fffff) | 32'h800000};
		// leading one to bit 47; exponents biased by 1024 to stay positive
		e = (a >> 23) + (b >> 23) + 32'd1024 - 32'd127 + (p[47] ? 32'd1 : 32'd0);
		p = p[47] ? p : p << 1;
		m = p[47:16] | (p[15:0] == 16'd0 ? 32'd0 : 32'd1);
		m = (m >> 8) + (m[7:0] > 8'h80 || (m[7:0] == 8'h80 && m[8]) ? 32'd1 : 32'd0);
		// the carry of the rounding counts before the flush
		e = e + (m >> 24);
		q = ((e - 32'd1024) << 23) | (m & 32'h7fffff);
		q = e < 32'd1025 ? 32'd0 : q;
		q = e > 32'd1278 ? INF : q;
		q = a == 32'd0 || b == 32'd0 ? 32'd0 : q;
		q = a == INF || b == INF ? INF : q;
		q = q | ((x ^ y) & SIGN);
		return a > INF || b > INF || (a == INF && b == 32'd0) || (a == 32'd0 && b == INF) ? NAN : q;
	endfunction

	// All ones when x is greater; -0 < +0.
	function automatic logic [31:0] f32_above(input logic [31:0] x, input logic [31:0] y);
		logic [31:0] a, b;
		a = x ^ (-(x >> 31) | SIGN);
		b = y ^ (-(y >> 31) | SIGN);
		return a > b ? 32'hffffffff : 32'd0;
	endfunction

	function automatic logic [31:0] f32_max(input logic [31:0] x, input logic [31:0] y);
		logic [31:0] q;
		q = f32_above(x, y) != 32'd0 ? x : y;
		return (x & ~SIGN) > INF || (y & ~SIGN) > INF ? NAN : q;
	endfunction

	function automatic logic [31:0] f32_min(input logic [31:0] x, input logic [31:0] y);
		logic [31:0] q;
		q = f32_above(x, y) != 32'd0 ? y : x;
		return (x & ~SIGN) > INF || (y & ~SIGN) > INF ? NAN : q;
	endfunction

	// Comparisons give 1.0 or +0: false with a NaN, but NaN equals NaN; -0 equals +0.
	function automatic logic [31:0] f32_gt(input logic [31:0] x, input logic [31:0] y);
		logic [31:0] a, b;
		a = x == SIGN ? 32'd0 : x;
		b = y == SIGN ? 32'd0 : y;
		a = f32_above(a, b);
		return (x & ~SIGN) > INF || (y & ~SIGN) > INF ? 32'd0 : a & ONE;
	endfunction

	function automatic logic [31:0] f32_ge(input logic [31:0] x, input logic [31:0] y);
		logic [31:0] a, b;
		a = x == SIGN ? 32'd0 : x;
		b = y == SIGN ? 32'd0 : y;
		a = f32_above(b, a);
		return (x & ~SIGN) > INF || (y & ~SIGN) > INF ? 32'd0 : ~a & ONE;
	endfunction

	function automatic logic [31:0] f32_eq(input logic [31:0] x, input logic [31:0] y);
		return x == y || ((x | y) & ~SIGN) == 32'd0 ? ONE : 32'd0;
	endfunction

	// x where y is above 0, or where it is not 0 (a NaN is not), else +0.
	function automatic logic [31:0] f32_gate(input logic [31:0] x, input logic [31:0] y);
		return y - 32'd1 < INF ? x : 32'd0;
	endfunction

	function automatic logic [31:0] f32_keep(input logic [31:0] x, input logic [31:0] y);
		return (y & ~SIGN) != 32'd0 ? x : 32'd0;
	endfunction

	function automatic logic [31:0] f32_relu(input logic [31:0] x);
		return x & ~(-(x >> 31));
	endfunction

	function automatic logic [31:0] i32_to_f32(input logic [31:0] x);
		logic [31:0] m, lz, q;
		m = x[31] ? -x : x;
		lz = leading(m);
		q = m << lz[4:0];
		q = ((q >> 8) + ((q & 32'hff) > 32'h80 || (q & 32'h1ff) == 32'h180 ? 32'd1 : 32'd0)) + ((32'd157 - lz) << 23);
		return m == 32'd0 ? 32'd0 : q | (x & SIGN);
	endfunction

	// To nearest even, saturating; NaN is 0.
	function automatic logic [31:0] f32_to_i32(input logic [31:0] x);
		logic [31:0] e, m, d, q, lost, half;
		logic [4:0] up;
		e = (x >> 23) & 32'd255;
		m = (x & 32'h7fffff) | 32'h800000;
		d = 32'd150 - e;
		d = d > 32'd25 ? 32'd25 : d;
		q = m >> d[4:0];
		lost = m - (q << d[4:0]);
		half = 32'd1 << (d[4:0] - 5'd1);
		q = q + (lost > half || (lost == half && (q & 32'd1) != 32'd0) ? 32'd1 : 32'd0);
		up = e[4:0] - 5'd22;                    // e - 150
		q = e >= 32'd150 ? m << up : q;
		q = x[31] ? -q : q;
		q = e > 32'd157 ? (x[31] ? 32'h80000000 : 32'h7fffffff) : q;
		return (x & ~SIGN) > INF ? 32'd0 : q;
	endfunction

	// To bits 7:0, saturating.
	function automatic logic [31:0] i32_to_i8(input logic [31:0] x);
		logic [31:0] v, q;
		v = x ^ SIGN;
		q = v > 32'h8000007f ? 32'h7f : x;
		q = v < 32'h7fffff80 ? 32'h80 : q;
		return q & 32'hff;
	endfunction

	// Uses every constant, for tops that take only some of the functions.
	localparam logic unused_fp = &{1'b0, SIGN, INF, NAN, ONE};
endpackage
