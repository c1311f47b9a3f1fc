// SPDX-License-Identifier: MIT
//
// The matrix unit with its structures taken apart for the C++ driver.
module ash_matrix_tb
	import ash_pkg::*;
(
	input  logic                 clk,
	input  logic                 rst,
	input  logic                 clear,
	input  logic                 scrub_valid,
	output logic                 scrub_done,
	input  logic                 cmd_valid,
	output logic                 cmd_ready,
	input  logic [31:0]          cmd_a_addr,
	input  logic [31:0]          cmd_a_pitch,
	input  logic [31:0]          cmd_b_addr,
	input  logic [31:0]          cmd_b_pitch,
	input  logic [31:0]          cmd_k,
	input  logic [31:0]          cmd_cfg,
	input  logic [31:0]          cmd_tiles,
	input  logic [31:0]          cmd_a_tile,
	input  logic [31:0]          cmd_b_tile,
	input  logic [31:0]          cmd_parts,
	input  logic [31:0]          cmd_a_part,
	input  logic [31:0]          cmd_b_part,
	input  logic                 go_ahead,
	output logic                 taken,
	output logic                 done,
	output logic                 fault_valid,
	output logic [2:0]           fault_cause,
	output logic [31:0]          fault_sub,
	output logic [63:0]          fault_addr,
	output logic                 idle,
	output logic                 a_req,
	output logic [LINE_W-1:0]    a_line,
	input  logic                 a_gnt,
	input  logic [LINE_BITS-1:0] a_rdata,
	output logic                 b_req,
	output logic [LINE_W-1:0]    b_line,
	input  logic                 b_gnt,
	input  logic [LINE_BITS-1:0] b_rdata,
	input  logic                 acc_req,
	input  logic [ACC_W-1:0]     acc_idx,
	input  logic [ROW_W-1:0]     acc_row,
	output logic [LINE_BITS-1:0] acc_rdata,
	output logic                 perf_busy,
	output logic                 perf_stall
);
	matrix_cmd_t cmd;
	fault_t fault;

	assign cmd = '{a_addr: cmd_a_addr, a_pitch: cmd_a_pitch, b_addr: cmd_b_addr,
	               b_pitch: cmd_b_pitch, k: cmd_k, cfg: cmd_cfg,
	               tiles: cmd_tiles, a_tile: cmd_a_tile, b_tile: cmd_b_tile,
	               parts: cmd_parts, a_part: cmd_a_part, b_part: cmd_b_part};
	assign fault_cause = fault.cause;
	assign fault_sub = fault.sub;
	assign fault_addr = fault.addr;

	ash_matrix dut (.*);

	// A request that is not granted stays as it is.
	property a_stable;
		@(posedge clk) disable iff (rst || clear) a_req && !a_gnt |=> a_req && $stable(a_line);
	endproperty
	property b_stable;
		@(posedge clk) disable iff (rst || clear) b_req && !b_gnt |=> b_req && $stable(b_line);
	endproperty
	assert property (a_stable);
	assert property (b_stable);
endmodule
