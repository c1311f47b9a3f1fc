// SPDX-License-Identifier: MIT
//
// The tile's MMU: two ports that translate an address a cycle, a shared TLB,
// a page table walker per port.
//
// A walk reads 64-byte beats, that is 8 entries at a time, and the TLB keeps
// whole beats: 8 pages of 4 KiB (a group of 32 KiB), or 8 root entries
// (16 MiB). Root entries that point to tables are kept as well, so a walk in
// known territory is one read. An entry that is not valid is never taken from
// the TLB: making a page valid needs no TLB_INVALIDATE; taking it away or
// changing it does.
//
// After a flush the tile holds both ports until the bus has answered all that
// was asked for before: `hold` and the walks given up at the flush see to it
// that nothing with an older translation is asked for behind it.
//
// A port holds req until ok or fault, or until clear. Its last page is kept
// aside, so that a stream does not search the TLB for each beat.
module ash_mmu
	import ash_pkg::*;
	import ash_tile_pkg::*;
(
	input  logic         clk,
	input  logic         rst,
	input  logic         flush,             // forget all translations
	input  logic         hold,              // answer nothing, begin no walk
	input  logic         clear,             // give up walks; their answers will not come

	input  logic [47:12] pt_root,
	input  logic [31:0]  pt_entries,

	input  logic [1:0]   req,
	input  logic [1:0]   we,                // needs a writable page, else a readable one
	input  logic [63:0]  va [2],
	output tr_t          tr [2],

	output logic [1:0]   wk_valid,          // walker's beat read, board memory
	input  logic [1:0]   wk_ready,
	output logic [47:0]  wk_addr [2],
	input  logic [1:0]   wk_rsp,            // its answer
	input  logic         wk_err,
	input  logic [511:0] wk_data,

	output logic [1:0]   perf_miss          // a walk starts
);
	localparam int ENTRIES = ash_board_pkg::TLB_ENTRIES;
	localparam int EW = $clog2(ENTRIES);

	// A page table entry as the TLB keeps it.
	typedef struct packed {
		logic        high;              // points beyond 48 bits: a bus error
		logic [35:0] ppn;
		logic        leaf;
		logic        host;
		logic        w;
		logic        r;
		logic        v;
	} slot_t;
	localparam int SLOT_BITS = $bits(slot_t);

	typedef enum logic [2:0] {IDLE, ROOT_REQ, ROOT_WAIT, LEAF_REQ, LEAF_WAIT, FAULT} walk_t;

	function automatic slot_t pack(input logic [63:0] raw);
		pte_t  p;
		slot_t s;
		logic  unused;
		p = pte_t'(raw);
		s.high = |p.ppn[39:36];
		s.ppn = p.ppn[35:0];
		s.leaf = p.leaf;
		s.host = p.host;
		s.w = p.w;
		s.r = p.r;
		s.v = p.v;
		unused = &{1'b0, p.unused_hi, p.unused_lo};
		return s;
	endfunction

	// ---- TLB

	logic [ENTRIES-1:0] e_valid;
	logic [ENTRIES-1:0] e_root;             // holds root entries
	logic [39:15]       e_tag [ENTRIES];    // va; root: 39:24, rest 0
	logic [7:0][SLOT_BITS-1:0] e_slots [ENTRIES];
	logic [EW-1:0]      victim;

	// ---- last page of each port

	logic [1:0]         l_valid, l_we, l_host;
	logic [63:12]       l_vpn [2];
	logic [47:12]       l_ppn [2];

	// ---- lookup

	walk_t              state [2];
	logic [1:0]         stale;              // flushed while walking: walk again
	logic [2:0]         w_cause [2];
	logic [47:12]       table_pa [2];       // where the leaf walk reads

	logic [1:0]         l_hit, miss, take;
	logic [1:0]         t_hit, t_small;     // a translation; of a 4 KiB page
	logic [1:0]         n_hit;              // a root entry that points to a table
	slot_t              t_slot [2], n_slot [2];
	logic [47:12]       t_ppn [2];

	for (genvar p = 0; p < 2; p++) begin : g_lookup
		slot_t s;

		always_comb begin
			tr[p] = '0;
			l_hit[p] = 1'b0;
			t_hit[p] = 1'b0;
			t_small[p] = 1'b0;
			n_hit[p] = 1'b0;
			t_slot[p] = '0;
			n_slot[p] = '0;
			t_ppn[p] = '0;
			miss[p] = 1'b0;
			take[p] = 1'b0;
			s = '0;
			if (req[p] && !hold) begin
				l_hit[p] = l_valid[p] && l_we[p] == we[p] && l_vpn[p] == va[p][63:12];
				if (l_hit[p]) begin
					tr[p].ok = 1'b1;
					tr[p].host = l_host[p];
					tr[p].pa = {l_ppn[p], va[p][11:0]};
				end else if (va[p][63:40] != '0 || 32'(va[p][39:21]) >= pt_entries) begin
					tr[p].fault = 1'b1;
					tr[p].cause = CAUSE_PAGE_INVALID;
				end else if (state[p] == FAULT) begin
					tr[p].fault = 1'b1;
					tr[p].cause = w_cause[p];
				end else if (state[p] == IDLE) begin
					for (int e = 0; e < ENTRIES; e++) begin
						if (e_valid[e] && e_tag[e][39:24] == va[p][39:24]) begin
							if (e_root[e]) begin
								s = e_slots[e][va[p][23:21]];
								if (s.v && s.leaf) begin
									t_hit[p] = 1'b1;
									t_slot[p] = s;
								end else if (s.v) begin
									n_hit[p] = 1'b1;
									n_slot[p] = s;
								end
							end else if (e_tag[e][23:15] == va[p][23:15]) begin
								s = e_slots[e][va[p][14:12]];
								if (s.v) begin
									t_hit[p] = 1'b1;
									t_small[p] = 1'b1;
									t_slot[p] = s;
								end
							end
						end
					end
					t_ppn[p] = t_small[p] ? t_slot[p].ppn :
						{t_slot[p].ppn[35:9], va[p][20:12]};
					if (!t_hit[p]) begin
						miss[p] = 1'b1;
					end else if (we[p] ? !t_slot[p].w : !t_slot[p].r) begin
						tr[p].fault = 1'b1;
						tr[p].cause = we[p] ? CAUSE_PAGE_WRITE : CAUSE_PAGE_READ;
					end else if (t_slot[p].high) begin
						tr[p].fault = 1'b1;
						tr[p].cause = CAUSE_BUS;
					end else begin
						take[p] = 1'b1;
						tr[p].ok = 1'b1;
						tr[p].host = t_slot[p].host;
						tr[p].pa = {t_ppn[p], va[p][11:0]};
					end
				end
			end
		end

		always_ff @(posedge clk) begin
			if (take[p]) begin
				l_we[p] <= we[p];
				l_host[p] <= t_slot[p].host;
				l_vpn[p] <= va[p][63:12];
				l_ppn[p] <= t_ppn[p];
			end
			if (rst || flush || clear)
				l_valid[p] <= 1'b0;
			else if (take[p])
				l_valid[p] <= 1'b1;
		end

	end

	// ---- walks

	assign perf_miss = flush ? '0 : miss;

	logic        fill, fill_root, found;
	logic        fp;                        // the port whose answer has come
	logic [EW-1:0] fill_at;
	logic [7:0][SLOT_BITS-1:0] fill_slots;
	logic [39:15] fill_tag;

	assign fp = wk_rsp[1];
	assign fill_root = state[fp] == ROOT_WAIT;
	assign fill = wk_rsp != '0 && !wk_err && !stale[fp] && !flush;

	always_comb begin
		fill_at = victim;
		fill_slots = '0;
		fill_tag = '0;
		found = 1'b0;
		if (fill) begin
			fill_tag = fill_root ? {va[fp][39:24], 9'd0} : va[fp][39:15];
			for (int i = 0; i < 8; i++)
				fill_slots[i] = pack(wk_data[64 * i +: 64]);
			for (int e = 0; e < ENTRIES; e++) begin
				if (e_valid[e] && e_root[e] == fill_root && e_tag[e] == fill_tag) begin
					fill_at = EW'(e);
					found = 1'b1;
				end
			end
		end
	end

	always_ff @(posedge clk) begin
		if (fill) begin
			e_root[fill_at] <= fill_root;
			e_tag[fill_at] <= fill_tag;
			e_slots[fill_at] <= fill_slots;
			if (!found)
				victim <= victim == EW'(ENTRIES - 1) ? '0 : victim + 1;
		end
		if (rst || flush) begin
			e_valid <= '0;
			victim <= '0;
		end else if (fill) begin
			e_valid[fill_at] <= 1'b1;
		end
	end

	for (genvar p = 0; p < 2; p++) begin : g_walk
		slot_t got;                     // the entry the walk came for
		logic  pending, awaited, unused;
		logic [63:0] my_va;

		assign wk_valid[p] = state[p] == ROOT_REQ || state[p] == LEAF_REQ;
		assign wk_addr[p] = state[p] == ROOT_REQ ?
			{pt_root + 36'(va[p][39:30]), va[p][29:24], 6'd0} :
			{table_pa[p], va[p][20:15], 6'd0};

		always_comb begin
			got = '0;
			if (wk_rsp[p])
				got = fill_root ? fill_slots[va[p][23:21]] : fill_slots[va[p][14:12]];
		end

		assign my_va = va[p];
		assign awaited = state[p] == ROOT_WAIT || state[p] == LEAF_WAIT;
		assign pending = req[p] && !tr[p].ok && !tr[p].fault;
		assign unused = &{1'b0, got.host, got.r, got.w};    // the lookup judges them

		always_ff @(posedge clk) begin
			case (state[p])
			IDLE:
				if (miss[p] && !flush) begin
					if (n_hit[p] && n_slot[p].high) begin
						state[p] <= FAULT;
						w_cause[p] <= CAUSE_BUS;
					end else begin
						state[p] <= n_hit[p] ? LEAF_REQ : ROOT_REQ;
						table_pa[p] <= n_slot[p].ppn;
					end
				end
			ROOT_REQ:
				if (wk_ready[p])
					state[p] <= ROOT_WAIT;
				else if (flush)
					state[p] <= IDLE;       // not asked for yet: never will be
			LEAF_REQ:
				if (wk_ready[p])
					state[p] <= LEAF_WAIT;
				else if (flush)
					state[p] <= IDLE;
			ROOT_WAIT, LEAF_WAIT:
				if (wk_rsp[p]) begin
					state[p] <= IDLE;
					if (!stale[p] && !flush) begin
						if (wk_err) begin
							state[p] <= FAULT;
							w_cause[p] <= CAUSE_BUS;
						end else if (!got.v) begin
							state[p] <= FAULT;
							w_cause[p] <= CAUSE_PAGE_INVALID;
						end else if (state[p] == ROOT_WAIT && !got.leaf) begin
							state[p] <= got.high ? FAULT : LEAF_REQ;
							w_cause[p] <= CAUSE_BUS;
							table_pa[p] <= got.ppn;
						end
					end
				end
			default: ;
			endcase
			if (flush)
				stale[p] <= state[p] != IDLE && state[p] != FAULT;
			else if (state[p] == IDLE)
				stale[p] <= 1'b0;
			if (rst || clear) begin
				state[p] <= IDLE;
				stale[p] <= 1'b0;
			end
		end

		a_held: assert property (@(posedge clk) disable iff (rst || clear)
			pending |=> req[p] && $stable(my_va));
		a_answer_awaited: assert property (@(posedge clk) disable iff (rst)
			wk_rsp[p] |-> awaited);
	end

	a_hold: assert property (@(posedge clk) disable iff (rst)
		hold |-> wk_valid == '0);
	a_one_answer: assert property (@(posedge clk) disable iff (rst) wk_rsp != 2'b11);
endmodule
