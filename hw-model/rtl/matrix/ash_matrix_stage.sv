// SPDX-License-Identifier: MIT
//
// The two staging buffers of one operand: N columns of N words each, a column
// being one word of k (4 int8, 2 bf16 or fp16) of each of the N rows. A line of
// row form writes one word of every column, a k-major line a whole column.
// Reading gives a column, ready to multiply: int8 bytes beyond K as zero, one k
// of a 16-bit type expanded to fp32.
//
// The buffers are arrays of words handed by reference to functions with rolled
// loops: Verilator turns these into plain C++ loops, which the C++ compiler
// vectorises (README.md).

// An inout array. Verilator 5.032 copies one word by word into a function and
// back, but hands on a ref (hw-model/rtl/matrix/flags.mk); synthesis knows inout
// only. Here both are the same.
`ifdef ASH_VERILATOR_REF
`define ASH_BY_REF ref
`else
`define ASH_BY_REF inout
`endif

module ash_matrix_stage
	import ash_pkg::*;
(
	input  logic                 clk,
	input  logic                 wr_en,
	input  logic                 wr_buf,
	input  logic                 wr_kmajor,
	input  logic                 wr_is16,
	input  logic [ROW_W-1:0]     wr_idx,            // row, or column when k-major
	input  logic [LINE_BITS-1:0] wr_data,

	input  logic                 rd_en,
	input  logic                 rd_buf,
	input  logic [ROW_W-1:0]     rd_col,
	input  logic                 rd_is16,
	input  logic                 rd_fp16,
	input  logic                 rd_half,           // 16 bit: second k of the word
	input  logic [31:0]          rd_keep,           // int8: bits that take part
	output logic [LINE_BITS-1:0] q                  // in the next cycle, row r in word r
);
	/* verilator inline_module */
	typedef logic [31:0] words_t [N];
	typedef words_t stage_t [2][N];                 // [buffer][column][row]
	localparam logic [31:0] COUNT = N;

	stage_t stage;

	function automatic void write_row(`ASH_BY_REF stage_t s, input logic b, input logic [ROW_W-1:0] r,
	                                  input words_t w);
		/* verilator no_inline_task */
		for (int i = 0; i < N; i++)
			s[b][i][r] = w[i];
	endfunction

	// Two k, N halfwords each, to N words.
	function automatic void write_k2(`ASH_BY_REF stage_t s, input logic b, input logic [ROW_W-1:0] c,
	                                 input words_t w);
		/* verilator no_inline_task */
		logic [31:0] x, y;
		for (int i = 0; i < N / 2; i++) begin
			x = w[i];
			y = w[N / 2 + i];
			s[b][c][2 * i] = {y[15:0], x[15:0]};
			s[b][c][2 * i + 1] = {y[31:16], x[31:16]};
		end
	endfunction

	// Four k, N bytes each, to N words.
	function automatic void write_k4(`ASH_BY_REF stage_t s, input logic b, input logic [ROW_W-1:0] c,
	                                 input words_t w);
		/* verilator no_inline_task */
		logic [31:0] k0, k1, k2, k3;
		for (int i = 0; i < N / 4; i++) begin
			k0 = w[i];
			k1 = w[N / 4 + i];
			k2 = w[N / 2 + i];
			k3 = w[3 * N / 4 + i];
			s[b][c][4 * i] = {k3[7:0], k2[7:0], k1[7:0], k0[7:0]};
			s[b][c][4 * i + 1] = {k3[15:8], k2[15:8], k1[15:8], k0[15:8]};
			s[b][c][4 * i + 2] = {k3[23:16], k2[23:16], k1[23:16], k0[23:16]};
			s[b][c][4 * i + 3] = {k3[31:24], k2[31:24], k1[31:24], k0[31:24]};
		end
	endfunction

	// bf16 to fp32; denormals are zeros.
	function automatic void read_bf16(`ASH_BY_REF stage_t s, input logic b, input logic [ROW_W-1:0] c,
	                                  input logic second, `ASH_BY_REF words_t w);
		/* verilator no_inline_task */
		logic [31:0] i, x;
		logic [4:0] shift;
		i = '0;
		shift = second ? 5'd0 : 5'd16;
		while (i < COUNT) begin
			x = (s[b][c][i[ROW_W-1:0]] << shift) & 32'hffff0000;
			w[i[ROW_W-1:0]] = x & ((x & 32'h7f800000) == 32'd0 ? 32'h80000000 : 32'hffffffff);
			i = i + 32'd1;
		end
	endfunction

	// fp16 to fp32, exactly. A denormal is normalised by shifting it up to 8,
	// 4, 2 and 1 places further than one.
	function automatic void read_fp16(`ASH_BY_REF stage_t s, input logic b, input logic [ROW_W-1:0] c,
	                                  input logic second, `ASH_BY_REF words_t w);
		/* verilator no_inline_task */
		logic [31:0] i, x, m, n, e, up;
		logic [4:0] shift;
		i = '0;
		shift = second ? 5'd16 : 5'd0;
		while (i < COUNT) begin
			x = s[b][c][i[ROW_W-1:0]] >> shift;
			m = x & 32'h3ff;
			e = (x >> 10) & 32'd31;
			n = m << 1;
			up = 32'd1;
			n = (m >> 2) == 32'd0 ? n << 8 : n;
			up = (m >> 2) == 32'd0 ? up + 32'd8 : up;
			m = n;
			n = (m >> 7) == 32'd0 ? n << 4 : n;
			up = (m >> 7) == 32'd0 ? up + 32'd4 : up;
			m = n;
			n = (m >> 9) == 32'd0 ? n << 2 : n;
			up = (m >> 9) == 32'd0 ? up + 32'd2 : up;
			m = n;
			n = (m >> 10) == 32'd0 ? n << 1 : n;
			up = (m >> 10) == 32'd0 ? up + 32'd1 : up;
			// n has its leading one at bit 10 (or is 0): 1.f * 2^(-14 - up)
			n = n == 32'd0 ? 32'd0 : ((32'd113 - up) << 23) + ((n & 32'h3ff) << 13);
			m = (x & 32'h3ff) << 13;
			m = m | ((e == 32'd31 ? 32'd255 : e + 32'd112) << 23);
			w[i[ROW_W-1:0]] = (e == 32'd0 ? n : m) | ((x & 32'h8000) << 16);
			i = i + 32'd1;
		end
	endfunction

	always_ff @(posedge clk) begin
		words_t w;

		if (rd_en) begin
			if (!rd_is16)
				for (int i = 0; i < N; i++)
					w[i] = stage[rd_buf][rd_col][i] & rd_keep;
			else if (!rd_fp16)
				read_bf16(stage, rd_buf, rd_col, rd_half, w);
			else
				read_fp16(stage, rd_buf, rd_col, rd_half, w);
			for (int i = 0; i < N; i++)
				q[32 * i +: 32] <= w[i];
		end
		if (wr_en) begin
			for (int i = 0; i < N; i++)
				w[i] = wr_data[32 * i +: 32];
			if (!wr_kmajor)
				write_row(stage, wr_buf, wr_idx, w);
			else if (wr_is16)
				write_k2(stage, wr_buf, wr_idx, w);
			else
				write_k4(stage, wr_buf, wr_idx, w);
		end
	end
endmodule
