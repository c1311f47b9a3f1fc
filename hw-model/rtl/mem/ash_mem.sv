// SPDX-License-Identifier: MIT
//
// A board memory channel: a model of a memory controller and its DRAM. Takes
// one 64-byte read and one write a cycle. A read's answer comes MEM_LATENCY
// cycles after the request; a write is done, and seen by all later reads,
// when it is taken, and acknowledged in the next cycle. The bytes themselves
// are the model shell's.
module ash_mem
	import ash_board_pkg::*;
#(
	parameter int IDW = 8
) (
	input  logic           clk,
	input  logic           rst,

	input  logic           rd_valid,
	output logic           rd_ready,
	input  logic [47:0]    rd_addr,
	input  logic [IDW-1:0] rd_id,
	output logic           rsp_valid,
	input  logic           rsp_ready,
	output logic [IDW-1:0] rsp_id,
	output logic           rsp_err,
	output logic [511:0]   rsp_data,

	input  logic           wr_valid,
	output logic           wr_ready,
	input  logic [47:0]    wr_addr,
	input  logic [IDW-1:0] wr_id,
	input  logic [511:0]   wr_data,
	input  logic [63:0]    wr_strb,
	output logic           wack_valid,
	input  logic           wack_ready,
	output logic [IDW-1:0] wack_id,
	output logic           wack_err,

	output logic           refused,                 // an address beyond the memory
	output logic [47:0]    refused_addr,
	output logic           idle
);
	import "DPI-C" function void ashlar_mem_read(input longint unsigned addr,
		output bit [511:0] data);
	import "DPI-C" function void ashlar_mem_write(input longint unsigned addr,
		input bit [511:0] data, input longint unsigned strb);

	localparam logic [47:0] END = 48'(MEM_BYTES);

	// Reads. The bytes are fetched when the answer is due.
	logic           due, take, empty;
	logic [47:0]    addr;
	logic [IDW-1:0] id;

	ash_delay #(.W(48 + IDW), .LATENCY(MEM_LATENCY - 1)) u_delay (
		.clk, .rst,
		.in_valid(rd_valid), .in_ready(rd_ready), .in_data({rd_addr, rd_id}),
		.out_valid(due), .out_ready(take), .out_data({addr, id}),
		.empty
	);
	assign take = !rsp_valid || rsp_ready;

	always_ff @(posedge clk) begin
		if (take) begin
			rsp_valid <= due;
			if (due) begin
				automatic bit [511:0] fetched = '0;
				rsp_id <= id;
				rsp_err <= addr >= END;
				if (addr < END)
					ashlar_mem_read({16'h0, addr}, fetched);
				rsp_data <= fetched;
			end
		end
		if (rst)
			rsp_valid <= 1'b0;
	end

	// Writes.
	assign wr_ready = !wack_valid || wack_ready;

	always_ff @(posedge clk) begin
		if (wr_ready) begin
			wack_valid <= wr_valid;
			if (wr_valid) begin
				wack_id <= wr_id;
				wack_err <= wr_addr >= END;
				if (wr_addr < END && !rst)
					ashlar_mem_write({16'h0, wr_addr}, wr_data, wr_strb);
			end
		end
		if (rst)
			wack_valid <= 1'b0;
	end

	logic refuse_wr;
	assign refuse_wr = wr_valid && wr_ready && wr_addr >= END;
	always_ff @(posedge clk) begin
		refused <= (refuse_wr || (take && due && addr >= END)) && !rst;
		refused_addr <= refuse_wr ? wr_addr : addr;
	end

	assign idle = empty && !rsp_valid && !wack_valid && !refused;
endmodule
