// SPDX-License-Identifier: MIT
//
// Load DMA: global memory to scratchpad. Chunks are translated and asked for
// in order, one a cycle; answers come in any order into a reorder buffer, one
// place per tag, and leave it in order, turned into place, one a cycle. So
// bytes written twice hold what the later run brought, a later command never
// overtakes, and the fault reported is the first in program order.
module ash_dma_load
	import ash_pkg::*;
	import ash_tile_pkg::*;
(
	input  logic                  clk,
	input  logic                  rst,
	input  logic                  clear,            // drop everything; answers must not come any more

	input  logic                  cmd_valid,
	output logic                  cmd_ready,
	input  dma_cmd_t              cmd,
	input  logic                  go_ahead,         // the oldest command may be begun
	output logic                  taken,            // a pulse: it leaves the queue
	output logic                  done,             // a pulse per command; its bytes are in the scratchpad
	output logic                  fault_valid,      // all earlier commands are done; held until clear
	output fault_t                fault,
	output logic                  idle,             // nothing queued, nothing under way

	output logic                  tr_req,
	output logic [63:0]           tr_va,
	input  tr_t                   tr,

	output logic                  rd_valid,
	input  logic                  rd_ready,
	output bus_req_t              rd_req,
	input  logic                  rsp_valid,
	input  bus_rsp_t              rsp,
	input  logic [511:0]          rsp_data,

	// Scratchpad write: done in the cycle of req && gnt.
	output logic                  wr_req,
	output logic [LINE_W-1:0]     wr_line,
	output logic [LINE_BITS-1:0]  wr_data,
	output logic [LINE_BYTES-1:0] wr_strb,
	input  logic                  wr_gnt,

	// Scratchpad read of GATHER's tables: data in the cycle after req && gnt.
	output logic                  ix_req,
	output logic [LINE_W-1:0]     ix_line,
	input  logic                  ix_gnt,
	input  logic [LINE_BITS-1:0]  ix_rdata,

	output logic                  perf_stall,       // there is work, but no beat asked for or received
	output logic                  perf_beat         // a beat is asked for
);
	// ---- chunks, translated

	logic   ch_valid, ch_ready, gen_idle;
	chunk_t ch;

	ash_dma_gen u_gen (
		.clk, .rst, .clear,
		.cmd_valid, .cmd_ready, .cmd, .go_ahead, .taken,
		.out_valid(ch_valid), .out_ready(ch_ready), .out(ch),
		.idle(gen_idle),
		.ix_req, .ix_line, .ix_gnt, .ix_rdata
	);

	typedef struct packed {
		logic              last;
		logic              pad;
		logic [63:0]       va;
		logic [LINE_W-1:0] line;
		logic [OFF_W-1:0]  off;
		logic [6:0]        len;
	} place_t;

	place_t        place [TAGS];            // of each tag in use
	logic [511:0]  data [TAGS];
	logic [TAGS-1:0] arrived, refused;
	logic [5:0]    head, tail;              // tags, oldest and next
	logic [5:0]    used;

	logic          room, alloc, retire, stopped;
	fault_t        stop_fault;              // what stopped the asking
	logic          ch_stop;

	assign room = used != 6'(LOAD_TAGS);
	assign tr_req = ch_valid && ch.kind == CHUNK_DATA && !stopped;
	assign tr_va = ch.va;
	assign rd_valid = tr_req && tr.ok && room;
	assign rd_req = '{host: tr.host, addr: {tr.pa[47:6], 6'd0}, tag: tail};
	assign ch_stop = ch_valid && !stopped &&
		(ch.kind == CHUNK_BAD || (ch.kind == CHUNK_DATA && tr.fault));
	assign ch_ready = ch.kind == CHUNK_PAD ? room && !stopped : rd_valid && rd_ready;
	assign alloc = ch_valid && ch_ready;
	assign perf_beat = rd_valid && rd_ready;

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

	// ---- reorder buffer

	logic          dr_valid, dr_last, dr_ready, head_ready;
	logic [LINE_W-1:0]     dr_line;
	logic [511:0]          dr_data;
	logic [LINE_BYTES-1:0] dr_strb;

	assign head_ready = used != '0 && arrived[head];
	assign dr_ready = !dr_valid || wr_gnt;
	assign retire = head_ready && !refused[head] && dr_ready && !fault_valid;

	always_ff @(posedge clk) begin
		if (alloc) begin
			place[tail] <= '{last: ch.last, pad: ch.kind == CHUNK_PAD, va: ch.va,
					 line: ch.line, off: ch.off, len: ch.len};
			arrived[tail] <= ch.kind == CHUNK_PAD;
			refused[tail] <= 1'b0;
			tail <= tail == LAST_LOAD_TAG ? '0 : tail + 1;
		end
		if (rsp_valid) begin
			data[rsp.tag] <= rsp_data;
			arrived[rsp.tag] <= 1'b1;
			refused[rsp.tag] <= rsp.err;
		end
		if (retire)
			head <= head == LAST_LOAD_TAG ? '0 : head + 1;
		if (alloc != retire)
			used <= alloc ? used + 1 : used - 1;
		if (rst || clear) begin
			head <= '0;
			tail <= '0;
			used <= '0;
		end
	end

	// Byte i of the result is byte i + by of the beat, around its end.
	function automatic logic [511:0] turn(input logic [511:0] beat, input logic [5:0] by);
		logic [31:0]  w [16];
		logic [511:0] r;
		logic [3:0]   i;
		if (by == '0)
			return beat;
		for (int k = 0; k < 16; k++)
			w[k] = beat[32 * k +: 32];
		for (int k = 0; k < 16; k++) begin
			i = 4'(k) + by[5:2];
			r[32 * k +: 32] = 32'({w[i + 4'd1], w[i]} >> {by[1:0], 3'd0});
		end
		return r;
	endfunction

	// len ones from bit off; the chunk ends in the line.
	function automatic logic [LINE_BYTES-1:0] strobe(input logic [OFF_W-1:0] off,
							 input logic [6:0] len);
		logic [63:0] ones;
		ones = ~64'd0 >> (7'd64 - len);
		return LINE_BYTES'({{LINE_BYTES{1'b0}}, ones} << off);
	endfunction

	always_ff @(posedge clk) begin
		if (retire) begin
			dr_last <= place[head].last;
			dr_line <= place[head].line;
			dr_strb <= strobe(place[head].off, place[head].len);
			dr_data <= place[head].pad ? '0 :
				turn(data[head], place[head].va[5:0] - 6'(place[head].off));
		end
		if (rst || clear)
			dr_valid <= 1'b0;
		else if (dr_ready)
			dr_valid <= retire;
	end

	assign wr_req = dr_valid;
	assign wr_line = dr_line;
	assign wr_strb = dr_strb;
	if (LINE_BYTES > 64) begin : g_wide
		assign wr_data = {LINE_BYTES / 64{dr_data}};
	end else begin : g_narrow
		logic unused;
		assign wr_data = dr_data[LINE_BITS-1:0];
		assign unused = &{1'b0, dr_data};
	end
	assign done = dr_valid && wr_gnt && dr_last;

	// ---- the end

	always_ff @(posedge clk) begin
		if (!dr_valid && !fault_valid) begin
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

	assign idle = gen_idle && used == '0 && !dr_valid;
	assign perf_stall = !idle && !alloc && !rsp_valid;

	a_answer_awaited: assert property (@(posedge clk) disable iff (rst || clear)
		rsp_valid |-> used != '0 && !arrived[rsp.tag]);
	a_write_is_stable: assert property (@(posedge clk) disable iff (rst || clear)
		wr_req && !wr_gnt |=> wr_req && $stable(wr_line) && $stable(wr_strb));
endmodule
