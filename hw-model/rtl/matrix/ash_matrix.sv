// SPDX-License-Identifier: MIT
//
// The matrix unit: block MATRIX of ashlar.regs behind the register file.
// Commands are done in order; see README.md for the pipeline and its timing.
module ash_matrix
	import ash_pkg::*;
(
	input  logic                 clk,
	input  logic                 rst,
	input  logic                 clear,             // drop all commands and the fault, go idle
	input  logic                 scrub_valid,       // while high: zero the accumulators, a row a cycle
	output logic                 scrub_done,        // all are zero; high until scrub_valid falls

	input  logic                 cmd_valid,
	output logic                 cmd_ready,
	input  matrix_cmd_t          cmd,
	output logic                 done,              // a pulse per command; its result can be read from now on
	output logic                 fault_valid,       // all earlier commands are done; held until clear
	output fault_t               fault,
	output logic                 idle,              // nothing queued, nothing under way

	// Scratchpad reads: data in the cycle after req && gnt.
	output logic                 a_req,
	output logic [LINE_W-1:0]    a_line,
	input  logic                 a_gnt,
	input  logic [LINE_BITS-1:0] a_rdata,
	output logic                 b_req,
	output logic [LINE_W-1:0]    b_line,
	input  logic                 b_gnt,
	input  logic [LINE_BITS-1:0] b_rdata,

	// Accumulator read, by the vector unit: column c in bits 32*c+31:32*c,
	// in the cycle after acc_req; never stalls.
	input  logic                 acc_req,
	input  logic [ACC_W-1:0]     acc_idx,
	input  logic [ROW_W-1:0]     acc_row,
	output logic [LINE_BITS-1:0] acc_rdata,

	output logic                 perf_busy,         // a k-step (int8: up to four) is done in this cycle
	output logic                 perf_stall         // there is work, but no k-step in this cycle
);
endmodule
