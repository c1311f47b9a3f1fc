// SPDX-License-Identifier: MIT
//
// Local memory of a tile: two ports of a word, one for fetches and one for
// data, both of which answer in the cycle after the request. The loader writes
// a 64-byte line through the data side, the scrub two lines through both; the
// core does not run then.
module ash_lmem
	import ash_pkg::*;
	import ash_tile_pkg::*;
(
	input  logic              clk,
	input  logic              rst,

	input  logic              if_req,
	input  logic [31:0]       if_addr,
	output logic              if_rvalid,
	output logic [31:0]       if_rdata,
	output logic              if_err,           // not local memory

	input  logic              d_req,
	input  logic              d_we,
	input  logic [3:0]        d_be,
	input  logic [31:0]       d_addr,
	input  logic [31:0]       d_wdata,
	output logic [31:0]       d_rdata,
	output logic              d_err,            // not local memory, or a write below text_bytes
	input  logic [31:0]       text_bytes,

	input  logic              ld_valid,
	input  logic [LMEM_W-1:0] ld_line,
	input  logic [511:0]      ld_data,

	input  logic              scrub_valid,      // while high: write zeros
	output logic              scrub_done        // all is zero; high until scrub_valid falls
);
	localparam logic [31:0] BYTES = 32'(ash_board_pkg::LMEM_BYTES);

	logic [15:0][31:0] mem [LMEM_LINES];

	logic              if_in, d_in, d_put;
	logic [LMEM_W-1:0] if_line, d_line;
	logic [LMEM_W-1:0] scrub_line;              // even

	assign if_in = if_addr < BYTES;
	assign if_line = if_addr[6 +: LMEM_W];
	assign d_in = d_addr < BYTES && !(d_we && d_addr < text_bytes);
	assign d_line = d_addr[6 +: LMEM_W];
	assign d_put = d_req && d_we && d_in;

	function automatic logic [31:0] merge(input logic [31:0] old, input logic [31:0] data,
					      input logic [3:0] be);
		logic [31:0] m;
		m = {{8{be[3]}}, {8{be[2]}}, {8{be[1]}}, {8{be[0]}}};
		return (data & m) | (old & ~m);
	endfunction

	// The two ports of the memory.
	always_ff @(posedge clk) begin
		if (scrub_valid)
			mem[scrub_line] <= '0;
		else if (if_req)
			if_rdata <= if_in ? mem[if_line][if_addr[5:2]] : '0;
	end

	always_ff @(posedge clk) begin
		if (scrub_valid || ld_valid)
			mem[scrub_valid ? scrub_line | 1 : ld_line] <= scrub_valid ? '0 : ld_data;
		else if (d_put)
			mem[d_line][d_addr[5:2]] <= merge(mem[d_line][d_addr[5:2]], d_wdata, d_be);
		else if (d_req)
			d_rdata <= d_in ? mem[d_line][d_addr[5:2]] : '0;
	end

	always_ff @(posedge clk) begin
		if_rvalid <= !rst && if_req;
		if_err <= if_req && !if_in;
		d_err <= d_req && !d_in;
		if (!scrub_valid || rst) begin
			scrub_line <= '0;
			scrub_done <= 1'b0;
		end else if (!scrub_done) begin
			scrub_line <= scrub_line + 2;
			scrub_done <= scrub_line == LMEM_W'(LMEM_LINES - 2);
		end
	end
endmodule
