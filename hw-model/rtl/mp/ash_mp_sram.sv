// SPDX-License-Identifier: MIT
//
// A memory of the management processor: rows of 64 bytes, and three ports
// whose data comes in the cycle after a granted request.
//   a  32 bits, always granted (the processor's data)
//   b  32 bits                 (instructions, or the host)
//   w  64 bytes                (copy engines)
// b and w share the memory's second side and take turns when both ask.
// Where a write of a meets one of the others, a's bytes stay.
module ash_mp_sram #(
	parameter int BYTES = 4096,                     // multiple of 64
	localparam int AW = $clog2(BYTES)
) (
	input  logic          clk,
	input  logic          rst,

	input  logic          a_req,
	input  logic          a_we,
	input  logic [3:0]    a_be,
	input  logic [AW-1:2] a_addr,
	input  logic [31:0]   a_wdata,
	output logic [31:0]   a_rdata,

	input  logic          b_req,
	output logic          b_gnt,
	input  logic          b_we,
	input  logic [AW-1:2] b_addr,
	input  logic [31:0]   b_wdata,
	output logic [31:0]   b_rdata,

	input  logic          w_req,
	output logic          w_gnt,
	input  logic          w_we,
	input  logic [7:0]    w_strb,                   // one bit for 8 bytes
	input  logic [AW-1:6] w_addr,
	input  logic [511:0]  w_wdata,
	output logic [511:0]  w_rdata
);
	localparam int ROWS = BYTES / 64;

	logic [511:0] mem [ROWS];
	logic         w_last;                           // w had the last turn both wanted

	initial
		for (int i = 0; i < ROWS; i++)
			mem[i] = '0;

	assign w_gnt = w_req && !(b_req && w_last);
	assign b_gnt = b_req && !w_gnt;

	always_ff @(posedge clk) begin
		if (rst)
			w_last <= 1'b0;
		else if (w_req && b_req)
			w_last <= w_gnt;
	end

	always_ff @(posedge clk) begin
		if (w_gnt) begin
			if (w_we) begin
				automatic logic [511:0] row = mem[w_addr];
				for (int i = 0; i < 8; i++)
					if (w_strb[i])
						row[64*i +: 64] = w_wdata[64*i +: 64];
				mem[w_addr] <= row;
			end else begin
				w_rdata <= mem[w_addr];
			end
		end
		if (b_gnt) begin
			if (b_we)
				mem[b_addr[AW-1:6]][{b_addr[5:2], 5'h0} +: 32] <= b_wdata;
			else
				b_rdata <= mem[b_addr[AW-1:6]][{b_addr[5:2], 5'h0} +: 32];
		end
		if (a_req) begin
			automatic logic [31:0] word = mem[a_addr[AW-1:6]][{a_addr[5:2], 5'h0} +: 32];
			a_rdata <= word;
			if (a_we) begin
				for (int i = 0; i < 4; i++)
					if (a_be[i])
						word[8*i +: 8] = a_wdata[8*i +: 8];
				mem[a_addr[AW-1:6]][{a_addr[5:2], 5'h0} +: 32] <= word;
			end
		end
	end
endmodule
