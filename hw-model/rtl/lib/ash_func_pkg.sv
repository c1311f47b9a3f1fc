// SPDX-License-Identifier: MIT
//
// The vector unit's functions for one lane, in three steps: *_place finds the
// segment of the table (31:20) and the place in it (19:0), fn_value is the
// parabola there, *_result rounds. hw-model/numerics has the method and the
// reference. *_exp is the exponent of the result: it is v * 2^(exp - 150). x has
// been through f32_read. Written like ash_fp_pkg.
package ash_func_pkg;
	import ash_fn_pkg::*;
	import ash_fp_pkg::SIGN;
	import ash_fp_pkg::INF;
	import ash_fp_pkg::NAN;
	import ash_fp_pkg::ONE;
	import ash_fp_pkg::leading;

	localparam logic [31:0] FRACTION = 32'h7fffff;
	localparam logic [31:0] HIDDEN = 32'h800000;
	localparam logic [63:0] LOG2_E = 64'd3098164009; // in 2^-31
	localparam logic [63:0] LN_2 = 64'd1488522236;
	// Exponent fields from which on an odd function is +-1.
	localparam logic [31:0] TANH_ONE = 32'd131;
	localparam logic [31:0] ERF_ONE = 32'd129;

	function automatic logic [31:0] exponent(input logic [31:0] x);
		return (x >> 23) & 32'd255;
	endfunction

	// 30 bits after the point.
	function automatic logic [31:0] fn_value(input logic [31:0] place);
		logic [31:0] c1, c2;
		logic [63:0] p;
		c1 = C1[11'(place >> 20)];
		c2 = C2[11'(place >> 20)];
		p = {{32{c2[31]}}, c2} * {32'd0, place & 32'hfffff};
		c1 = c1 + 32'(p >> 14);
		p = {{32{c1[31]}}, c1} * {32'd0, place & 32'hfffff};
		return C0[11'(place >> 20)] + 32'(p >> 26);
	endfunction

	// n * 2^(exp - 150), rounded; flushed below 2^-126, infinity above. exp may be negative.
	function automatic logic [31:0] pack(input logic [31:0] sign, input logic [31:0] exp, input logic [63:0] n);
		logic [31:0] hi, lo, m, lz, e, q, up;
		hi = n[63:32];
		lo = n[31:0];
		m = hi != 32'd0 ? hi : lo;
		up = hi != 32'd0 ? 32'd40 : 32'd8;
		lz = leading(m);
		q = hi != 32'd0 ? lo : 32'd0;
		m = m << lz[4:0];
		m = m | ((q >> 1) >> (5'd31 - lz[4:0]));
		m = m | ((q << lz[4:0]) != 32'd0 ? 32'd1 : 32'd0);
		q = (m >> 8) + ((m & 32'hff) > 32'h80 || (m & 32'h1ff) == 32'h180 ? 32'd1 : 32'd0);
		// 1024 more, to stay positive; the carry of the rounding counts
		e = exp + up + 32'd1024 - lz;
		q = q + ((e - 32'd1025) << 23);
		e = e + (m > 32'hffffff7f ? 32'd1 : 32'd0);
		q = e < 32'd1025 || m == 32'd0 ? 32'd0 : q;
		q = e > 32'd1278 ? INF : q;
		return q | sign;
	endfunction

	// |x| * log2(e) in 2^-26 with the sign of x, 2^10 added
	function automatic logic [63:0] exp_turns(input logic [31:0] x);
		logic [63:0] t;
		logic [31:0] d;
		d = 32'd154 - exponent(x);
		d = d > 32'd63 ? 32'd63 : d;
		t = {32'd0, (x & FRACTION) | HIDDEN} * LOG2_E;
		t = ((t >> d[5:0]) + 64'd1) >> 1;
		t = d == 32'd63 ? 64'd0 : t;
		return x[31] ? 64'h1000000000 - t : 64'h1000000000 + t;
	endfunction

	function automatic logic [31:0] exp_place(input logic [31:0] x);
		logic [63:0] t;
		t = exp_turns(x);
		return (EXP << 20) + 32'(t & 64'h3ffffff);
	endfunction

	function automatic logic [31:0] exp_exp(input logic [31:0] x);
		logic [63:0] t;
		t = exp_turns(x);
		return 32'(t >> 26) - 32'd904;     // - 1024 + 150 - 30
	endfunction

	function automatic logic [31:0] exp_result(input logic [31:0] x, input logic [31:0] v, input logic [31:0] e);
		logic [31:0] q;
		q = pack(32'd0, e, {32'd0, v});
		q = exponent(x) > 32'd133 ? (x[31] ? 32'd0 : INF) : q;
		return (x & ~SIGN) > INF ? NAN : q;
	endfunction

	// x = 2^e * (1 + d): d in -0.25 .. 0.5, in 2^-24
	function automatic logic [31:0] log_d(input logic [31:0] x);
		return x[22] ? (x & FRACTION) - HIDDEN : (x & FRACTION) << 1;
	endfunction

	function automatic logic [31:0] log_place(input logic [31:0] x);
		return (LOG << 20) + ((log_d(x) + 32'h400000) << 3);
	endfunction

	function automatic logic [31:0] log_result(input logic [31:0] x, input logic [31:0] v);
		logic [31:0] d, e, q;
		logic [63:0] s;
		d = log_d(x);
		e = exponent(x) + {31'd0, x[22]} - 32'd127;
		s = {{32{d[31]}}, d} * ({32'd0, v} >> 1);
		s = s & (e == 32'd0 ? 64'hffffffffffffffff : 64'hffffffffffffff00);
		s = s + (({{32{e[31]}}, e} * LN_2) << 22);
		q = pack({s[63], 31'd0}, 32'd97, s[63] ? -s : s);
		q = x[31] ? NAN : q;
		q = (x & ~SIGN) == 32'd0 ? SIGN | INF : q;
		return (x & ~SIGN) >= INF && !(x == (SIGN | INF)) ? x : q;
	endfunction

	function automatic logic [31:0] recip_place(input logic [31:0] x);
		return (RECIP << 20) + ((x & FRACTION) << 4);
	endfunction

	function automatic logic [31:0] recip_exp(input logic [31:0] x);
		return 32'd247 - exponent(x);
	endfunction

	function automatic logic [31:0] recip_result(input logic [31:0] x, input logic [31:0] v, input logic [31:0] e);
		logic [31:0] q;
		q = pack(x & SIGN, e, {32'd0, v});
		q = (x & ~SIGN) == 32'd0 ? x | INF : q;
		q = (x & ~SIGN) == INF ? x & SIGN : q;
		return (x & ~SIGN) > INF ? NAN : q;
	endfunction

	// Both roots: an even exponent field takes the upper half of the range.
	function automatic logic [31:0] root_half(input logic [31:0] x);
		return ((exponent(x) + 32'd1) >> 1) - 32'd64;
	endfunction

	function automatic logic [31:0] rsqrt_place(input logic [31:0] x);
		return (RSQRT << 20) + ((x ^ HIDDEN) << 4 & 32'hfffffff);
	endfunction

	function automatic logic [31:0] rsqrt_exp(input logic [31:0] x);
		return 32'd120 - root_half(x);
	endfunction

	function automatic logic [31:0] rsqrt_result(input logic [31:0] x, input logic [31:0] v, input logic [31:0] e);
		logic [31:0] q;
		q = pack(32'd0, e, {32'd0, v});
		q = x[31] ? NAN : q;
		q = (x & ~SIGN) == 32'd0 ? x | INF : q;
		q = x == INF ? 32'd0 : q;
		return (x & ~SIGN) > INF ? NAN : q;
	endfunction

	function automatic logic [31:0] sqrt_place(input logic [31:0] x);
		return (SQRT << 20) + ((x ^ HIDDEN) << 3 & 32'h7ffffff);
	endfunction

	function automatic logic [31:0] sqrt_exp(input logic [31:0] x);
		return 32'd120 + root_half(x);
	endfunction

	function automatic logic [31:0] sqrt_result(input logic [31:0] x, input logic [31:0] v, input logic [31:0] e);
		logic [31:0] q;
		q = pack(32'd0, e, {32'd0, v});
		q = x[31] ? NAN : q;
		return (x & ~SIGN) == 32'd0 || (x & ~SIGN) > INF || x == INF ? x : q;
	endfunction

	// Odd functions: x * value below 0.5, a range for each power of two above.
	function automatic logic [31:0] odd_low(input logic [31:0] x);
		logic [31:0] d;
		d = 32'd125 - exponent(x);
		d = d > 32'd31 ? 32'd31 : d;
		return (((x & FRACTION) | HIDDEN) << 2) >> d[4:0];
	endfunction

	function automatic logic [31:0] tanh_place(input logic [31:0] x);
		logic [31:0] e, f, q;
		e = exponent(x);
		f = x & FRACTION;
		q = (TANH_LOW << 20) + odd_low(x);
		q = e == 32'd126 ? (TANH_0 << 20) + (f << 3) : q;
		q = e == 32'd127 ? (TANH_1 << 20) + (f << 4) : q;
		q = e == 32'd128 ? (TANH_2 << 20) + (f << 4) : q;
		q = e == 32'd129 ? (TANH_3 << 20) + (f << 3) : q;
		return e > 32'd129 ? (TANH_4 << 20) + (f << 2) : q;
	endfunction

	function automatic logic [31:0] erf_place(input logic [31:0] x);
		logic [31:0] e, f, q;
		e = exponent(x);
		f = x & FRACTION;
		q = (ERF_LOW << 20) + odd_low(x);
		q = e == 32'd126 ? (ERF_0 << 20) + (f << 3) : q;
		q = e == 32'd127 ? (ERF_1 << 20) + (f << 4) : q;
		return e > 32'd127 ? (ERF_2 << 20) + (f << 4) : q;
	endfunction

	// one: TANH_ONE or ERF_ONE
	function automatic logic [31:0] odd_result(input logic [31:0] x, input logic [31:0] v, input logic [31:0] one);
		logic [31:0] e, q;
		logic [63:0] n;
		e = exponent(x);
		n = e < 32'd126 ? {32'd0, (x & FRACTION) | HIDDEN} * ({32'd0, v} >> 2) : {32'd0, v};
		q = pack(x & SIGN, e < 32'd126 ? e - 32'd28 : 32'd120, n);
		q = e >= one ? (x & SIGN) | ONE : q;
		return (x & ~SIGN) == 32'd0 || (x & ~SIGN) > INF ? x : q;
	endfunction

	// Uses every constant, for tops that take only some of the functions.
	localparam logic unused_func = &{1'b0, TANH_ONE, ERF_ONE, |LOG2_E, |LN_2};
endpackage
