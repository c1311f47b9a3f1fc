// SPDX-License-Identifier: MIT
//
// The scratchpad. The high bits of a line number are its bank; a bank takes
// one read and one write a cycle, so requesters in different banks never meet.
// In one bank the first in the list wins, without turns: the order puts what
// would stall the most behind it first, and every requester ahead leaves gaps
// or ends.
//   read:  matrix A, matrix B, vector, tables of both DMA, store DMA, core
//   write: vector, load DMA, core
// Grants are combinational; read data is there in the cycle after the grant,
// and only then.
module ash_spad
	import ash_pkg::*;
#(
	parameter int READERS = 6,
	parameter int WRITERS = 3
) (
	input  logic                  clk,
	input  logic                  rst,

	input  logic [READERS-1:0]    rd_req,
	input  logic [LINE_W-1:0]     rd_line [READERS],
	output logic [READERS-1:0]    rd_gnt,
	output logic [LINE_BITS-1:0]  rd_data [READERS],

	input  logic [WRITERS-1:0]    wr_req,
	input  logic [LINE_W-1:0]     wr_line [WRITERS],
	input  logic [LINE_BITS-1:0]  wr_data [WRITERS],
	input  logic [LINE_BYTES-1:0] wr_strb [WRITERS],
	output logic [WRITERS-1:0]    wr_gnt,

	input  logic                  scrub_valid,      // while high: write zeros, a line per bank a cycle
	output logic                  scrub_done        // all is zero; high until scrub_valid falls
);
	localparam int BANKS = ash_board_pkg::SPAD_BANKS;
	localparam int BANK_LINES = SPAD_LINES / BANKS;
	localparam int IDX_W = $clog2(BANK_LINES);
	localparam int BANK_W = $clog2(BANKS);

	// Who has each bank.
	logic [BANKS-1:0]   b_rd, b_wr;
	logic [IDX_W-1:0]   b_rd_idx [BANKS], b_wr_idx [BANKS];
	logic [1:0]         b_wr_sel [BANKS];
	logic [LINE_BITS-1:0] b_rd_data [BANKS];

	logic [BANK_W-1:0]  rd_bank [READERS];          // of the last grant
	logic [IDX_W-1:0]   scrub_idx;

	always_comb begin
		b_rd = '0;
		rd_gnt = '0;
		for (int b = 0; b < BANKS; b++)
			b_rd_idx[b] = '0;
		if (rd_req != '0) begin
			for (int r = 0; r < READERS; r++) begin
				if (rd_req[r] && !b_rd[rd_line[r][IDX_W +: BANK_W]]) begin
					b_rd[rd_line[r][IDX_W +: BANK_W]] = 1'b1;
					b_rd_idx[rd_line[r][IDX_W +: BANK_W]] = rd_line[r][IDX_W-1:0];
					rd_gnt[r] = 1'b1;
				end
			end
		end
	end

	always_comb begin
		b_wr = '0;
		wr_gnt = '0;
		for (int b = 0; b < BANKS; b++) begin
			b_wr_idx[b] = '0;
			b_wr_sel[b] = '0;
		end
		if (wr_req != '0) begin
			for (int w = 0; w < WRITERS; w++) begin
				if (wr_req[w] && !b_wr[wr_line[w][IDX_W +: BANK_W]]) begin
					b_wr[wr_line[w][IDX_W +: BANK_W]] = 1'b1;
					b_wr_idx[wr_line[w][IDX_W +: BANK_W]] = wr_line[w][IDX_W-1:0];
					b_wr_sel[wr_line[w][IDX_W +: BANK_W]] = 2'(w);
					wr_gnt[w] = 1'b1;
				end
			end
		end
	end

	// Byte strobes as bit masks, to merge a line with what was there. This
	// stands for the byte enables of a memory macro.
	logic [LINE_BITS-1:0] wr_mask [WRITERS];

	for (genvar w = 0; w < WRITERS; w++) begin : g_mask
		always_comb begin
			wr_mask[w] = '1;
			if (wr_req[w] && !(&wr_strb[w]))
				for (int i = 0; i < LINE_BYTES; i++)
					wr_mask[w][8 * i +: 8] = {8{wr_strb[w][i]}};
		end
	end

	// A bank: one read and one write port. A read in the cycle of a write
	// to the same line gives the old line.
	for (genvar b = 0; b < BANKS; b++) begin : g_bank
		logic [LINE_BITS-1:0] mem [BANK_LINES];

		always_ff @(posedge clk)
			if (b_rd[b])
				b_rd_data[b] <= mem[b_rd_idx[b]];

		always_ff @(posedge clk) begin
			if (scrub_valid)
				mem[scrub_idx] <= '0;
			else if (b_wr[b])
				mem[b_wr_idx[b]] <= (wr_data[b_wr_sel[b]] & wr_mask[b_wr_sel[b]]) |
					(mem[b_wr_idx[b]] & ~wr_mask[b_wr_sel[b]]);
		end
	end

	for (genvar r = 0; r < READERS; r++) begin : g_reader
		always_ff @(posedge clk)
			if (rd_gnt[r])
				rd_bank[r] <= rd_line[r][IDX_W +: BANK_W];
		assign rd_data[r] = b_rd_data[rd_bank[r]];
	end

	always_ff @(posedge clk) begin
		if (!scrub_valid || rst) begin
			scrub_idx <= '0;
			scrub_done <= 1'b0;
		end else if (!scrub_done) begin
			scrub_idx <= scrub_idx + 1;
			scrub_done <= scrub_idx == IDX_W'(BANK_LINES - 1);
		end
	end

	initial begin
		if (SPAD_LINES % BANKS != 0 || BANKS < 2 || 1 << BANK_W != BANKS || 1 << IDX_W != BANK_LINES)
			$fatal(1, "SPAD_BYTES %0d and SPAD_BANKS %0d must be powers of two",
			       ash_board_pkg::SPAD_BYTES, BANKS);
	end
endmodule
