// SPDX-License-Identifier: MIT
//
// A tile: RV32 core, local memory, scratchpad, matrix and vector unit, load
// and store DMA behind an MMU. Port list only for now; the body follows.
module ash_tile
	import ash_pkg::*;
#(
	parameter int TILE_ID = 0
) (
	input  logic         clk,
	input  logic         rst,

	// Block TILE, from the management processor: answered the next cycle.
	input  logic         reg_req,
	input  logic         reg_we,
	input  logic [15:0]  reg_addr,
	input  logic [31:0]  reg_wdata,
	output logic         reg_gnt,
	output logic         reg_rvalid,
	output logic [31:0]  reg_rdata,
	output logic         reg_err,

	output logic         event_pulse,       // entered DONE, FAULT, KILLED; scrub finished
	output logic         idle,              // nothing happens without an outside action

	// Bus, read side (page tables, code, arguments, load DMA).
	output logic         rd_valid,
	input  logic         rd_ready,
	output bus_req_t     rd_req,
	input  logic         rsp_valid,
	input  bus_rsp_t     rsp,
	input  logic [511:0] rsp_data,

	// Bus, write side (store DMA).
	output logic         wr_valid,
	input  logic         wr_ready,
	output bus_req_t     wr_req,
	output logic [511:0] wr_data,
	output logic [63:0]  wr_strb,
	input  logic         wack_valid,
	input  bus_rsp_t     wack,

	// Trace of the core's retired instructions.
	output logic         rv_valid,
	output logic [31:0]  rv_pc,
	output logic [31:0]  rv_insn,
	output logic [4:0]   rv_rd,
	output logic [31:0]  rv_rd_wdata
);
endmodule
