// SPDX-License-Identifier: MIT
//
// What the parts of the vector unit tell each other about a checked command.
package ash_vector_pkg;
	import ash_pkg::*;

	localparam int SHIFT = $clog2(LINE_BYTES);
	localparam int ADDR_W = LINE_W + 2;             // a quarter of a scratchpad line
	localparam int ACC_ADDR_W = ACC_W + ROW_W;      // an accumulator row
	localparam int AT_W = ADDR_W > ACC_ADDR_W ? ADDR_W : ACC_ADDR_W;
	localparam int WORD_W = LINE_W + ROW_W;         // a word of the scratchpad
	localparam int DEPTH = 16;                      // writes between their issue and their end
	localparam int SLOT_W = $clog2(DEPTH);
	localparam int LEVELS = ROW_W;                  // of the tree over the lanes
	localparam int FN_STEPS = 3;                    // what a function adds to the way of a row

	// Values of SRC2_SEL, BIAS_SEL and SCALE_SEL.
	localparam logic [1:0] NONE = 2'd0;
	localparam logic [1:0] ROW = 2'd1;
	localparam logic [1:0] IMM = 2'd2;
	localparam logic [1:0] SCALAR = 2'd3;

	// What happens to the rows of a command; it goes through the lanes with
	// them: rear is behind the function, mid between the steps before it.
	typedef struct packed {
		logic        int_out;                   // int32 there
		logic [1:0]  src2;                      // NONE, ROW, IMM or SCALAR
		logic        src2_late;
		logic [3:0]  op;
		logic [31:0] src2_imm;
		logic [3:0]  fn;
		logic        relu;
		logic        reduce;
		logic [1:0]  red_op;
		logic        transpose;
		logic [2:0]  dst_fmt;                   // 0: rows are not written
	} rear_cmd_t;

	typedef struct packed {
		logic        int_in;                    // the source is widened to int32
		logic        int_mid;                   // int32 after SCALE
		logic [1:0]  bias;                      // as src2
		logic        bias_late;
		logic [1:0]  scale;
		logic [31:0] bias_imm;
		logic [31:0] scale_imm;
		rear_cmd_t   rear;
	} mid_cmd_t;

	typedef struct packed {
		logic [2:0]  src_fmt;                   // VECTOR.CFG.SRC_FMT
		logic [2:0]  src2_fmt;
		mid_cmd_t    mid;
	} lane_cmd_t;

	// What is the row's own, likewise.
	typedef struct packed {
		logic             first;                // of its group
		logic [ROW_W-1:0] number;               // in a group that is transposed
		logic [ROW_W:0]   lanes;                // that are there
	} rear_row_t;

	typedef struct packed {
		logic [ROW_W-1:0] src2_word;            // its group's scalars in their lines
		logic [ROW_W-1:0] bias_word;
		logic [ROW_W-1:0] scale_word;
		rear_row_t        rear;
	} row_t;

	// What is written: a row, a column of a transposed group, or what a
	// group was reduced to. It goes through the lanes beside the rows; a row
	// and its write go together.
	localparam logic [1:0] PUT_ROW = 2'd0;
	localparam logic [1:0] PUT_COLUMN = 2'd1;
	localparam logic [1:0] PUT_LANES = 2'd2;
	localparam logic [1:0] PUT_WORD = 2'd3;

	typedef struct packed {
		logic              valid;
		logic [1:0]        kind;
		logic [SLOT_W-1:0] slot;
		logic              fn;                  // it takes the way of functions
		logic [ROW_W-1:0]  column;
		logic [ROW_W:0]    rows;                // of the transposed group
		logic [2:0]        dst_fmt;
		logic [1:0]        red_op;
		logic              int_out;
	} put_t;

	// Where a command is.
	typedef struct packed {
		logic [AT_W-1:0]   src;                 // next row
		logic [AT_W-1:0]   src2;
		logic [AT_W-1:0]   dst;
		logic [AT_W-1:0]   src_group;           // first row of the group
		logic [AT_W-1:0]   src2_group;
		logic [AT_W-1:0]   dst_group;
		logic [WORD_W-1:0] src2_word;           // scalars of the group
		logic [WORD_W-1:0] bias_word;           // or the row of BIAS
		logic [WORD_W-1:0] scale_word;
		logic [WORD_W-1:0] red;
		logic [15:0]       rows;                // left in the group
		logic [15:0]       groups;              // left
	} place_t;

	typedef struct packed {
		lane_cmd_t       lane;
		logic            from_acc;
		logic            to_word;               // of the reductions
		logic [AT_W-1:0] src_pitch;
		logic [AT_W-1:0] src2_pitch;
		logic [AT_W-1:0] dst_pitch;
		logic [AT_W-1:0] src_gpitch;
		logic [AT_W-1:0] src2_gpitch;
		logic [AT_W-1:0] dst_gpitch;
		logic [ROW_W:0]  tail;                  // lanes of a group's last row
		place_t          start;
	} row_cmd_t;

	// A row is 4, 2 or 1 quarters of a line.
	function automatic logic is_byte(input logic [2:0] fmt);
		return fmt == 3'd6;
	endfunction
	function automatic logic is_half(input logic [2:0] fmt);
		return fmt == 3'd4 || fmt == 3'd5;
	endfunction
	function automatic logic [3:0] quarters_of(input logic [2:0] fmt, input logic [1:0] part);
		return is_byte(fmt) ? 4'b0001 << part : is_half(fmt) ? (part[1] ? 4'b1100 : 4'b0011) : 4'b1111;
	endfunction

	localparam logic unused_vector = &{1'b0, |SHIFT, |ADDR_W, |AT_W, |WORD_W, |DEPTH, |LEVELS, |FN_STEPS,
		|NONE, |ROW, |IMM, |SCALAR, |PUT_ROW, |PUT_COLUMN, |PUT_LANES, |PUT_WORD};
endpackage
