// SPDX-License-Identifier: MIT
//
// Fetches one operand, command after command, into the two staging buffers in
// turn. A request may be made in the very cycle in which the last column of
// its buffer is read: the data comes a cycle later.
module ash_matrix_fill
	import ash_pkg::*;
	import ash_matrix_pkg::*;
(
	input  logic              clk,
	input  logic              rst,
	input  logic              clear,
	input  logic              cmd_valid,
	output logic              cmd_ready,            // its last line is on the way
	input  fill_cmd_t         cmd,

	output logic              req,
	output logic [LINE_W-1:0] line,
	input  logic              gnt,

	// The line that comes now: where it goes (ash_matrix_stage).
	output logic              wr_en,
	output logic              wr_buf,
	output logic              wr_kmajor,
	output logic              wr_is16,
	output logic [ROW_W-1:0]  wr_idx,

	output logic [1:0]        full,                 // buffers that can be read
	input  logic              release_en,           // the last column of a buffer is read
	input  logic              release_buf
);
	localparam logic [ROW_W-1:0] LAST = ROW_W'(N - 1);

	logic               busy;                       // in the middle of a command
	logic               fill_buf;
	logic [ROW_W-1:0]   idx;                        // line of the buffer
	logic [LINE_W-1:0]  next, base;                 // next line; first line of this tile
	logic [WORDS_W-1:0] left;                       // words to come with this line or tile
	logic               wr_last;

	logic [WORDS_W-1:0] words;
	logic [LINE_W-1:0]  tile;
	logic               tile_last, cmd_last;

	assign words = busy ? left : cmd.words;
	assign line = busy ? next : cmd.line;
	assign tile = idx == '0 ? line : base;
	assign req = cmd_valid && (!full[fill_buf] || (release_en && release_buf == fill_buf));
	assign cmd_last = cmd.kmajor ? words == WORDS_W'(1) : idx == LAST && words <= WORDS_W'(N);
	assign tile_last = idx == LAST || cmd_last;
	assign cmd_ready = req && gnt && cmd_last;

	always_ff @(posedge clk) begin
		if (release_en)
			full[release_buf] <= 1'b0;
		if (wr_en && wr_last)
			full[wr_buf] <= 1'b1;
		wr_en <= req && gnt;
		if (req && gnt) begin
			wr_buf <= fill_buf;
			wr_kmajor <= cmd.kmajor;
			wr_is16 <= cmd.is16;
			wr_idx <= idx;
			wr_last <= tile_last;
			busy <= !cmd_last;
			idx <= tile_last ? '0 : idx + 1'b1;
			base <= tile;
			if (tile_last)
				fill_buf <= !fill_buf;
			next <= tile_last && !cmd.kmajor ? tile + 1'b1 : line + cmd.pitch;
			if (cmd.kmajor)
				left <= words - 1'b1;
			else
				left <= tile_last ? words - WORDS_W'(N) : words;
		end
		if (rst || clear) begin
			busy <= 1'b0;
			fill_buf <= 1'b0;
			idx <= '0;
			wr_en <= 1'b0;
			full <= '0;
		end
	end

	// A buffer is never filled again before it was read.
	property no_overrun;
		@(posedge clk) disable iff (rst || clear) wr_en && wr_last |-> !full[wr_buf];
	endproperty
	assert property (no_overrun);
endmodule
