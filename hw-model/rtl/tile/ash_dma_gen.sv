// SPDX-License-Identifier: MIT
//
// Cuts the macro-operations of a DMA unit into chunks, one a cycle, each in
// one global beat and one scratchpad line. Three steps:
//   queue   UNIT_QUEUE commands
//   setup   judges a command and multiplies out what the walk only adds
//   walk    the four loops; a new run, even a new command, takes no cycle
// Beside them ash_dma_index reads the tables of commands with GATHER, from when
// they are in setup.
// A bad parameter, or a run outside the scratchpad, becomes a CHUNK_BAD in its
// place, after which nothing comes until clear.
module ash_dma_gen
	import ash_pkg::*;
	import ash_regs_pkg::*;
	import ash_tile_pkg::*;
#(
	parameter bit STORE = 1'b0              // padding is left out, not written
) (
	input  logic     clk,
	input  logic     rst,
	input  logic     clear,
	input  logic     cmd_valid,
	output logic     cmd_ready,
	input  dma_cmd_t cmd,
	input  logic     go_ahead, // the oldest command may be begun
	output logic     taken, // a pulse: it leaves the queue
	output logic     out_valid,
	input  logic     out_ready,
	output chunk_t   out,
	output logic     idle,

	// Scratchpad read, for tables: data in the cycle after req && gnt.
	output logic                 ix_req,
	output logic [LINE_W-1:0]    ix_line,
	input  logic                 ix_gnt,
	input  logic [LINE_BITS-1:0] ix_rdata
);
	localparam logic [31:0] SPAD = 32'(ash_board_pkg::SPAD_BYTES);
	localparam int PW = $clog2(ash_board_pkg::SPAD_BYTES) + 1;     // 0 .. SPAD_BYTES

	typedef logic signed [33:0] coord_t;    // START + id * STEP never wraps in it

	typedef struct packed {                 // what the walk needs throughout
		logic              bad;
		logic              gather;
		logic [7:0]        sub;         // of the bad parameter
		logic [31:0]       value;
		logic [PW-1:0]     run;
		logic [PW-1:0]     lo, hi;      // bytes of a run with c0 in range: lo .. hi-1
		logic [1:0][15:0]  more;        // COUNT - 1, inner loops
		logic [1:0][31:0]  start;
		logic [2:0][63:0]  gstep;
		logic [2:0][31:0]  lstep;
		logic [2:0][30:0]  limit;
		logic [2:0][15:0]  step;
	} walk_t;

	typedef struct packed {
		walk_t             walk;
		logic [63:0]       gaddr;       // of c0 = START0, ids 0
		logic [31:0]       laddr;
		logic [15:0]       more;        // outermost loop
		logic [31:0]       start;
		logic [LINE_W+OFF_W-3:0] table_at;      // word in the scratchpad
		logic [31:0]       table_stride;
	} setup_t;

	// ---- queue

	logic     q_any, q_valid, q_ready;
	dma_cmd_t q;

	ash_unit_queue #(.W($bits(dma_cmd_t))) u_queue (
		.clk, .rst, .clear,
		.in_valid(cmd_valid), .in_ready(cmd_ready), .in_data(cmd),
		.go_ahead, .taken, .any(q_any),
		.out_valid(q_valid), .out_ready(q_ready), .out_data(q)
	);

	// ---- setup

	logic   s_valid, s_ready;
	setup_t s;

	// First byte of a run with c0 >= bound, as far as there is one.
	function automatic logic [PW-1:0] reach(input logic [31:0] bound, input logic [31:0] start,
						input logic [31:0] run);
		coord_t d;
		d = coord_t'($signed(bound)) - coord_t'($signed(start));
		if (d < 0)
			return '0;
		return d > coord_t'({2'b0, run}) ? run[PW-1:0] : d[PW-1:0];
	endfunction

	function automatic logic [63:0] product(input logic [31:0] x, input logic [31:0] y);
		return 64'($signed(x)) * 64'($signed(y));
	endfunction

	function automatic setup_t judge(input dma_cmd_t c);
		setup_t r;
		walk_t  k;
		k = '0;
		k.gather = c.gather == LOAD_GATHER_ON;
		// From the highest offset down, so that the lowest bad one stays.
		if (k.gather && (c.index[1:0] != '0 ||
				 {2'd0, c.index} + {c.count[0], 2'd0} > {2'd0, SPAD}))
			{k.bad, k.sub, k.value} = {1'b1, LOAD_INDEX[7:0], c.index};
		if (c.gather != LOAD_GATHER_ON && c.gather != LOAD_GATHER_OFF)
			{k.bad, k.sub, k.value} = {1'b1, LOAD_GATHER[7:0], c.gather};
		for (int d = 2; d >= 0; d--)
			if ($signed(c.step[d]) != 32'($signed(c.step[d][15:0])))
				{k.bad, k.sub, k.value} = {1'b1, LOAD_STEP1[7:0] + 8'(4 * d), c.step[d]};
		for (int d = 3; d >= 0; d--)
			if (c.limit[d][31])
				{k.bad, k.sub, k.value} = {1'b1, LOAD_LIMIT0[7:0] + 8'(4 * d), c.limit[d]};
		for (int d = 2; d >= 0; d--)
			if (c.count[d] == 0 || c.count[d] > 32'd65535)
				{k.bad, k.sub, k.value} = {1'b1, LOAD_COUNT1[7:0] + 8'(4 * d), c.count[d]};
		if (c.run == 0 || c.run > SPAD)
			{k.bad, k.sub, k.value} = {1'b1, LOAD_RUN[7:0], c.run};

		r.gaddr = c.gaddr + 64'($signed(c.start[0]));
		for (int d = 0; d < 3; d++) begin
			if (d != 0 || !k.gather) begin
				r.gaddr += product(c.start[d + 1], c.gstride[d]);
				k.gstep[d] = product(c.step[d], c.gstride[d]);
			end
			k.lstep[d] = c.lstride[d];
			k.limit[d] = c.limit[d + 1][30:0];
			k.step[d] = c.step[d][15:0];
		end
		for (int d = 0; d < 2; d++) begin
			k.more[d] = c.count[d][15:0] - 1;
			k.start[d] = c.start[d + 1];
		end
		k.run = c.run[PW-1:0];
		k.lo = reach('0, c.start[0], c.run);
		k.hi = reach(c.limit[0], c.start[0], c.run);
		r.walk = k;
		r.laddr = c.laddr;
		r.more = c.count[2][15:0] - 1;
		r.start = c.start[3];
		r.table_at = c.index[2 +: LINE_W + OFF_W - 2];
		r.table_stride = c.gstride[0];
		return r;
	endfunction

	assign q_ready = !s_valid || s_ready;

	always_ff @(posedge clk) begin
		if (rst || clear)
			s_valid <= 1'b0;
		else if (q_ready)
			s_valid <= q_valid;
		if (q_valid && q_ready)
			s <= judge(q);
	end

	// ---- tables

	logic        ix_given, ix_cmd_valid, ix_cmd_ready;      // s's table is read
	logic        index_valid, index_ready;
	logic [31:0] index;
	logic [63:0] index_addr;

	assign ix_cmd_valid = s_valid && s.walk.gather && !s.walk.bad && !ix_given;

	always_ff @(posedge clk) begin
		if (rst || clear || (s_valid && s_ready))
			ix_given <= 1'b0;
		else if (ix_cmd_valid && ix_cmd_ready)
			ix_given <= 1'b1;
	end

	ash_dma_index u_index (
		.clk, .rst, .clear,
		.cmd_valid(ix_cmd_valid), .cmd_ready(ix_cmd_ready),
		.cmd_line(s.table_at[OFF_W-2 +: LINE_W]), .cmd_word(s.table_at[OFF_W-3:0]),
		.cmd_more({s.more, s.walk.more}), .cmd_stride(s.table_stride),
		.rd_req(ix_req), .rd_line(ix_line), .rd_gnt(ix_gnt), .rd_rdata(ix_rdata),
		.out_valid(index_valid), .out_ready(index_ready), .out_index(index),
		.out_addr(index_addr)
	);

	// ---- walk

	logic           active, dead;
	walk_t          w;                      // what stays for the whole command
	logic [2:0][15:0] left;                 // repetitions to come, per loop
	coord_t         c [3];                  // coordinates of this run
	logic [63:0]    g [3];                  // g[0]: this run; g[d]: where loop d+1 stands
	logic [31:0]    l [3];
	logic [PW-1:0]  pos;                    // bytes of this run done

	coord_t         c1;
	logic           in_range;               // c1, c2, c3 in range
	logic           l_bad, skip, pad, run_end, cmd_end, step, emit;
	logic [PW-1:0]  from, till;
	logic [PW-1:0]  room_g, room_l, take;
	logic [63:0]    ga;
	logic [OFF_W+LINE_W-1:0] la;

	always_comb begin
		c1 = '0;
		in_range = 1'b1;
		l_bad = 1'b0;
		skip = 1'b0;
		pad = 1'b0;
		from = '0;
		till = '0;
		ga = '0;
		la = '0;
		room_g = '0;
		room_l = '0;
		take = '0;
		run_end = 1'b0;
		if (active) begin
			c1 = w.gather ? coord_t'($signed(index)) : c[0];
			for (int d = 0; d < 3; d++)
				if ((d == 0 ? c1 : c[d]) < 0 ||
				    (d == 0 ? c1 : c[d]) >= coord_t'({3'b0, w.limit[d]}))
					in_range = 1'b0;
			l_bad = l[0] > SPAD - 32'(w.run);
			from = pos;
			if (STORE) begin
				skip = !in_range || w.lo >= w.hi;
				if (pos < w.lo)
					from = w.lo;
				till = w.hi;
			end else begin
				pad = !in_range || pos < w.lo || pos >= w.hi;
				till = !in_range || pos >= w.hi ? w.run : pos < w.lo ? w.lo : w.hi;
				// A run that starts or ends outside as a whole.
				if (in_range && w.lo >= w.hi) begin
					pad = 1'b1;
					till = w.run;
				end
			end
			ga = g[0] + 64'(from);
			if (w.gather)
				ga += index_addr;
			la = l[0][OFF_W+LINE_W-1:0] + from[OFF_W+LINE_W-1:0];
			room_g = PW'(64);
			if (!pad)
				room_g -= PW'(ga[5:0]);
			room_l = PW'(LINE_BYTES) - PW'(la[OFF_W-1:0]);
			take = till - from;
			if (take > room_l)
				take = room_l;
			if (take > room_g)
				take = room_g;
			run_end = STORE ? skip || from + take == w.hi
					: pos + take == w.run;
		end
	end

	assign cmd_end = run_end && left == '0;
	assign step = active && !dead && (!out_valid || out_ready) &&
		(!w.gather || w.bad || index_valid);
	assign index_ready = step && w.gather && !w.bad && run_end;
	assign emit = !skip || l_bad || w.bad || cmd_end;
	assign s_ready = !active || (step && cmd_end && !l_bad && !w.bad);
	assign idle = !q_any && !s_valid && !active && !out_valid;

	always_ff @(posedge clk) begin
		if (step) begin
			out.last <= cmd_end;
			out.va <= ga;
			out.line <= la[OFF_W +: LINE_W];
			out.off <= la[OFF_W-1:0];
			out.len <= take[6:0];
			out.sub <= LOAD_LADDR[7:0];
			out.kind <= skip ? CHUNK_NONE : pad ? CHUNK_PAD : CHUNK_DATA;
			if (w.bad) begin
				out.kind <= CHUNK_BAD;
				out.sub <= w.sub;
				out.va <= 64'(w.value);
			end else if (l_bad) begin
				out.kind <= CHUNK_BAD;
				out.va <= 64'(l[0]);
			end
			dead <= w.bad || l_bad;

			pos <= run_end ? '0 : from + take;
			if (run_end) begin
				if (left[0] != 0) begin
					left[0] <= left[0] - 1;
					c[0] <= c[0] + coord_t'($signed(w.step[0]));
					g[0] <= g[0] + w.gstep[0];
					l[0] <= l[0] + w.lstep[0];
				end else if (left[1] != 0) begin
					left[0] <= w.more[0];
					left[1] <= left[1] - 1;
					c[0] <= coord_t'($signed(w.start[0]));
					c[1] <= c[1] + coord_t'($signed(w.step[1]));
					g[0] <= g[1] + w.gstep[1];
					g[1] <= g[1] + w.gstep[1];
					l[0] <= l[1] + w.lstep[1];
					l[1] <= l[1] + w.lstep[1];
				end else begin
					left <= {left[2] - 16'd1, w.more};
					c[0] <= coord_t'($signed(w.start[0]));
					c[1] <= coord_t'($signed(w.start[1]));
					c[2] <= c[2] + coord_t'($signed(w.step[2]));
					for (int d = 0; d < 3; d++) begin
						g[d] <= g[2] + w.gstep[2];
						l[d] <= l[2] + w.lstep[2];
					end
				end
			end
		end
		if (s_valid && s_ready) begin
			w <= s.walk;
			left <= {s.more, s.walk.more};
			pos <= '0;
			c[0] <= coord_t'($signed(s.walk.start[0]));
			c[1] <= coord_t'($signed(s.walk.start[1]));
			c[2] <= coord_t'($signed(s.start));
			for (int d = 0; d < 3; d++) begin
				g[d] <= s.gaddr;
				l[d] <= s.laddr;
			end
		end
		if (s_ready)
			active <= s_valid;
		if (!out_valid || out_ready)
			out_valid <= step && emit;
		if (rst || clear) begin
			active <= 1'b0;
			dead <= 1'b0;
			out_valid <= 1'b0;
		end
	end

	a_table_in_time: assert property (@(posedge clk) disable iff (rst || clear)
		s_valid && s_ready && ix_cmd_valid |-> ix_cmd_ready);
	a_chunk: assert property (@(posedge clk) disable iff (rst)
		out_valid && out.kind inside {CHUNK_DATA, CHUNK_PAD} |->
		out.len != 0 && out.len <= 7'd64 && 32'(out.off) + 32'(out.len) <= 32'(LINE_BYTES) &&
		(out.kind == CHUNK_PAD || 7'(out.va[5:0]) + out.len <= 7'd64));
endmodule
