// SPDX-License-Identifier: MIT
//
// The vector unit with its structures taken apart for the C++ driver.
module ash_vector_tb
	import ash_pkg::*;
(
	input  logic                  clk,
	input  logic                  rst,
	input  logic                  clear,
	input  logic                  cmd_valid,
	output logic                  cmd_ready,
	input  logic [31:0]           cmd_word [17],     // the members of vector_cmd_t in order
	output logic                  done,
	output logic                  fault_valid,
	output logic [2:0]            fault_cause,
	output logic [31:0]           fault_sub,
	output logic [63:0]           fault_addr,
	output logic                  idle,
	output logic                  acc_req,
	output logic [ACC_W-1:0]      acc_idx,
	output logic [ROW_W-1:0]      acc_row,
	input  logic [LINE_BITS-1:0]  acc_rdata,
	output logic                  rd_req,
	output logic [LINE_W-1:0]     rd_line,
	input  logic                  rd_gnt,
	input  logic [LINE_BITS-1:0]  rd_rdata,
	output logic                  wr_req,
	output logic [LINE_W-1:0]     wr_line,
	output logic [LINE_BITS-1:0]  wr_data,
	output logic [LINE_BYTES-1:0] wr_strb,
	input  logic                  wr_gnt,
	output logic                  perf_busy,
	output logic                  perf_stall
);
	vector_cmd_t cmd;
	logic unused_taken;
	fault_t fault;

	assign cmd = '{cfg: cmd_word[0], op: cmd_word[1], src: cmd_word[2], src_pitch: cmd_word[3],
	               src_gpitch: cmd_word[4], src2: cmd_word[5], src2_pitch: cmd_word[6],
	               src2_gpitch: cmd_word[7], bias: cmd_word[8], scale: cmd_word[9], dst: cmd_word[10],
	               dst_pitch: cmd_word[11], dst_gpitch: cmd_word[12], rows: cmd_word[13],
	               groups: cmd_word[14], tail: cmd_word[15], red: cmd_word[16]};
	assign fault_cause = fault.cause;
	assign fault_sub = fault.sub;
	assign fault_addr = fault.addr;

	ash_vector dut (.clk, .rst, .clear, .cmd_valid, .cmd_ready, .cmd,
		.go_ahead(1'b1), .taken(unused_taken), .done, .fault_valid, .fault, .idle,
		.acc_req, .acc_idx, .acc_row, .acc_rdata, .rd_req, .rd_line, .rd_gnt, .rd_rdata,
		.wr_req, .wr_line, .wr_data, .wr_strb, .wr_gnt, .perf_busy, .perf_stall);

	// A request that is not granted stays as it is.
	property rd_stable;
		@(posedge clk) disable iff (rst || clear) rd_req && !rd_gnt |=> rd_req && $stable(rd_line);
	endproperty
	property wr_stable;
		@(posedge clk) disable iff (rst || clear)
		wr_req && !wr_gnt |=> wr_req && $stable(wr_line) && $stable(wr_strb) && $stable(wr_data);
	endproperty
	assert property (rd_stable);
	assert property (wr_stable);
endmodule
