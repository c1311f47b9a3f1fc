// SPDX-License-Identifier: MIT
//
// A copy engine: registers and queue of block COPY, and the mover. Copies are
// done one after the other, each to its last acknowledgement. A copy is cut
// into chunks that stay within one 64-byte beat of the source and one of the
// target, so a chunk is one read and one write. Up to SLOTS chunks are read
// ahead; answers come in any order into the chunk's slot, writes leave in
// order.
//
// `cancel` (the processor's reset) forgets the queue and breaks off the copy
// under way; what is in flight is waited for before the next one starts.
module ash_copy
	import ash_board_pkg::*;
	import ash_pkg::*;
	import ash_regs_pkg::*;
(
	input  logic         clk,
	input  logic         rst,
	input  logic         cancel,

	// Registers: taken in the cycle of req && gnt, read data in the next.
	input  logic         req,
	output logic         gnt,
	input  logic         we,
	input  logic [7:0]   addr,
	input  logic [31:0]  wdata,
	output logic [31:0]  rdata,
	output logic         err,

	output logic [31:0]  issued,
	output logic [31:0]  done,
	output logic         irq,
	output logic         idle,

	// Bus.
	output logic         rd_valid,
	input  logic         rd_ready,
	output bus_req_t     rd_req,
	input  logic         rsp_valid,
	input  bus_rsp_t     rsp,
	input  logic [511:0] rsp_data,
	output logic         wr_valid,
	input  logic         wr_ready,
	output bus_req_t     wr_req,
	output logic [511:0] wr_data,
	output logic [63:0]  wr_strb,
	input  logic         wack_valid,
	input  bus_rsp_t     wack,

	// Memories of the processor: 64-byte rows, data in the cycle after a
	// granted read.
	output logic         l_req,
	input  logic         l_gnt,
	output logic         l_we,
	output logic [31:0]  l_addr,
	output logic [7:0]   l_strb,                    // one bit for 8 bytes
	output logic [511:0] l_wdata,
	input  logic [511:0] l_rdata
);
	localparam int SLOTS = 32;
	localparam int SLOT_W = $clog2(SLOTS);
	localparam int QUEUE = 8;
	localparam int ACK_W = 6;                       // writes in flight: up to 2^ACK_W - 1

	localparam logic [1:0] MEM = 2'(COPY_SPACE_DST_MEM);
	localparam logic [1:0] HOST = 2'(COPY_SPACE_DST_HOST);
	localparam logic [1:0] LOCAL = 2'(COPY_SPACE_DST_LOCAL);
	localparam logic [1:0] IMM = 2'(COPY_SPACE_DST_IMM);

	typedef struct packed {
		logic [1:0]  src_space;
		logic [1:0]  dst_space;
		logic [47:0] src;
		logic [47:0] dst;
		logic [31:0] len;
		logic [63:0] imm;
	} copy_t;

	// ------------------------------------------------------------ registers

	copy_t       par, head, cur;
	logic        armed;
	logic [1:0]  error;
	logic        take, write, go, known;
	logic [31:0] offset, value;
	logic        q_ready, q_valid, q_take;
	logic        set_range, set_bus, count_done;

	assign offset = {24'h0, addr};
	assign gnt = req && !(we && offset == COPY_GO && !q_ready);
	assign take = req && gnt;
	assign write = take && we;
	assign go = write && offset == COPY_GO && !cancel;

	always_comb begin
		known = 1'b1;
		value = '0;
		case (offset)
			COPY_SRC_LO: value = par.src[31:0];
			COPY_SRC_HI: value = {16'h0, par.src[47:32]};
			COPY_DST_LO: value = par.dst[31:0];
			COPY_DST_HI: value = {16'h0, par.dst[47:32]};
			COPY_LEN: value = par.len;
			COPY_SPACE: value = {26'h0, par.dst_space, 2'b00, par.src_space};
			COPY_IMM_LO: value = par.imm[31:0];
			COPY_IMM_HI: value = par.imm[63:32];
			COPY_GO: ;
			COPY_ISSUED: value = issued;
			COPY_DONE: value = done;
			COPY_ERROR: value = {30'h0, error};
			COPY_GO_IRQ: value = {31'h0, armed};
			default: known = 1'b0;
		endcase
	end

	always_ff @(posedge clk) begin
		if (take) begin
			rdata <= we ? '0 : value;
			err <= !known;
		end
		if (write)
			case (offset)
				COPY_SRC_LO: par.src[31:0] <= wdata;
				COPY_SRC_HI: par.src[47:32] <= wdata[15:0];
				COPY_DST_LO: par.dst[31:0] <= wdata;
				COPY_DST_HI: par.dst[47:32] <= wdata[15:0];
				COPY_LEN: par.len <= wdata;
				COPY_SPACE: begin
					par.src_space <= wdata[COPY_SPACE_SRC_MSB:COPY_SPACE_SRC_LSB];
					par.dst_space <= wdata[COPY_SPACE_DST_MSB:COPY_SPACE_DST_LSB];
				end
				COPY_IMM_LO: par.imm[31:0] <= wdata;
				COPY_IMM_HI: par.imm[63:32] <= wdata;
				COPY_GO_IRQ: armed <= wdata[COPY_GO_IRQ_ARM_LSB];
				default: ;
			endcase
		issued <= issued + 32'(go);
		done <= done + 32'(count_done);
		error <= (error & ~(write && offset == COPY_ERROR ? wdata[1:0] : 2'b00)) |
			{set_bus, set_range};
		if (rst || cancel) begin
			par <= '0;
			armed <= 1'b0;
			issued <= '0;
			done <= '0;
			error <= '0;
		end
	end

	ash_fifo #(.W($bits(copy_t)), .DEPTH(QUEUE)) u_queue (
		.clk, .rst,
		.clear(cancel),
		.in_valid(go),
		.in_ready(q_ready),
		.in_data(par),
		.out_valid(q_valid),
		.out_ready(q_take),
		.out_data(head)
	);

	assign irq = armed && issued == done;

	// -------------------------------------------------------------- judging

	// Whether the bytes from first on are not all in the space.
	function automatic logic outside(input logic [1:0] space, input logic [47:0] first,
			input logic [31:0] bytes);
		logic [48:0] last;
		last = {1'b0, first} + {17'h0, bytes};
		case (space)
			MEM: return last > 49'(MEM_BYTES);
			HOST: return last > 49'h1_0000_0000_0000;
			LOCAL: return !((first >= 48'(MAP_MP_TCM_BASE) &&
					last <= 49'(MAP_MP_TCM_BASE) + 49'(TCM_BYTES)) ||
				(first >= 48'(MAP_MP_SHARED_BASE) &&
					last <= 49'(MAP_MP_SHARED_BASE) + 49'(SHARED_BYTES)));
			default: return 1'b0;
		endcase
	endfunction

	logic        bad;
	logic [31:0] len;

	assign len = cur.src_space == IMM ? 32'd8 : cur.len;
	assign bad = len[2:0] != '0 || cur.dst[2:0] != '0 || cur.dst_space == IMM ||
		(cur.src_space != IMM && cur.src[2:0] != '0) ||
		outside(cur.src_space, cur.src, len) || outside(cur.dst_space, cur.dst, len);

	// ---------------------------------------------------------------- mover

	typedef enum logic [1:0] { IDLE, JUDGE, MOVE, BREAK } state_t;
	state_t      state;
	logic        silent;                            // broken off by cancel: not counted

	// Two walkers go over the same chunks: one reads, one writes. Lengths
	// and places in a beat are counted in units of 8 bytes.
	logic [47:0] r_src, w_dst;
	logic [2:0]  r_dst, w_src;
	logic [28:0] r_left, w_left;
	logic [3:0]  r_chunk, w_chunk;

	function automatic logic [3:0] chunk(input logic [2:0] src, input logic [2:0] dst,
			input logic [28:0] left);
		logic [3:0] n;
		n = 4'd8 - {1'b0, src > dst ? src : dst};
		return left < 29'(n) ? left[3:0] : n;
	endfunction

	assign r_chunk = chunk(r_src[5:3], r_dst, r_left);
	assign w_chunk = chunk(w_src, w_dst[5:3], w_left);

	logic [511:0]      slot [SLOTS];
	logic [SLOTS-1:0]  have;
	logic [SLOT_W-1:0] r_slot, w_slot, l_slot;
	logic [SLOT_W:0]   used;                        // slots between reader and writer
	logic [SLOT_W:0]   reading;                     // of these, not answered yet
	logic [ACK_W-1:0]  acks;                        // writes not acknowledged yet
	logic              l_answer;                    // local read data is there

	logic r_go, r_want, w_go, w_full, w_next, in_valid, finished;
	logic rd_stuck;                                 // a bus request is not taken back
	logic to_local, from_local;

	assign to_local = cur.dst_space == LOCAL;
	assign from_local = cur.src_space == LOCAL;

	assign r_want = state == MOVE && r_left != '0 && cur.src_space != IMM &&
		used != (SLOT_W+1)'(SLOTS);
	assign rd_valid = (r_want && !from_local) || rd_stuck;
	assign rd_req = '{host: cur.src_space == HOST, addr: {r_src[47:6], 6'h0},
		tag: 6'(r_slot)};

	// The write stage holds one chunk, turned to its place in the target.
	logic [2:0]  turn;
	logic [7:0]  w_strb, strb;
	logic [47:0] w_addr;
	logic        w_load;

	assign turn = cur.dst[5:3] - cur.src[5:3];
	assign w_next = w_full && (to_local ? l_gnt && l_we : wr_ready);
	assign w_load = state == MOVE && w_left != '0 && (!w_full || w_next) &&
		(cur.src_space == IMM || have[w_slot]) && acks < {{ACK_W-2{1'b1}}, 2'b00};
	assign strb = ((8'h1 << w_chunk) - 8'h1) << w_dst[5:3];
	assign w_go = w_load;

	assign wr_valid = w_full && !to_local;
	assign wr_req = '{host: cur.dst_space == HOST, addr: w_addr, tag: 6'h0};
	for (genvar i = 0; i < 8; i++) begin : g_strb
		assign wr_strb[8*i +: 8] = {8{w_strb[i]}};
	end

	assign l_we = w_full && to_local;
	assign l_req = l_we || (r_want && from_local);
	assign l_addr = l_we ? w_addr[31:0] : {r_src[31:6], 6'h0};
	assign l_strb = w_strb;
	assign l_wdata = wr_data;

	assign r_go = from_local ? r_want && l_gnt && !l_we : rd_valid && rd_ready;
	assign in_valid = rsp_valid || l_answer;

	logic ack, broken;
	assign ack = wack_valid;
	assign broken = (rsp_valid && rsp.err) || (wack_valid && wack.err);
	assign finished = !w_full && !rd_stuck && acks == '0 && reading == '0;

	assign q_take = state == IDLE && q_valid;
	assign set_range = state == JUDGE && bad && !cancel;
	assign set_bus = broken && state == MOVE && !cancel;
	assign count_done = !cancel && ((state == JUDGE && (bad || len == '0)) ||
		(state == MOVE && w_left == '0 && finished) ||
		(state == BREAK && finished && !silent));

	always_ff @(posedge clk) begin
		if (in_valid)
			have[l_answer ? l_slot : rsp.tag[SLOT_W-1:0]] <= 1'b1;
		if (l_answer)
			slot[l_slot] <= l_rdata;
		else if (rsp_valid)
			slot[rsp.tag[SLOT_W-1:0]] <= rsp_data;
		l_answer <= r_go && from_local;
		rd_stuck <= rd_valid && !rd_ready;
		l_slot <= r_slot;

		if (r_go) begin
			r_src <= r_src + {41'h0, r_chunk, 3'h0};
			r_dst <= r_dst + r_chunk[2:0];
			r_left <= r_left - 29'(r_chunk);
			r_slot <= r_slot + 1'b1;
		end

		if (w_next)
			w_full <= 1'b0;
		if (w_go) begin
			automatic logic [511:0] raw = slot[w_slot];
			w_full <= 1'b1;
			w_strb <= strb;
			w_addr <= {w_dst[47:6], 6'h0};
			if (cur.src_space == IMM)
				wr_data <= {8{cur.imm}};
			else
				for (int i = 0; i < 8; i++)
					wr_data[{3'(i) + turn, 6'h0} +: 64] <= raw[64*i +: 64];
			w_dst <= w_dst + {41'h0, w_chunk, 3'h0};
			w_src <= w_src + w_chunk[2:0];
			w_left <= w_left - 29'(w_chunk);
			have[w_slot] <= 1'b0;
			w_slot <= w_slot + 1'b1;
		end
		used <= used + (SLOT_W+1)'(r_go) - (SLOT_W+1)'(w_go && cur.src_space != IMM);
		reading <= reading + (SLOT_W+1)'(r_go) - (SLOT_W+1)'(in_valid);
		acks <= acks + ACK_W'(wr_valid && wr_ready) - ACK_W'(ack);

		case (state)
			IDLE: if (q_valid) begin
				cur <= head;
				state <= JUDGE;
			end
			JUDGE: begin
				r_src <= cur.src;
				r_dst <= cur.dst[5:3];
				r_left <= len[31:3];
				w_dst <= cur.dst;
				w_src <= cur.src_space == IMM ? cur.dst[5:3] : cur.src[5:3];
				w_left <= len[31:3];
				r_slot <= '0;
				w_slot <= '0;
				used <= '0;
				have <= '0;
				state <= bad || len == '0 ? IDLE : MOVE;
			end
			MOVE: begin
				if (w_left == '0 && finished)
					state <= IDLE;
				if (broken)
					state <= BREAK;
			end
			default: if (finished) begin
				state <= IDLE;
				silent <= 1'b0;
			end
		endcase
		if (cancel && (state == MOVE || (state == BREAK && !finished))) begin
			state <= BREAK;
			silent <= 1'b1;
		end else if (cancel) begin
			state <= IDLE;
			silent <= 1'b0;
		end
		if (rst) begin
			state <= IDLE;
			silent <= 1'b0;
			w_full <= 1'b0;
			l_answer <= 1'b0;
			rd_stuck <= 1'b0;
			used <= '0;
			reading <= '0;
			acks <= '0;
			have <= '0;
		end
	end

	assign idle = state == IDLE && !q_valid;

	logic unused_tags;
	assign unused_tags = &{1'b0, rsp.tag[5:SLOT_W], wack.tag, cur.src[2:0], cur.dst[2:0]};

	a_answer_expected: assert property (@(posedge clk) disable iff (rst) in_valid |-> reading != '0);
	a_ack_expected: assert property (@(posedge clk) disable iff (rst) ack |-> acks != '0);
	a_slots: assert property (@(posedge clk) disable iff (rst) used <= (SLOT_W+1)'(SLOTS));
	a_counts: assert property (@(posedge clk) disable iff (rst || cancel) idle |-> issued == done);
endmodule
