// SPDX-License-Identifier: MIT
//
// What the parts of the vector unit tell each other about a checked command.
package ash_vector_pkg;
	import ash_pkg::*;

	localparam int SHIFT = $clog2(LINE_BYTES);
	localparam int ADDR_W = LINE_W + 2;             // a quarter of a scratchpad line
	localparam int DEPTH = 8;                       // rows between read and write

	// What happens to a row; it goes through the lanes with it.
	typedef struct packed {
		logic [2:0]  src_fmt;                   // VECTOR.CFG.SRC_FMT
		logic [2:0]  dst_fmt;
		logic        integer_in;                // the source is widened to int32
		logic        src2;
		logic [2:0]  op;
		logic        bias;
		logic        scale;                     // by the scalar
		logic        scalev;
		logic        relu;
		logic [31:0] factor;
	} lane_cmd_t;

	typedef struct packed {
		lane_cmd_t         lane;
		logic              from_acc;
		logic [ACC_W-1:0]  acc;
		logic [ROW_W-1:0]  acc_row;
		logic [ADDR_W-1:0] src;
		logic [ADDR_W-1:0] src_pitch;
		logic [ADDR_W-1:0] src2;
		logic [ADDR_W-1:0] src2_pitch;
		logic [LINE_W-1:0] bias;
		logic [LINE_W-1:0] scalev;
		logic [ADDR_W-1:0] dst;
		logic [ADDR_W-1:0] dst_pitch;
		logic [15:0]       rows;
	} row_cmd_t;

	// A row is 4, 2 or 1 quarters of a line.
	function automatic logic is_byte(input logic [2:0] fmt);
		return fmt == 3'd6;
	endfunction
	function automatic logic is_half(input logic [2:0] fmt);
		return fmt == 3'd4 || fmt == 3'd5;
	endfunction

	localparam logic unused_vector = &{1'b0, |SHIFT, |ADDR_W, |DEPTH};
endpackage
