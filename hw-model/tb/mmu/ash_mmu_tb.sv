// SPDX-License-Identifier: MIT
//
// The MMU with its array ports spread out for the bench.
module ash_mmu_tb
	import ash_tile_pkg::*;
(
	input  logic         clk,
	input  logic         rst,
	input  logic         flush,
	input  logic         hold,
	input  logic         clear,
	input  logic [47:0]  pt_root,
	input  logic [31:0]  pt_entries,
	input  logic [1:0]   req,
	input  logic [1:0]   we,
	input  logic [63:0]  va0,
	input  logic [63:0]  va1,
	output logic [1:0]   ok,
	output logic [1:0]   fault,
	output logic [1:0]   host,
	output logic [2:0]   cause0,
	output logic [2:0]   cause1,
	output logic [47:0]  pa0,
	output logic [47:0]  pa1,
	output logic [1:0]   wk_valid,
	input  logic [1:0]   wk_ready,
	output logic [47:0]  wk_addr0,
	output logic [47:0]  wk_addr1,
	input  logic [1:0]   wk_rsp,
	input  logic         wk_err,
	input  logic [511:0] wk_data,
	output logic [1:0]   perf_miss
);
	logic [63:0] va [2];
	tr_t         tr [2];
	logic [47:0] wk_addr [2];
	logic        unused;

	assign va[0] = va0;
	assign va[1] = va1;
	assign ok = {tr[1].ok, tr[0].ok};
	assign fault = {tr[1].fault, tr[0].fault};
	assign host = {tr[1].host, tr[0].host};
	assign cause0 = tr[0].cause;
	assign cause1 = tr[1].cause;
	assign pa0 = tr[0].pa;
	assign pa1 = tr[1].pa;
	assign wk_addr0 = wk_addr[0];
	assign wk_addr1 = wk_addr[1];
	assign unused = &{1'b0, pt_root[11:0]};

	ash_mmu u_mmu (
		.clk, .rst, .flush, .hold, .clear, .pt_root(pt_root[47:12]), .pt_entries,
		.req, .we, .va, .tr, .wk_valid, .wk_ready, .wk_addr, .wk_rsp, .wk_err, .wk_data,
		.perf_miss
	);
endmodule
