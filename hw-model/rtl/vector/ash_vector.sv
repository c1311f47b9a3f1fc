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
	localparam int SLOT_W = $clog2(DEPTH);

	logic        q_valid, q_ready, dec_valid, dec_ready, dec_bad;
	vector_cmd_t q_cmd;
	row_cmd_t    c;
	fault_t      dec_fault;

	ash_fifo #(.W($bits(vector_cmd_t)), .DEPTH(UNIT_QUEUE)) u_queue (
		.clk, .rst, .clear, .in_valid(cmd_valid), .in_ready(cmd_ready), .in_data(cmd),
		.out_valid(q_valid), .out_ready(q_ready), .out_data(q_cmd));

	ash_vector_decode u_decode (
		.clk, .rst, .clear, .in_valid(q_valid), .in_ready(q_ready), .in_cmd(q_cmd),
		.out_valid(dec_valid), .out_ready(dec_ready), .out_bad(dec_bad), .out_fault(dec_fault),
		.out_cmd(c));

	// ---- rows between their reads and their write, in order ---------------
	typedef struct packed {
		logic [LINE_W-1:0] line;
		logic [1:0]        part;                // quarter of the line where the row begins
		logic              half;                // row of two quarters
		logic              quarter;             // row of one
		logic              last;                // of its command
	} slot_t;

	slot_t              slots [DEPTH];
	logic [LINE_BITS-1:0] results [DEPTH];
	logic [SLOT_W-1:0]  put, fill, get;             // next slot to issue, to take a result, to write
	logic [SLOT_W:0]    issued, filled;             // slots in use; of these, with a result
	logic               lane_valid;
	logic [LINE_BITS-1:0] lane_data;
	logic               row_go, row_done;
	slot_t              row_slot;

	// ---- reads: the bias row, the scale row, then SRC (and SRC2) of each row
	logic              begun, have_bias, have_scalev, second;
	logic [ADDR_W-1:0] src_next, src2_next, dst_next, src_now, src2_now, dst_now, rd_now;
	logic [15:0]       rows_left, rows_now;
	logic [ROW_W-1:0]  acc_next;
	logic              live, need_bias, need_scalev, need_row, room, row_last, rd_ok;

	assign live = dec_valid && !dec_bad;
	assign need_bias = c.lane.bias && !have_bias;
	assign need_scalev = c.lane.scalev && !have_scalev && !need_bias;
	assign need_row = !need_bias && !need_scalev;
	assign room = issued != (SLOT_W + 1)'(DEPTH);

	assign src_now = begun ? src_next : c.src;
	assign src2_now = begun ? src2_next : c.src2;
	assign dst_now = begun ? dst_next : c.dst;
	assign rows_now = begun ? rows_left : c.rows;
	assign row_last = rows_now == 16'd1;

	// SRC2 is the read of a row from an accumulator, the second of another.
	assign rd_now = need_bias ? {c.bias, 2'b0}
	              : need_scalev ? {c.scalev, 2'b0}
	              : c.from_acc || second ? src2_now : src_now;
	assign rd_line = rd_now[ADDR_W-1:2];

	// A row that is not written yet must be before it is read.
	logic pending;
	always_comb begin
		logic [SLOT_W-1:0] s;
		pending = 1'b0;
		s = get;
		if (live && issued != '0)
			for (int i = 0; i < DEPTH; i++) begin
				s = get + SLOT_W'(i);
				if ((SLOT_W + 1)'(i) < issued && slots[s].line == rd_line)
					pending = 1'b1;
			end
	end

	assign rd_req = live && !pending && (!need_row || (room && (!c.from_acc || c.lane.src2)));
	assign rd_ok = rd_req && rd_gnt;
	assign row_go = need_row && (c.from_acc ? live && room && (!c.lane.src2 || rd_ok)
	                                        : rd_ok && (!c.lane.src2 || second));
	assign acc_req = row_go && c.from_acc;
	assign acc_idx = c.acc;
	assign acc_row = begun ? acc_next : c.acc_row;
	assign dec_ready = row_go && row_last;

	assign row_slot = '{line: dst_now[ADDR_W-1:2], part: dst_now[1:0],
	                    half: is_half(c.lane.dst_fmt), quarter: is_byte(c.lane.dst_fmt), last: row_last};

	logic       in_bias, in_scalev, in_first, in_row, in_acc;
	logic [1:0] in_part;
	lane_cmd_t  in_cmd;

	always_ff @(posedge clk) begin
		in_bias <= rd_ok && need_bias;
		in_scalev <= rd_ok && need_scalev;
		in_first <= rd_ok && need_row && !row_go;
		in_row <= row_go;
		if (rd_ok || row_go) begin
			in_part <= rd_now[1:0];
			in_acc <= c.from_acc;
			in_cmd <= c.lane;
			if (need_bias)
				have_bias <= 1'b1;
			if (need_scalev)
				have_scalev <= 1'b1;
			if (need_row)
				second <= !row_go;
		end
		if (row_go) begin
			begun <= !row_last;
			src_next <= src_now + c.src_pitch;
			src2_next <= src2_now + c.src2_pitch;
			dst_next <= dst_now + c.dst_pitch;
			rows_left <= rows_now - 16'd1;
			acc_next <= acc_row + 1'b1;
			if (row_last) begin
				have_bias <= 1'b0;
				have_scalev <= 1'b0;
			end
		end
		if (rst || clear) begin
			in_bias <= 1'b0;
			in_scalev <= 1'b0;
			in_first <= 1'b0;
			in_row <= 1'b0;
			begun <= 1'b0;
			have_bias <= 1'b0;
			have_scalev <= 1'b0;
			second <= 1'b0;
		end
	end

	ash_vector_lanes u_lanes (
		.clk, .rst, .clear, .in_bias, .in_scalev, .in_first, .in_row, .in_cmd, .in_acc, .in_part,
		.rd_data(rd_rdata), .acc_data(acc_rdata), .out_valid(lane_valid), .out_data(lane_data));

	// ---- writes -----------------------------------------------------------
	logic [3:0] quarters;
	assign wr_req = filled != '0;
	assign wr_line = slots[get].line;
	assign wr_data = results[get];
	assign quarters = slots[get].quarter ? 4'b0001 << slots[get].part
	                : slots[get].half ? (slots[get].part[1] ? 4'b1100 : 4'b0011) : 4'b1111;
	assign wr_strb = {{N{quarters[3]}}, {N{quarters[2]}}, {N{quarters[1]}}, {N{quarters[0]}}};
	assign row_done = wr_req && wr_gnt;

	always_ff @(posedge clk) begin
		done <= row_done && slots[get].last;
		if (row_go) begin
			slots[put] <= row_slot;
			put <= put + 1'b1;
		end
		if (lane_valid) begin
			results[fill] <= lane_data;
			fill <= fill + 1'b1;
		end
		if (row_done)
			get <= get + 1'b1;
		if (row_go != row_done)
			issued <= row_go ? issued + 1'b1 : issued - 1'b1;
		if (lane_valid != row_done)
			filled <= lane_valid ? filled + 1'b1 : filled - 1'b1;
		// a bad command waits until all before it are done
		if (dec_valid && dec_bad && issued == '0 && !done) begin
			fault_valid <= 1'b1;
			fault <= dec_fault;
		end
		if (rst || clear) begin
			done <= 1'b0;
			put <= '0;
			fill <= '0;
			get <= '0;
			issued <= '0;
			filled <= '0;
			fault_valid <= 1'b0;
		end
	end

	assign idle = !q_valid && !dec_valid && issued == '0;
	assign perf_busy = live || issued != '0;
	assign perf_stall = (rd_req && !rd_gnt) || (wr_req && !wr_gnt);

	property results_fit;
		@(posedge clk) disable iff (rst || clear) filled <= issued && issued <= (SLOT_W + 1)'(DEPTH);
	endproperty
	assert property (results_fit);
endmodule
