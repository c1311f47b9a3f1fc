// SPDX-License-Identifier: MIT
//
// The accumulators and their arithmetic: each step adds the outer product of a
// column of A and a row of B (four k for int8, one for fp32) to one accumulator
// tile. hw-model/numerics has the rules.
//
// The tiles are handed by reference to functions with rolled loops in which
// everything is 32 bits wide and selections are masks: Verilator turns these
// into plain C++ loops, which the C++ compiler vectorises (README.md).
module ash_matrix_array
	import ash_board_pkg::ACCS;
	import ash_pkg::*;
(
	input  logic                 clk,
	input  logic                 scrub_en,          // zero one row
	input  logic [ACC_W-1:0]     scrub_idx,
	input  logic [ROW_W-1:0]     scrub_row,

	input  logic                 step_en,
	input  logic                 step_fp,           // fp32, else int8
	input  logic                 step_first,        // first step of a command
	input  logic                 step_accumulate,   // it keeps what the tile holds
	input  logic [ACC_W-1:0]     step_acc,
	input  logic [LINE_BITS-1:0] a,                 // row r in word r
	input  logic [LINE_BITS-1:0] b,                 // column c in word c

	input  logic                 acc_req,           // read as it was before this cycle's step
	input  logic [ACC_W-1:0]     acc_idx,
	input  logic [ROW_W-1:0]     acc_row,
	output logic [LINE_BITS-1:0] acc_rdata
);
	/* verilator inline_module */
	typedef logic [31:0] words_t [N];
	typedef words_t accs_t [ACCS][N];               // [tile][row][column]
	localparam logic [31:0] COUNT = N;

	accs_t accs;

	function automatic void zero_row(inout accs_t x, input logic [ACC_W-1:0] t, input logic [ROW_W-1:0] r);
		/* verilator no_inline_task */
		for (int c = 0; c < N; c++)
			x[t][r][c] = '0;
	endfunction

	// Before the first step: start from +0, or see denormals as zeros.
	function automatic void open_tile(inout accs_t x, input logic [ACC_W-1:0] t,
	                                  input logic keep, input logic fp);
		/* verilator no_inline_task */
		logic [31:0] r, c, v;
		r = '0;
		c = '0;
		while (r < COUNT && !(keep && !fp)) begin
			c = '0;
			v = '0;
			while (c < COUNT) begin
				v = x[t][r[ROW_W-1:0]][c[ROW_W-1:0]];
				v = v & ((v & 32'h7f800000) == 32'd0 ? 32'h80000000 : 32'hffffffff);
				x[t][r[ROW_W-1:0]][c[ROW_W-1:0]] = keep ? v : 32'd0;
				c = c + 32'd1;
			end
			r = r + 32'd1;
		end
	endfunction

	function automatic void mac_int8(inout accs_t x, input logic [ACC_W-1:0] t,
	                                 input words_t av, input words_t bv);
		/* verilator no_inline_task */
		words_t b0, b1, b2, b3;
		logic [31:0] r, c, v, a0, a1, a2, a3;
		r = '0;
		c = '0;
		v = '0;
		while (c < COUNT) begin
			v = bv[c[ROW_W-1:0]];
			b0[c[ROW_W-1:0]] = {{24{v[7]}}, v[7:0]};
			b1[c[ROW_W-1:0]] = {{24{v[15]}}, v[15:8]};
			b2[c[ROW_W-1:0]] = {{24{v[23]}}, v[23:16]};
			b3[c[ROW_W-1:0]] = {{24{v[31]}}, v[31:24]};
			c = c + 32'd1;
		end
		while (r < COUNT) begin
			v = av[r[ROW_W-1:0]];
			a0 = {{24{v[7]}}, v[7:0]};
			a1 = {{24{v[15]}}, v[15:8]};
			a2 = {{24{v[23]}}, v[23:16]};
			a3 = {{24{v[31]}}, v[31:24]};
			c = '0;
			v = '0;
			while (c < COUNT) begin
				v = a0 * b0[c[ROW_W-1:0]] + a1 * b1[c[ROW_W-1:0]] + a2 * b2[c[ROW_W-1:0]] + a3 * b3[c[ROW_W-1:0]];
				x[t][r[ROW_W-1:0]][c[ROW_W-1:0]] = x[t][r[ROW_W-1:0]][c[ROW_W-1:0]] + v;
				c = c + 32'd1;
			end
			r = r + 32'd1;
		end
	endfunction

	// One exact product and one fp32 addition, rounded to nearest even, for
	// every element. The elements of a and b have at most 11 significant bits.
	// An exponent is offset so that after the addition of two of them, clamped
	// to 256 values, shifting it into place drops the offset; zero and infinity
	// are exponents far below and above.
	function automatic void mac_fp(inout accs_t x, input logic [ACC_W-1:0] t,
	                               input words_t av, input words_t bv);
		/* verilator no_inline_task */
		words_t bs, be, bm, bk;
		logic [31:0] r, c, v, f, as, ae, am, ak;
		logic [31:0] p, hi, e, y, s, w, big, sml, eb, es, d, mb, ms, lost;
		logic [31:0] diff, up, lz, n, m, sign, cancel, nan, q;
		r = '0;
		c = '0;
		v = '0;
		while (c < COUNT) begin
			v = bv[c[ROW_W-1:0]];
			e = (v >> 23) & 32'd255;
			f = v & 32'h7fffff;
			bs[c[ROW_W-1:0]] = v & 32'h80000000;
			be[c[ROW_W-1:0]] = e == 32'd0 ? 32'd256 : e == 32'd255 ? 32'd8192 : e + 32'd2048;
			bm[c[ROW_W-1:0]] = (f >> 13) | 32'd1024;
			// class: 1 zero, 2 infinite, 4 NaN, 8 any
			bk[c[ROW_W-1:0]] = (e == 32'd0 ? 32'd1 : 32'd0) | (e == 32'd255 ? 32'd2 : 32'd0);
			bk[c[ROW_W-1:0]] = (e == 32'd255 && f != 32'd0 ? 32'd4 : bk[c[ROW_W-1:0]]) | 32'd8;
			c = c + 32'd1;
		end
		while (r < COUNT) begin
			v = av[r[ROW_W-1:0]];
			e = (v >> 23) & 32'd255;
			f = v & 32'h7fffff;
			as = v & 32'h80000000;
			ae = (e == 32'd0 ? 32'd256 : e == 32'd255 ? 32'd8192 : e + 32'd2048) - 32'd127;
			am = (f >> 13) | 32'd1024;
			// the classes of b with which this a makes a NaN
			ak = e == 32'd0 ? 32'd6 : e != 32'd255 ? 32'd4 : f == 32'd0 ? 32'd5 : 32'd8;
			c = '0;
			v = '0;
			while (c < COUNT) begin
				// product: sign s, magnitude y
				p = am * bm[c[ROW_W-1:0]];
				hi = p >> 21;
				e = ae + be[c[ROW_W-1:0]] + hi;
				e = e < 32'd4096 ? 32'd4096 : e;
				e = e > 32'd4351 ? 32'd4351 : e;
				y = (e << 23) | (((p << 3) >> hi[4:0]) & 32'h7fffff);
				y = e == 32'd4096 ? 32'd0 : y;
				s = as ^ bs[c[ROW_W-1:0]];
				// order by magnitude
				v = x[t][r[ROW_W-1:0]][c[ROW_W-1:0]];
				w = v & 32'h7fffffff;
				big = w > y ? w : y;
				sml = w > y ? y : w;
				diff = -((v ^ s) >> 31);
				sign = big == w ? v : s;
				// align with three more bits, the last sticky; a zero is
				// shifted out and its sticky bit changes nothing
				eb = big >> 23;
				es = sml >> 23;
				d = eb - es;
				d = d > 32'd31 ? 32'd31 : d;
				mb = ((big << 3) & 32'h3fffff8) | 32'h4000000;
				ms = ((sml << 3) & 32'h3fffff8) | 32'h4000000;
				ms = es == 32'd0 ? 32'd0 : ms;
				lost = ms;
				ms = ms >> d[4:0];
				lost = (ms << d[4:0]) != lost ? 32'd1 : 32'd0;
				n = mb + ((ms | lost) ^ diff) - diff;
				// normalise to bit 27
				m = (n >> 12) == 32'd0 ? n << 16 : n;
				up = (n >> 12) == 32'd0 ? 32'd16 : 32'd0;
				lz = up;
				n = (m >> 20) == 32'd0 ? m << 8 : m;
				up = (m >> 20) == 32'd0 ? 32'd8 : 32'd0;
				lz = lz | up;
				m = (n >> 24) == 32'd0 ? n << 4 : n;
				up = (n >> 24) == 32'd0 ? 32'd4 : 32'd0;
				lz = lz | up;
				n = (m >> 26) == 32'd0 ? m << 2 : m;
				up = (m >> 26) == 32'd0 ? 32'd2 : 32'd0;
				lz = lz | up;
				m = (n >> 27) == 32'd0 ? n << 1 : n;
				up = (n >> 27) == 32'd0 ? 32'd1 : 32'd0;
				lz = lz | up;
				// round and pack
				q = (m + 32'd7 + ((m >> 4) & 32'd1)) >> 4;
				q = q + ((eb - lz) << 23);
				q = eb < lz ? 32'd0 : q;
				cancel = big == sml ? diff : 32'd0;
				q = q & ~cancel;
				q = q | (big > 32'h7f7fffff ? 32'h7f800000 : 32'd0);
				q = q > 32'h7f800000 ? 32'h7f800000 : q;
				q = q | (sign & ~cancel & 32'h80000000);
				nan = (w > 32'h7f800000 ? 32'hffffffff : 32'd0) |
				      (sml > 32'h7f7fffff ? diff : 32'd0) | (bk[c[ROW_W-1:0]] & ak);
				x[t][r[ROW_W-1:0]][c[ROW_W-1:0]] = nan != 32'd0 ? 32'h7fc00000 : q;
				c = c + 32'd1;
			end
			r = r + 32'd1;
		end
	endfunction

	always_ff @(posedge clk) begin
		words_t av, bv;

		if (acc_req)
			for (int c = 0; c < N; c++)
				acc_rdata[32 * c +: 32] <= accs[acc_idx][acc_row][c];
		if (step_en) begin
			for (int i = 0; i < N; i++) begin
				av[i] = a[32 * i +: 32];
				bv[i] = b[32 * i +: 32];
			end
			if (step_first)
				open_tile(accs, step_acc, step_accumulate, step_fp);
			if (step_fp)
				mac_fp(accs, step_acc, av, bv);
			else
				mac_int8(accs, step_acc, av, bv);
		end
		if (scrub_en)
			zero_row(accs, scrub_idx, scrub_row);
	end
endmodule
