// SPDX-License-Identifier: MIT
//
// Store DMA: scratchpad to global memory. Chunks are translated in order, one
// a cycle, read from the scratchpad, turned into place and written through a
// short queue. A chunk keeps its tag until its acknowledgement and those of
// all before it have come, so a command is done, and a fault reported, in
// program order.
module ash_dma_store
	import ash_pkg::*;
	import ash_tile_pkg::*;
(
	input  logic                 clk,
	input  logic                 rst,
	input  logic                 clear,             // drop everything but the write on offer; acknowledgements must not come any more

	input  logic                 cmd_valid,
	output logic                 cmd_ready,
	input  dma_cmd_t             cmd,
	input  logic                 go_ahead,          // the oldest command may be begun
	output logic                 taken,             // a pulse: it leaves the queue
	output logic                 done,              // a pulse per command; all its writes are acknowledged
	output logic                 fault_valid,       // all earlier commands are done; held until clear
	output fault_t               fault,
	output logic                 idle,              // nothing queued, nothing under way

	output logic                 tr_req,
	output logic [63:0]          tr_va,
	input  tr_t                  tr,

	// Scratchpad read: data in the cycle after req && gnt.
	output logic                 rd_req,
	output logic [LINE_W-1:0]    rd_line,
	input  logic                 rd_gnt,
	input  logic [LINE_BITS-1:0] rd_rdata,

	output logic                 wr_valid,
	input  logic                 wr_ready,
	output bus_req_t             wr_req,
	output logic [511:0]         wr_data,
	output logic [63:0]          wr_strb,
	output logic                 wr_pending,        // a translated write has not been taken yet
	input  logic                 wack_valid,
	input  bus_rsp_t             wack,

	// Scratchpad read of GATHER's tables, likewise.
	output logic                 ix_req,
	output logic [LINE_W-1:0]    ix_line,
	input  logic                 ix_gnt,
	input  logic [LINE_BITS-1:0] ix_rdata,

	output logic                 perf_stall,        // there is work, but no beat leaves
	output logic                 perf_beat          // a beat leaves
);
	// ---- chunks, translated

	logic   ch_valid, ch_ready, gen_idle;
	chunk_t ch;

	ash_dma_gen #(.STORE(1'b1)) u_gen (
		.clk, .rst, .clear,
		.cmd_valid, .cmd_ready, .cmd, .go_ahead, .taken,
		.out_valid(ch_valid), .out_ready(ch_ready), .out(ch),
		.idle(gen_idle),
		.ix_req, .ix_line, .ix_gnt, .ix_rdata
	);

	typedef struct packed {
		logic        last;
		logic [63:0] va;
	} place_t;

	place_t        place [TAGS];            // of each tag in use
	logic [TAGS-1:0] acked, refused;
	logic [5:0]    head, tail;              // tags, oldest and next
	logic [6:0]    used;

	logic [2:0]    fill;                    // writes in the queue
	logic          r_valid;                 // line read, to be turned in this cycle
	logic          room, alloc, retire, stopped, head_ready, ch_stop;
	fault_t        stop_fault;              // what stopped the asking

	assign room = used != 7'(TAGS);
	assign tr_req = ch_valid && ch.kind == CHUNK_DATA && !stopped;
	assign tr_va = ch.va;
	assign rd_req = tr_req && tr.ok && room && fill + 3'(r_valid) < 3'd4;
	assign rd_line = ch.line;
	assign ch_stop = ch_valid && !stopped &&
		(ch.kind == CHUNK_BAD || (ch.kind == CHUNK_DATA && tr.fault));
	assign ch_ready = ch.kind == CHUNK_NONE ? room && !stopped : rd_req && rd_gnt;
	assign alloc = ch_valid && ch_ready;

	always_ff @(posedge clk) begin
		if (ch_stop) begin
			stopped <= 1'b1;
			stop_fault.cause <= ch.kind == CHUNK_BAD ? CAUSE_COMMAND : tr.cause;
			stop_fault.sub <= ch.kind == CHUNK_BAD ? 32'(ch.sub) : '0;
			stop_fault.addr <= ch.va;
		end
		if (rst || clear)
			stopped <= 1'b0;
	end

	// ---- turn the line

	typedef struct packed {
		bus_req_t    req;
		logic [63:0] strb;
	} out_t;

	out_t          r;
	logic [OFF_W-1:0] r_by;

	// Byte i of the result is byte i + by of the line, around its end.
	function automatic logic [511:0] turn(input logic [LINE_BITS-1:0] line,
					      input logic [OFF_W-1:0] by);
		logic [31:0]  w [N];
		logic [511:0] b;
		logic [OFF_W-3:0] i;
		for (int k = 0; k < N; k++)
			w[k] = line[32 * k +: 32];
		for (int k = 0; k < 16; k++) begin
			i = (OFF_W-2)'(k) + by[OFF_W-1:2];
			b[32 * k +: 32] = by[1:0] == 0 ? w[i] :
				32'({w[i + 1'b1], w[i]} >> {by[1:0], 3'd0});
		end
		return b;
	endfunction

	always_ff @(posedge clk) begin
		if (rd_req && rd_gnt) begin
			r.req <= '{host: tr.host, addr: {tr.pa[47:6], 6'd0}, tag: tail};
			r.strb <= (~64'd0 >> (7'd64 - ch.len)) << ch.va[5:0];
			r_by <= ch.off - OFF_W'(ch.va[5:0]);
		end
		r_valid <= rd_req && rd_gnt && !rst && !clear;
	end

	// ---- queue of writes

	out_t          q [4];
	logic [511:0]  q_data [4];
	logic [1:0]    q_head, q_tail;
	logic          sent;

	assign wr_valid = fill != '0;
	assign wr_pending = wr_valid || r_valid;
	assign wr_req = q[q_head].req;
	assign wr_strb = q[q_head].strb;
	assign wr_data = q_data[q_head];
	assign sent = wr_valid && wr_ready;
	assign perf_beat = sent;

	always_ff @(posedge clk) begin
		if (r_valid) begin
			q[q_tail] <= r;
			q_data[q_tail] <= turn(rd_rdata, r_by);
			q_tail <= q_tail + 1;
		end
		if (sent)
			q_head <= q_head + 1;
		fill <= fill + 3'(r_valid) - 3'(sent);
		if (clear) begin
			// What is on offer may not be taken back.
			fill <= wr_valid && !wr_ready ? 3'd1 : '0;
			q_tail <= wr_valid ? q_head + 1 : q_head;
		end
		if (rst) begin
			fill <= '0;
			q_head <= '0;
			q_tail <= '0;
		end
	end

	// ---- acknowledgements

	assign head_ready = used != '0 && acked[head];
	assign retire = head_ready && !refused[head] && !fault_valid;
	assign done = retire && place[head].last;

	always_ff @(posedge clk) begin
		if (alloc) begin
			place[tail] <= '{last: ch.last, va: ch.va};
			acked[tail] <= ch.kind == CHUNK_NONE;
			refused[tail] <= 1'b0;
			tail <= tail + 1;
		end
		if (wack_valid) begin
			acked[wack.tag] <= 1'b1;
			refused[wack.tag] <= wack.err;
		end
		if (retire)
			head <= head + 1;
		if (alloc != retire)
			used <= alloc ? used + 1 : used - 1;
		if (rst || clear) begin
			head <= '0;
			tail <= '0;
			used <= '0;
		end
	end

	// ---- the end

	always_ff @(posedge clk) begin
		if (!fault_valid) begin
			if (head_ready && refused[head]) begin
				fault_valid <= 1'b1;
				fault <= '{cause: CAUSE_BUS, sub: '0, addr: place[head].va};
			end else if (stopped && used == '0) begin
				fault_valid <= 1'b1;
				fault <= stop_fault;
			end
		end
		if (rst || clear)
			fault_valid <= 1'b0;
	end

	assign idle = gen_idle && used == '0;
	assign perf_stall = !idle && !sent;

	a_ack_awaited: assert property (@(posedge clk) disable iff (rst || clear)
		wack_valid |-> used != '0 && !acked[wack.tag]);
	a_write_is_stable: assert property (@(posedge clk) disable iff (rst)
		wr_valid && !wr_ready |=> wr_valid && $stable(wr_req) && $stable(wr_data));
endmodule
