// SPDX-License-Identifier: MIT
//
// The vector unit: block VECTOR of ashlar.regs behind the register file.
// Commands are done in order; see README.md for the pipeline and its timing.
module ash_vector
	import ash_pkg::*;
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
endmodule
