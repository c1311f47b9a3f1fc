// SPDX-License-Identifier: MIT
//
// The PCIe edge, seen from the board: DMA requests and interrupt vectors go
// out here. A read's answer comes HOST_LATENCY cycles after the request and
// holds what host memory held then. A write is posted: it has left the board,
// in order, when it is taken, and is acknowledged in the next cycle. A vector
// leaves after all writes taken before it. What the host does with them is the
// model shell's.
module ash_host_dma
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

	input  logic           vec_valid,            // raise it in this cycle
	input  logic [5:0]     vec,

	output logic           refused,                 // the host refused an address
	output logic [47:0]    refused_addr,
	output logic           idle
);
	// Both return whether the host refuses the address.
	import "DPI-C" function int ashlar_host_read(input longint unsigned addr,
		output bit [511:0] data);
	import "DPI-C" function int ashlar_host_write(input longint unsigned addr,
		input bit [511:0] data, input longint unsigned strb);
	import "DPI-C" function void ashlar_host_vector(input int unsigned vec);

	logic           due, take, empty;
	logic [47:0]    addr;
	logic [IDW-1:0] id;

	ash_delay #(.W(48 + IDW), .LATENCY(HOST_LATENCY - 1)) u_delay (
		.clk, .rst,
		.in_valid(rd_valid), .in_ready(rd_ready), .in_data({rd_addr, rd_id}),
		.out_valid(due), .out_ready(take), .out_data({addr, id}),
		.empty
	);
	assign take = !rsp_valid || rsp_ready;
	assign wr_ready = !wack_valid || wack_ready;

	// One block, so that the host sees what happens in a cycle in this
	// order: write, read, vector.
	always_ff @(posedge clk) begin
		refused <= 1'b0;
		if (wr_ready) begin
			wack_valid <= wr_valid;
			if (wr_valid && !rst) begin
				automatic bit bad = ashlar_host_write({16'h0, wr_addr}, wr_data, wr_strb) != 0;
				wack_id <= wr_id;
				wack_err <= bad;
				refused <= bad;
				refused_addr <= wr_addr;
			end
		end
		if (take) begin
			rsp_valid <= due;
			if (due && !rst) begin
				automatic bit [511:0] fetched = '0;
				automatic bit bad = ashlar_host_read({16'h0, addr}, fetched) != 0;
				rsp_id <= id;
				rsp_err <= bad;
				rsp_data <= bad ? '0 : fetched;
				if (bad) begin
					refused <= 1'b1;
					refused_addr <= addr;
				end
			end
		end
		if (vec_valid && !rst)
			ashlar_host_vector({26'h0, vec});
		if (rst) begin
			rsp_valid <= 1'b0;
			wack_valid <= 1'b0;
		end
	end

	assign idle = empty && !rsp_valid && !wack_valid && !refused;
endmodule
