// SPDX-License-Identifier: MIT
//
// The vector unit: block VECTOR of ashlar.regs behind the register file.
// Commands are done in order; see README.md for the pipeline and its timing.
module ash_vector
	import ash_pkg::*;
	import ash_vector_pkg::*;
(
	input  logic                  clk,
	input  logic                  rst,
	input  logic                  clear,            // drop all commands and the fault, go idle

	input  logic                  cmd_valid,
	output logic                  cmd_ready,
	input  vector_cmd_t           cmd,
	input  logic                  go_ahead,         // the oldest command may be begun
	output logic                  taken,            // a pulse: it leaves the queue
	output logic                  done,             // a pulse per command; its rows are in the scratchpad
	output logic                  fault_valid,      // all earlier commands are done; held until clear
	output fault_t                fault,
	output logic                  idle,             // nothing queued, nothing under way

	// Accumulator read (ash_matrix): data in the cycle after acc_req.
	output logic                  acc_req,
	output logic [ACC_W-1:0]      acc_idx,
	output logic [ROW_W-1:0]      acc_row,
	input  logic [LINE_BITS-1:0]  acc_rdata,

	// Scratchpad read: data in the cycle after req && gnt.
	output logic                  rd_req,
	output logic [LINE_W-1:0]     rd_line,
	input  logic                  rd_gnt,
	input  logic [LINE_BITS-1:0]  rd_rdata,

	// Scratchpad write: done in the cycle of req && gnt.
	output logic                  wr_req,
	output logic [LINE_W-1:0]     wr_line,
	output logic [LINE_BITS-1:0]  wr_data,
	output logic [LINE_BYTES-1:0] wr_strb,          // bit i: write byte i
	input  logic                  wr_gnt,

	output logic                  perf_busy,        // there is work
	output logic                  perf_stall        // of that: a refused scratchpad request
);
	/* verilator no_inline_module */
	logic        q_any, q_valid, q_ready, dec_valid, dec_ready, dec_bad;
	vector_cmd_t q_cmd;
	row_cmd_t    c;
	fault_t      dec_fault;

	ash_unit_queue #(.W($bits(vector_cmd_t))) u_queue (
		.clk, .rst, .clear, .in_valid(cmd_valid), .in_ready(cmd_ready), .in_data(cmd),
		.go_ahead, .taken, .any(q_any), .out_valid(q_valid), .out_ready(q_ready), .out_data(q_cmd));

	ash_vector_decode u_decode (
		.clk, .rst, .clear, .in_valid(q_valid), .in_ready(q_ready), .in_cmd(q_cmd),
		.out_valid(dec_valid), .out_ready(dec_ready), .out_bad(dec_bad), .out_fault(dec_fault),
		.out_cmd(c));

	// ---- writes between their issue and their end, in order ----------------
	typedef struct packed {
		logic [LINE_W-1:0] line;
		logic [3:0]        quarters;            // of the line, touched
		logic              is_word;             // one word is written
		logic [ROW_W-1:0]  word;                // which
		logic              last;                // of its command
	} slot_t;

	slot_t                slots [DEPTH];
	logic [DEPTH-1:0]     used, full;               // slots issued; with a result
	logic [LINE_BITS-1:0] lines [DEPTH];            // results
	logic [31:0]          words [DEPTH];            // of is_word
	logic [SLOT_W-1:0]    next, get;                // next slot to issue, to write
	slot_t                first;                    // the latter
	logic                 line_valid, word_valid, written;
	logic [SLOT_W-1:0]    line_slot, word_slot;
	logic [LINE_BITS-1:0] line_data;
	logic [31:0]          word_data;

	// ---- the result of the group before, not issued yet --------------------
	logic                 red_wait;
	slot_t                red;
	put_t                 red_put;

	// ---- issue --------------------------------------------------------------
	// In a cycle one read and one write are issued. A row comes after the
	// lines of scalars (bias and scale row) that it wants; SRC and SRC2 of a
	// row take two reads when both are in the scratchpad. The result of a
	// group is issued behind its last row, the columns of a transposed group
	// instead of reads.
	logic                 begun, second, columns;
	logic                 have_src2, have_bias, have_scale;         // the line that the group wants
	logic [ROW_W-1:0]     number;                   // of a row or column of a transposed group
	place_t               at, now;
	logic [1:0]           hold;                     // until the rows of a function are ahead of others

	logic                 is_transpose, writes;
	logic                 live, room, is_fn, line_src2, line_bias, line_scale, line_any;
	logic                 reads, may_row, two_reads, row_ready, row_go, row_last, column_go, red_go, write_go;
	logic                 group_end, command_end, rd_ok, pending;
	logic [AT_W-1:0]      rd_at;
	logic [3:0]           rd_quarters;

	assign is_transpose = c.lane.mid.rear.transpose;
	assign writes = c.lane.mid.rear.dst_fmt != '0 && !is_transpose;
	assign live = dec_valid && !dec_bad;
	assign room = used[next] == 1'b0;
	assign red_go = red_wait && room;
	assign rd_line = rd_at[ADDR_W-1:2];
	assign rd_ok = rd_req && rd_gnt;
	assign dec_ready = command_end;

	always_comb begin
		now = c.start;
		is_fn = 1'b0;
		line_src2 = 1'b0;
		line_bias = 1'b0;
		line_scale = 1'b0;
		line_any = 1'b0;
		may_row = 1'b0;
		two_reads = 1'b0;
		reads = 1'b0;
		rd_at = '0;
		rd_quarters = 4'b1111;
		pending = 1'b0;
		rd_req = 1'b0;
		row_ready = 1'b0;
		row_last = 1'b0;
		column_go = 1'b0;
		if (live) begin
			if (begun)
				now = at;
			is_fn = c.lane.mid.rear.fn != '0;
			row_last = now.rows == 16'd1;
			line_src2 = c.lane.mid.rear.src2 == SCALAR && !have_src2;
			line_bias = c.lane.mid.bias[0] && !have_bias && !line_src2;
			line_scale = c.lane.mid.scale[0] && !have_scale && !line_src2 && !line_bias;
			line_any = line_src2 || line_bias || line_scale;
			two_reads = !c.from_acc && c.lane.mid.rear.src2 == ROW;

			if (line_any)
				rd_at = AT_W'({(line_src2 ? now.src2_word[WORD_W-1:ROW_W] :
				                line_bias ? now.bias_word[WORD_W-1:ROW_W] :
				                            now.scale_word[WORD_W-1:ROW_W]), 2'b0});
			else if (c.from_acc || second) begin
				rd_at = now.src2;
				rd_quarters = quarters_of(c.lane.src2_fmt, now.src2[1:0]);
			end else begin
				rd_at = now.src;
				rd_quarters = quarters_of(c.lane.src_fmt, now.src[1:0]);
			end

			// A row that is not written yet must be before it is read.
			reads = line_any || (!columns && (!c.from_acc || c.lane.mid.rear.src2 == ROW));
			if (reads && used != '0)
				for (int s = 0; s < DEPTH; s++)
					if (used[s] && slots[s].line == rd_at[ADDR_W-1:2] &&
					    (slots[s].quarters & rd_quarters) != '0)
						pending = 1'b1;
			if (red_wait && red.line == rd_at[ADDR_W-1:2] && (red.quarters & rd_quarters) != '0)
				pending = 1'b1;

			// The lanes are in order: what skips the function waits for what
			// does not. A result that waits goes first, or with a row that
			// writes nothing.
			may_row = (is_fn || (hold == '0 && !(red_wait && red_put.fn))) &&
			          (writes ? !red_wait && room : !red_wait || room);
			if (line_any)
				rd_req = !pending;
			else if (columns)
				column_go = room;
			else begin
				row_ready = may_row;
				rd_req = reads && !pending && (may_row || (two_reads && !second));
			end
		end
	end

	assign row_go = row_ready && (!reads || (rd_ok && (!two_reads || second)));
	assign write_go = red_go || column_go || (row_go && writes);
	assign group_end = is_transpose ? column_go && number == ROW_W'(N - 1) : row_go && row_last;
	assign command_end = group_end && now.groups == 16'd1;
	assign acc_req = row_go && c.from_acc;
	assign acc_idx = now.src[ROW_W +: ACC_W];
	assign acc_row = now.src[ROW_W-1:0];

	logic       in_src2, in_bias, in_scale, in_first, in_row, in_acc;
	logic [1:0] in_part;
	row_t       in_info;
	lane_cmd_t  in_cmd;
	put_t       in_put;

	always_ff @(posedge clk) begin
		place_t then;
		slot_t  put;

		in_src2 <= rd_ok && line_src2;
		in_bias <= rd_ok && line_bias;
		in_scale <= rd_ok && line_scale;
		in_first <= rd_ok && !line_any && !row_go;
		in_row <= row_go;
		in_put.valid <= write_go;
		if (hold != '0)
			hold <= hold - 1'b1;
		if (((row_go || column_go) && is_fn) || (red_go && red_put.fn))
			hold <= FN_STEPS[1:0];

		if (rd_ok || row_go) begin
			in_part <= rd_at[1:0];
			in_acc <= c.from_acc;
			in_cmd <= c.lane;
			in_info <= '{rear: '{first: now.rows == c.start.rows, number: number,
			                     lanes: row_last ? c.tail : (ROW_W + 1)'(N)},
			             src2_word: now.src2_word[ROW_W-1:0], bias_word: now.bias_word[ROW_W-1:0],
			             scale_word: now.scale_word[ROW_W-1:0]};
			if (line_src2)
				have_src2 <= 1'b1;
			if (line_bias)
				have_bias <= 1'b1;
			if (line_scale)
				have_scale <= 1'b1;
			if (!line_any)
				second <= !row_go;
		end

		// Where the command is then.
		if (row_go || column_go) begin
			then = now;
			if (row_go) begin
				then.src = now.src + c.src_pitch;
				then.src2 = now.src2 + c.src2_pitch;
				then.rows = now.rows - 16'd1;
			end
			if (!row_go || !is_transpose)
				then.dst = now.dst + c.dst_pitch;
			if (group_end) begin
				then.src_group = now.src_group + c.src_gpitch;
				then.src2_group = now.src2_group + c.src2_gpitch;
				then.dst_group = now.dst_group + c.dst_gpitch;
				then.src = then.src_group;
				then.src2 = then.src2_group;
				then.dst = then.dst_group;
				then.src2_word = now.src2_word + 1'b1;
				then.bias_word = now.bias_word + 1'b1;
				then.scale_word = now.scale_word + 1'b1;
				then.red = now.red + (c.to_word ? WORD_W'(1) : WORD_W'(N));
				then.rows = c.start.rows;
				then.groups = now.groups - 16'd1;
				// the next scalar is in the next line
				if (command_end || then.src2_word[ROW_W-1:0] == '0)
					have_src2 <= 1'b0;
				if (command_end || (c.lane.mid.bias == SCALAR && then.bias_word[ROW_W-1:0] == '0))
					have_bias <= 1'b0;
				if (command_end || (c.lane.mid.scale == SCALAR && then.scale_word[ROW_W-1:0] == '0))
					have_scale <= 1'b0;
			end
			at <= then;
			begun <= !command_end;
			if (is_transpose) begin
				number <= row_go && row_last ? '0 : number + 1'b1;
				columns <= row_go ? row_last : !group_end;
			end
		end

		// What is written of it: now, or a cycle later.
		if (row_go && row_last && c.lane.mid.rear.reduce) begin
			red <= '{line: now.red[WORD_W-1:ROW_W],
			         quarters: c.to_word ? 4'b0001 << now.red[ROW_W-1:ROW_W-2] : 4'b1111,
			         is_word: c.to_word, word: now.red[ROW_W-1:0], last: command_end};
			red_put <= '{valid: 1'b1, kind: c.to_word ? PUT_WORD : PUT_LANES, slot: '0, fn: is_fn, column: '0,
			             rows: '0, dst_fmt: '0, red_op: c.lane.mid.rear.red_op, int_out: c.lane.mid.rear.int_out};
			red_wait <= 1'b1;
		end else if (red_go)
			red_wait <= 1'b0;
		if (write_go) begin
			put = '{line: now.dst[ADDR_W-1:2], quarters: quarters_of(c.lane.mid.rear.dst_fmt, now.dst[1:0]),
			        is_word: 1'b0, word: '0, last: command_end && !c.lane.mid.rear.reduce};
			in_put <= '{valid: 1'b1, kind: column_go ? PUT_COLUMN : PUT_ROW, slot: next, fn: is_fn,
			            column: number, rows: c.start.rows[ROW_W:0], dst_fmt: c.lane.mid.rear.dst_fmt,
			            red_op: '0, int_out: 1'b0};
			if (red_go) begin
				put = red;
				in_put <= red_put;
				in_put.slot <= next;
			end
			slots[next] <= put;
			used[next] <= 1'b1;
			next <= next + 1'b1;
		end

		// results
		if (line_valid) begin
			lines[line_slot] <= line_data;
			full[line_slot] <= 1'b1;
		end
		if (word_valid) begin
			words[word_slot] <= word_data;
			full[word_slot] <= 1'b1;
		end

		// writes
		done <= written && first.last;
		if (written) begin
			used[get] <= 1'b0;
			full[get] <= 1'b0;
			get <= get + 1'b1;
		end

		// a bad command waits until all before it are done
		if (dec_valid && dec_bad && used == '0 && !red_wait && !done) begin
			fault_valid <= 1'b1;
			fault <= dec_fault;
		end
		if (rst || clear) begin
			in_src2 <= 1'b0;
			in_bias <= 1'b0;
			in_scale <= 1'b0;
			in_first <= 1'b0;
			in_row <= 1'b0;
			in_put.valid <= 1'b0;
			hold <= '0;
			begun <= 1'b0;
			have_src2 <= 1'b0;
			have_bias <= 1'b0;
			have_scale <= 1'b0;
			second <= 1'b0;
			columns <= 1'b0;
			number <= '0;
			red_wait <= 1'b0;
			used <= '0;
			full <= '0;
			next <= '0;
			get <= '0;
			done <= 1'b0;
			fault_valid <= 1'b0;
		end
	end

	ash_vector_lanes u_lanes (
		.clk, .rst, .clear, .in_src2, .in_bias, .in_scale, .in_first, .in_row, .in_cmd, .in_info, .in_acc,
		.in_part, .in_put, .rd_data(rd_rdata), .acc_data(acc_rdata),
		.line_valid, .line_slot, .line_data, .word_valid, .word_slot, .word_data);

	// ---- writes -------------------------------------------------------------
	logic [3:0] quarters;
	assign first = slots[get];
	assign quarters = first.quarters;
	assign wr_req = full[get];
	assign wr_line = first.line;
	assign wr_data = first.is_word ? {N{words[get]}} : lines[get];
	assign wr_strb = first.is_word ? LINE_BYTES'(4'hf) << {first.word, 2'b0}
	               : {{N{quarters[3]}}, {N{quarters[2]}}, {N{quarters[1]}}, {N{quarters[0]}}};
	assign written = wr_req && wr_gnt;

	assign idle = !q_any && !dec_valid && used == '0 && !red_wait;
	assign perf_busy = live || used != '0 || red_wait;
	assign perf_stall = (rd_req && !rd_gnt) || (wr_req && !wr_gnt);

	results_have_slots: assert property (@(posedge clk) disable iff (rst || clear)
		(full & ~used) == '0 && (!line_valid || (used[line_slot] && !full[line_slot])) &&
		(!word_valid || (used[word_slot] && !full[word_slot])));
	one_write: assert property (@(posedge clk) disable iff (rst || clear)
		write_go |-> !used[next] && !(red_go && (column_go || (row_go && writes))));
endmodule
