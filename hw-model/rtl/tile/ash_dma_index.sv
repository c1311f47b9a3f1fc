// SPDX-License-Identifier: MIT
//
// The table of a DMA's GATHER: reads its lines from the scratchpad ahead of the
// walk and gives each run's coordinate with what it adds to the global address,
// one a cycle, however the table lies. A table is read once for each pass of
// the inner loop. Tables are taken before their commands begin to walk: the
// lines of the next are there when the walk comes to it.
module ash_dma_index
	import ash_pkg::*;
	import ash_tile_pkg::*;
(
	input  logic                 clk,
	input  logic                 rst,
	input  logic                 clear,

	input  logic                 cmd_valid,
	output logic                 cmd_ready,
	input  logic [LINE_W-1:0]    cmd_line,          // of the first word
	input  logic [OFF_W-3:0]     cmd_word,          // the first word in its line
	input  logic [2:0][15:0]     cmd_more,          // words of the table, passes: COUNT - 1
	input  logic [31:0]          cmd_stride,

	// Scratchpad read: data in the cycle after req && gnt.
	output logic                 rd_req,
	output logic [LINE_W-1:0]    rd_line,
	input  logic                 rd_gnt,
	input  logic [LINE_BITS-1:0] rd_rdata,

	output logic                 out_valid,
	input  logic                 out_ready,
	output logic [31:0]          out_index,
	output logic [63:0]          out_addr           // index * stride
);
	typedef logic [OFF_W-3:0] word_t;               // a word in a line

	typedef struct packed {                         // words at .. last of a line
		word_t       at;
		word_t       last;
		logic [31:0] stride;
	} part_t;

	// ---- lines to read

	logic              active, pass_ends;
	logic [LINE_W-1:0] first_line, line;
	word_t             first_word, word;
	logic [15:0]       words_more, left;            // of a pass, after this word
	logic [15:0]       inner_more;                  // passes of the middle loop
	logic [1:0][15:0]  passes;                      // to come, middle and outer loop
	logic [31:0]       stride;
	logic              taken, last_taken;

	assign cmd_ready = !active || last_taken;
	assign rd_line = line;
	assign taken = rd_req && rd_gnt;
	assign last_taken = taken && pass_ends && passes == '0;
	assign pass_ends = left <= 16'(word_t'(~word));

	always_ff @(posedge clk) begin
		if (taken) begin
			line <= line + 1;
			word <= '0;
			left <= left - 16'(word_t'(~word)) - 1;
			if (pass_ends) begin
				line <= first_line;
				word <= first_word;
				left <= words_more;
				passes[0] <= passes[0] - 1;
				if (passes[0] == '0)
					passes <= {passes[1] - 16'd1, inner_more};
			end
		end
		if (last_taken)
			active <= 1'b0;
		if (cmd_valid && cmd_ready) begin
			active <= 1'b1;
			{first_line, first_word} <= {cmd_line, cmd_word};
			{line, word} <= {cmd_line, cmd_word};
			words_more <= cmd_more[0];
			left <= cmd_more[0];
			inner_more <= cmd_more[1];
			passes <= cmd_more[2:1];
			stride <= cmd_stride;
		end
		if (rst || clear)
			active <= 1'b0;
	end

	// ---- lines read: the one that arrives, and two that wait

	part_t                come, wait_part [2], now, rest;
	logic [LINE_BITS-1:0] wait_line [2];
	logic                 comes, head, tail, have, take, line_ends, keep;
	logic [1:0]           fill;

	// Without a look at what is taken now, which may hang on this very grant.
	assign rd_req = active && fill + 2'(comes) < 2'd2;
	assign have = fill != '0 || comes;
	assign now = fill != '0 ? wait_part[head] : come;
	assign line_ends = now.at == now.last;
	assign keep = comes && (fill != '0 || !take || !line_ends);

	always_comb begin
		rest = now;
		rest.at = now.at + 1;
	end

	always_ff @(posedge clk) begin
		comes <= taken && !rst && !clear;
		if (taken)
			come <= '{at: word, last: pass_ends ? word + left[OFF_W-3:0] : '1, stride: stride};
		if (take && fill != '0) begin
			wait_part[head] <= rest;
			if (line_ends)
				head <= !head;
		end
		if (keep) begin
			wait_part[tail] <= take && fill == '0 ? rest : come;
			wait_line[tail] <= rd_rdata;
			tail <= !tail;
		end
		fill <= fill + 2'(keep) - 2'(take && fill != '0 && line_ends);
		if (rst || clear) begin
			fill <= '0;
			head <= 1'b0;
			tail <= 1'b0;
		end
	end

	// ---- the word, then the product

	logic        x_valid, x_ready;
	logic [31:0] x_index, x_stride;

	assign x_ready = !out_valid || out_ready;
	assign take = have && (!x_valid || x_ready);

	always_ff @(posedge clk) begin
		if (take) begin
			x_index <= fill != '0 ? wait_line[head][{now.at, 5'd0} +: 32]
					      : rd_rdata[{now.at, 5'd0} +: 32];
			x_stride <= now.stride;
		end
		if (x_valid && x_ready) begin
			out_index <= x_index;
			out_addr <= 64'($signed(x_index)) * 64'($signed(x_stride));
		end
		if (!x_valid || x_ready)
			x_valid <= take;
		if (x_ready)
			out_valid <= x_valid;
		if (rst || clear) begin
			x_valid <= 1'b0;
			out_valid <= 1'b0;
		end
	end

	a_room: assert property (@(posedge clk) disable iff (rst || clear) keep |-> fill != 2'd2);
endmodule
