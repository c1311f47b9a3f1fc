// SPDX-License-Identifier: MIT
//
// The accumulators and their arithmetic: each step adds the outer product of a
// column of A and a row of B (four k for int8, one for fp32) to one accumulator
// tile. hw-model/numerics has the rules.
//
// The tiles are handed by reference to functions with rolled loops in which
// everything is 32 bits wide and selections are masks: Verilator turns these
// into plain C++ loops, which the C++ compiler vectorises (README.md).

// An inout array. Verilator 5.032 copies one word by word into a function and
// back, but hands on a ref (hw-model/rtl/matrix/flags.mk); synthesis knows inout
// only. Here both are the same.
`ifdef ASH_VERILATOR_REF
`define ASH_BY_REF ref
`else
`define ASH_BY_REF inout
`endif

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

	function automatic void zero_row(`ASH_BY_REF accs_t x, input logic [ACC_W-1:0] t, input logic [ROW_W-1:0] r);
		/* verilator no_inline_task */
		for (int c = 0; c < N; c++)
			x[t][r][c] = '0;
	endfunction

	// Before the first step: start from +0, or see denormals as zeros.
	function automatic void open_tile(`ASH_BY_REF accs_t x, input logic [ACC_W-1:0] t,
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

	function automatic void mac_int8(`ASH_BY_REF accs_t x, input logic [ACC_W-1:0] t,
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
	// every element; those of a and b have at most 11 significant bits. A row
	// goes through short phases, each a loop of its own over the columns: this
	// keeps the compiled chains of dependent operations short, and is where a
	// pipelined array would have its registers.
	//
	// An exponent is offset so that after the addition of two of them, clamped
	// to 256 values, shifting it into place drops the offset; zero and infinity
	// are exponents far below and above. Bit 31 of nan says that the result is
	// one: bit 31 - class of ak says that a with a b of that class makes one.
	function automatic void mac_fp(`ASH_BY_REF accs_t x, input logic [ACC_W-1:0] t,
	                               input words_t av, input words_t bv);
		/* verilator no_inline_task */
		words_t bs, be, bm, bk, py, nan, sign, top, sum, norm, shift;
		logic [31:0] r, c, v, e, f, as, ae, am, ak;
		logic [31:0] p, hi, y, s, w, big, sml, diff, cancel, es, d, mb, ms, lost, n, up, lz, q;
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
			// class: 0 zero, 1 infinite, 2 NaN, 3 other
			f = f == 32'd0 ? 32'd1 : 32'd2;
			bk[c[ROW_W-1:0]] = e == 32'd0 ? 32'd0 : e == 32'd255 ? f : 32'd3;
			c = c + 32'd1;
		end
		while (r < COUNT) begin
			v = av[r[ROW_W-1:0]];
			e = (v >> 23) & 32'd255;
			f = v & 32'h7fffff;
			as = v & 32'h80000000;
			ae = (e == 32'd0 ? 32'd256 : e == 32'd255 ? 32'd8192 : e + 32'd2048) - 32'd127;
			am = (f >> 13) | 32'd1024;
			f = f == 32'd0 ? 32'ha0000000 : 32'hf0000000;
			ak = e == 32'd0 ? 32'h60000000 : e == 32'd255 ? f : 32'h20000000;

			// product: magnitude
			c = '0;
			v = '0;
			while (c < COUNT) begin
				p = am * bm[c[ROW_W-1:0]];
				hi = p >> 21;
				e = ae + be[c[ROW_W-1:0]] + hi;
				e = e < 32'd4096 ? 32'd4096 : e;
				e = e > 32'd4351 ? 32'd4351 : e;
				y = (e << 23) | (((p << 3) >> hi[4:0]) & 32'h7fffff);
				py[c[ROW_W-1:0]] = e == 32'd4096 ? 32'd0 : y;
				c = c + 32'd1;
			end

			// order by magnitude, align with three more bits of which the
			// last is sticky, add
			c = '0;
			v = '0;
			while (c < COUNT) begin
				y = py[c[ROW_W-1:0]];
				s = as ^ bs[c[ROW_W-1:0]];
				v = x[t][r[ROW_W-1:0]][c[ROW_W-1:0]];
				w = v & 32'h7fffffff;
				big = w > y ? w : y;
				sml = w > y ? y : w;
				diff = -((v ^ s) >> 31);
				v = big == w ? v : s;
				cancel = big == sml ? diff : 32'd0;
				nan[c[ROW_W-1:0]] = (32'h7f800000 - w) | ((sml + 32'h800000) & diff) |
				                    (ak << bk[c[ROW_W-1:0]][4:0]);
				sign[c[ROW_W-1:0]] = v & ~cancel & 32'h80000000;
				top[c[ROW_W-1:0]] = big & ~cancel;
				es = sml >> 23;
				d = (big >> 23) - es;
				d = d > 32'd31 ? 32'd31 : d;
				mb = ((big << 3) & 32'h3fffff8) | 32'h4000000;
				ms = ((sml << 3) & 32'h3fffff8) | 32'h4000000;
				ms = es == 32'd0 ? 32'd0 : ms;
				lost = ms;
				ms = ms >> d[4:0];
				lost = (ms << d[4:0]) != lost ? 32'd1 : 32'd0;
				sum[c[ROW_W-1:0]] = mb + ((ms | lost) ^ diff) - diff;
				c = c + 32'd1;
			end

			// normalise to bit 27
			c = '0;
			n = '0;
			while (c < COUNT) begin
				n = sum[c[ROW_W-1:0]];
				lz = (n >> 12) == 32'd0 ? 32'd16 : 32'd0;
				n = n << lz[4:0];
				up = (n >> 20) == 32'd0 ? 32'd8 : 32'd0;
				n = n << up[4:0];
				lz = lz | up;
				up = (n >> 24) == 32'd0 ? 32'd4 : 32'd0;
				n = n << up[4:0];
				lz = lz | up;
				up = (n >> 26) == 32'd0 ? 32'd2 : 32'd0;
				n = n << up[4:0];
				lz = lz | up;
				up = (n >> 27) == 32'd0 ? 32'd1 : 32'd0;
				norm[c[ROW_W-1:0]] = n << up[4:0];
				shift[c[ROW_W-1:0]] = lz | up;
				c = c + 32'd1;
			end

			// round, flush what is below the normal numbers (it is exact)
			// or cancelled, limit to infinity
			c = '0;
			n = '0;
			while (c < COUNT) begin
				n = norm[c[ROW_W-1:0]];
				big = top[c[ROW_W-1:0]];
				e = (big >> 23) - shift[c[ROW_W-1:0]];
				q = (n + 32'd7 + ((n >> 4) & 32'd1)) >> 4;
				q = (q + (e << 23)) & ~(-(e >> 31));
				q = q | ((big + 32'h800000) & 32'h80000000);
				q = q > 32'h7f800000 ? 32'h7f800000 : q;
				q = q | sign[c[ROW_W-1:0]];
				x[t][r[ROW_W-1:0]][c[ROW_W-1:0]] = nan[c[ROW_W-1:0]] > 32'h7fffffff ? 32'h7fc00000 : q;
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
