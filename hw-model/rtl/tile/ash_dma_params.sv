// SPDX-License-Identifier: MIT
//
// The parameter registers of block LOAD (STORE has the same), kept as the
// command that GO hands to the unit.
module ash_dma_params
	import ash_pkg::*;
	import ash_regs_pkg::*;
(
	input  logic        clk,
	input  logic        rst,                        // also at START: the reset values
	input  logic        we,
	input  logic [7:0]  offset,
	input  logic [31:0] wdata,
	output logic [31:0] rdata,                      // combinational; 0 where there is none
	output logic        known,                      // offset is a parameter
	output dma_cmd_t    cmd
);
	function automatic dma_cmd_t defaults();
		dma_cmd_t d;
		d = '0;
		d.run = LOAD_RUN_RESET;
		d.count = {LOAD_COUNT3_RESET, LOAD_COUNT2_RESET, LOAD_COUNT1_RESET};
		d.limit = {LOAD_LIMIT3_RESET, LOAD_LIMIT2_RESET, LOAD_LIMIT1_RESET,
			   LOAD_LIMIT0_RESET};
		d.step = {LOAD_STEP3_RESET, LOAD_STEP2_RESET, LOAD_STEP1_RESET};
		return d;
	endfunction

	assign known = (offset <= LOAD_STEP3[7:0] && offset[1:0] == 2'd0) ||
		offset == LOAD_GATHER[7:0] || offset == LOAD_INDEX[7:0];

	always_ff @(posedge clk) begin
		if (rst || (we && offset == LOAD_DEFAULTS[7:0])) begin
			cmd <= defaults();
		end else if (we) begin
			case (offset)
			LOAD_GADDR_LO[7:0]: cmd.gaddr[31:0] <= wdata;
			LOAD_GADDR_HI[7:0]: cmd.gaddr[63:32] <= wdata;
			LOAD_LADDR[7:0]: cmd.laddr <= wdata;
			LOAD_RUN[7:0]: cmd.run <= wdata;
			LOAD_COUNT1[7:0]: cmd.count[0] <= wdata;
			LOAD_COUNT2[7:0]: cmd.count[1] <= wdata;
			LOAD_COUNT3[7:0]: cmd.count[2] <= wdata;
			LOAD_GSTRIDE1[7:0]: cmd.gstride[0] <= wdata;
			LOAD_GSTRIDE2[7:0]: cmd.gstride[1] <= wdata;
			LOAD_GSTRIDE3[7:0]: cmd.gstride[2] <= wdata;
			LOAD_LSTRIDE1[7:0]: cmd.lstride[0] <= wdata;
			LOAD_LSTRIDE2[7:0]: cmd.lstride[1] <= wdata;
			LOAD_LSTRIDE3[7:0]: cmd.lstride[2] <= wdata;
			LOAD_START0[7:0]: cmd.start[0] <= wdata;
			LOAD_START1[7:0]: cmd.start[1] <= wdata;
			LOAD_START2[7:0]: cmd.start[2] <= wdata;
			LOAD_START3[7:0]: cmd.start[3] <= wdata;
			LOAD_LIMIT0[7:0]: cmd.limit[0] <= wdata;
			LOAD_LIMIT1[7:0]: cmd.limit[1] <= wdata;
			LOAD_LIMIT2[7:0]: cmd.limit[2] <= wdata;
			LOAD_LIMIT3[7:0]: cmd.limit[3] <= wdata;
			LOAD_STEP1[7:0]: cmd.step[0] <= wdata;
			LOAD_STEP2[7:0]: cmd.step[1] <= wdata;
			LOAD_STEP3[7:0]: cmd.step[2] <= wdata;
			LOAD_GATHER[7:0]: cmd.gather <= wdata;
			LOAD_INDEX[7:0]: cmd.index <= wdata;
			default: ;
			endcase
		end
	end

	always_comb begin
		case (offset)
		LOAD_GADDR_LO[7:0]: rdata = cmd.gaddr[31:0];
		LOAD_GADDR_HI[7:0]: rdata = cmd.gaddr[63:32];
		LOAD_LADDR[7:0]: rdata = cmd.laddr;
		LOAD_RUN[7:0]: rdata = cmd.run;
		LOAD_COUNT1[7:0]: rdata = cmd.count[0];
		LOAD_COUNT2[7:0]: rdata = cmd.count[1];
		LOAD_COUNT3[7:0]: rdata = cmd.count[2];
		LOAD_GSTRIDE1[7:0]: rdata = cmd.gstride[0];
		LOAD_GSTRIDE2[7:0]: rdata = cmd.gstride[1];
		LOAD_GSTRIDE3[7:0]: rdata = cmd.gstride[2];
		LOAD_LSTRIDE1[7:0]: rdata = cmd.lstride[0];
		LOAD_LSTRIDE2[7:0]: rdata = cmd.lstride[1];
		LOAD_LSTRIDE3[7:0]: rdata = cmd.lstride[2];
		LOAD_START0[7:0]: rdata = cmd.start[0];
		LOAD_START1[7:0]: rdata = cmd.start[1];
		LOAD_START2[7:0]: rdata = cmd.start[2];
		LOAD_START3[7:0]: rdata = cmd.start[3];
		LOAD_LIMIT0[7:0]: rdata = cmd.limit[0];
		LOAD_LIMIT1[7:0]: rdata = cmd.limit[1];
		LOAD_LIMIT2[7:0]: rdata = cmd.limit[2];
		LOAD_LIMIT3[7:0]: rdata = cmd.limit[3];
		LOAD_STEP1[7:0]: rdata = cmd.step[0];
		LOAD_STEP2[7:0]: rdata = cmd.step[1];
		LOAD_STEP3[7:0]: rdata = cmd.step[2];
		LOAD_GATHER[7:0]: rdata = cmd.gather;
		LOAD_INDEX[7:0]: rdata = cmd.index;
		default: rdata = '0;
		endcase
	end
endmodule
