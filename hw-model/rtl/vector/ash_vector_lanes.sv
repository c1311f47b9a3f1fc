// SPDX-License-Identifier: MIT
//
// The lanes. Data come in the cycle after their read was granted; a row is then
// two cycles in the lanes, or with a function five, and never waits:
//   1    widen, early SRC2, early bias
//   2    scale, late bias
//   F    the three steps of a function; other rows go round them
//   (2)  late SRC2, ReLU, reduction, conversion: with 2, or behind F
// The reduction of a group to a word then takes a cycle for each level of the
// tree. What is to be written (put_t) goes beside the rows.
//
// Words of lanes are state of one block, which goes from the last step to the
// first and changes them by functions in place: each step finds what the step
// before it left in the last cycle, and nothing is copied that is not used.
module ash_vector_lanes
	import ash_pkg::*;
	import ash_regs_pkg::*;
	import ash_vector_row_pkg::*;
	import ash_vector_pkg::*;
(
	input  logic                 clk,
	input  logic                 rst,
	input  logic                 clear,

	// What comes now: at most one of these.
	input  logic                 in_src2,           // rd_data: scalars of SRC2
	input  logic                 in_bias,           // rd_data: the bias row or scalars
	input  logic                 in_scale,          // rd_data: the scale row or scalars
	input  logic                 in_first,          // rd_data: the source; SRC2 comes later
	input  logic                 in_row,            // the last or only data of a row
	input  lane_cmd_t            in_cmd,
	input  row_t                 in_info,
	input  logic                 in_acc,            // the source is acc_data
	input  logic [1:0]           in_part,           // quarter of the line where rd_data's row begins
	input  put_t                 in_put,            // beside in_row, or without
	input  logic [LINE_BITS-1:0] rd_data,
	input  logic [LINE_BITS-1:0] acc_data,

	output logic                 line_valid,
	output logic [SLOT_W-1:0]    line_slot,
	output logic [LINE_BITS-1:0] line_data,         // short rows are repeated over the line
	output logic                 word_valid,
	output logic [SLOT_W-1:0]    word_slot,
	output logic [31:0]          word_data
);
	/* verilator inline_module */
	localparam logic [2:0] I32 = VECTOR_CFG_SRC_FMT_I32[2:0];
	localparam logic [2:0] F32 = VECTOR_CFG_SRC_FMT_F32[2:0];
	localparam logic [2:0] BF16 = VECTOR_CFG_SRC_FMT_BF16[2:0];
	localparam logic [2:0] FP16 = VECTOR_CFG_SRC_FMT_FP16[2:0];
	localparam logic [2:0] I8 = VECTOR_CFG_SRC_FMT_I8[2:0];
	localparam logic [3:0] ABS = VECTOR_OP_FN_ABS[3:0];
	localparam logic [3:0] SQUARE = VECTOR_OP_FN_SQUARE[3:0];

	words_t held;                                   // source of a row whose SRC2 is to come
	logic [1:0] held_part;
	words_t src2, bias, scale;                      // as in the scratchpad
	ring_t late;                                    // late SRC2 rows in their order, widened
	logic [1:0] late_next;

	// Between the steps. src2_imm, bias_imm and scale_imm of cmd are the
	// scalars of the row's group then, where there are such.
	words_t mid;
	logic mid_valid;
	mid_cmd_t mid_cmd;
	rear_row_t mid_info;
	logic [1:0] mid_late;                           // where its SRC2 is
	put_t mid_put;

	words_t arg0, arg1, arg2;                       // arguments of the functions, before each step
	words_t place1, value2;                         // places in the table, values there
	words_t exp1, exp2;                             // exponents of the results
	logic [FN_STEPS-1:0] fn_valid;
	rear_cmd_t fn_cmd [FN_STEPS];
	rear_row_t fn_info [FN_STEPS];
	logic [1:0] fn_late [FN_STEPS];
	put_t fn_put [FN_STEPS];

	tree_t tree;
	put_t level [1:LEVELS-1];                       // [k]: level k is done
	block_t block;                                  // a group to be transposed, a row of it a row

	always_ff @(posedge clk) begin
		words_t x, y, z, result;
		logic end_valid;
		rear_cmd_t cmd;
		rear_row_t info;
		logic [1:0] from;
		put_t put;

		// the tree, last level first
		word_valid <= level[LEVELS-1].valid;
		word_slot <= level[LEVELS-1].slot;
		for (int k = LEVELS; k > 1; k--) begin
			if (level[k-1].valid)
				tree_level(tree, 32'(N >> k), level[k-1].int_out, level[k-1].red_op);
			if (k < LEVELS)
				level[k].valid <= level[k-1].valid;
			if (k < LEVELS && level[k-1].valid)
				level[k] <= level[k-1];
		end
		if (level[LEVELS-1].valid)
			word_data <= tree[1];

		// who is at the end: out of the functions, or of step 2
		end_valid = fn_valid[FN_STEPS-1];
		cmd = fn_cmd[FN_STEPS-1];
		info = fn_info[FN_STEPS-1];
		from = fn_late[FN_STEPS-1];
		put = mid_put;
		if (fn_put[FN_STEPS-1].valid)
			put = fn_put[FN_STEPS-1];
		else if (mid_put.fn)
			put.valid = 1'b0;

		// the functions, last step first
		if (end_valid) begin
			set(x, arg2);
			fn_result(x, value2, exp2, cmd.fn);
		end
		if (fn_valid[1]) begin
			set(arg2, arg1);
			set(exp2, exp1);
			set(y, place1);
			if (fn_cmd[1].fn != ABS && fn_cmd[1].fn != SQUARE)
				all_fn_value(y);
			set(value2, y);
		end
		if (fn_valid[0]) begin
			set(arg1, arg0);
			fn_place(arg1, place1, exp1, fn_cmd[0].fn);
		end
		for (int k = 1; k < FN_STEPS; k++) begin
			if (fn_valid[k-1]) begin
				fn_cmd[k] <= fn_cmd[k-1];
				fn_info[k] <= fn_info[k-1];
				fn_late[k] <= fn_late[k-1];
			end
			fn_put[k].valid <= fn_put[k-1].valid;
			if (fn_put[k-1].valid)
				fn_put[k] <= fn_put[k-1];
		end
		fn_valid <= {fn_valid[FN_STEPS-2:0], mid_valid && mid_cmd.rear.fn != '0};
		fn_put[0].valid <= mid_put.valid && mid_put.fn;
		if (mid_put.valid && mid_put.fn)
			fn_put[0] <= mid_put;

		// step 2
		if (mid_valid) begin
			if (mid_cmd.scale != NONE) begin
				operand(y, scale, mid_cmd.scale == ROW, mid_cmd.scale_imm, 1'b0);
				if (mid_cmd.int_in)
					all_to_f32(mid);
				all_mul_f32(mid, y);
			end
			if (mid_cmd.bias != NONE && mid_cmd.bias_late) begin
				operand(y, bias, mid_cmd.bias == ROW, mid_cmd.bias_imm, mid_cmd.int_mid);
				if (mid_cmd.int_mid)
					all_add_i32(mid, y);
				else
					all_add_f32(mid, y);
			end
			if (mid_cmd.rear.fn != '0) begin
				if (mid_cmd.int_mid)
					all_to_f32(mid);
				set(arg0, mid);
				fn_cmd[0] <= mid_cmd.rear;
				fn_info[0] <= mid_info;
				fn_late[0] <= mid_late;
			end else begin
				end_valid = 1'b1;
				set(x, mid);
				cmd = mid_cmd.rear;
				info = mid_info;
				from = mid_late;
			end
		end

		// what a group was reduced to, before a row of the next comes
		line_valid <= put.valid && put.kind != PUT_WORD;
		line_slot <= put.slot;
		level[1].valid <= put.valid && put.kind == PUT_WORD;
		if (put.valid && put.kind == PUT_WORD) begin
			tree_level(tree, 32'(N / 2), put.int_out, put.red_op);
			level[1] <= put;
		end
		if (put.valid && put.kind == PUT_LANES) begin
			tree_get(result, tree);
		end
		if (put.valid && put.kind == PUT_COLUMN) begin
			for (int i = 0; i < N; i++)
				result[i] = block[i][put.column];
			fill_from(result, put.rows, 32'd0);
			pack(result, put.dst_fmt);
		end

		// the end
		if (end_valid) begin
			if (cmd.src2 != NONE && cmd.src2_late) begin
				if (cmd.src2 == ROW)
					set(y, late[from]);
				else
					operand(y, src2, 1'b0, cmd.src2_imm, cmd.int_out);
				combine(x, y, cmd.int_out, cmd.op);
			end
			if (cmd.relu && cmd.int_out)
				all_relu_i32(x);
			if (cmd.relu && !cmd.int_out)
				all_relu_f32(x);
			if (cmd.reduce) begin
				set(y, x);
				if (info.lanes != (ROW_W + 1)'(N))
					fill_from(y, info.lanes, identity(cmd.int_out, cmd.red_op));
				if (!info.first) begin
					set(z, y);
					tree_get(y, tree);
					reduce(y, z, cmd.int_out, cmd.red_op);
				end
				tree_put(tree, y);
			end
			if (cmd.int_out && (cmd.dst_fmt == F32 || is_half(cmd.dst_fmt)))
				all_to_f32(x);
			if (!cmd.int_out && (cmd.dst_fmt == I32 || cmd.dst_fmt == I8))
				all_to_i32(x);
			case (cmd.dst_fmt)
			I8: all_to_i8(x);
			BF16: all_to_bf16(x);
			FP16: all_to_f16(x);
			default: ;
			endcase
			if (info.lanes != (ROW_W + 1)'(N))
				fill_from(x, info.lanes, 32'd0);
			if (cmd.transpose)
				block_put(block, info.number, x);
			else if (cmd.dst_fmt != '0) begin
				pack(x, cmd.dst_fmt);
				set(result, x);
			end
		end
		if (put.valid && put.kind != PUT_WORD)
			for (int i = 0; i < N; i++)
				line_data[32 * i +: 32] <= result[i];

		// step 1, and the lines that come for rows behind them
		mid_valid <= in_row;
		mid_put.valid <= in_put.valid;
		if (in_put.valid)
			mid_put <= in_put;
		if (in_row) begin
			mid_cmd <= in_cmd.mid;
			mid_info <= in_info.rear;
			mid_late <= late_next;
			// the source
			if (in_acc)
				from_line(y, acc_data);
			else if (in_cmd.mid.rear.src2 == ROW)
				set(y, held);
			else
				from_line(y, rd_data);
			widen(mid, y, in_cmd.src_fmt, !in_acc && in_cmd.mid.rear.src2 == ROW ? held_part : in_part);
			// SRC2
			if (in_cmd.mid.rear.src2 == SCALAR)
				mid_cmd.rear.src2_imm <= src2[in_info.src2_word];
			if (in_cmd.mid.rear.src2 == ROW) begin
				from_line(z, rd_data);
				widen(y, z, in_cmd.src2_fmt, in_part);
			end else if (in_cmd.mid.rear.src2 != NONE && !in_cmd.mid.rear.src2_late)
				operand(y, src2, 1'b0,
				        in_cmd.mid.rear.src2 == IMM ? in_cmd.mid.rear.src2_imm : src2[in_info.src2_word],
				        in_cmd.mid.int_in);
			if (in_cmd.mid.rear.src2 == ROW && in_cmd.mid.rear.src2_late) begin
				ring_put(late, late_next, y);
				late_next <= late_next + 1'b1;
			end
			if (in_cmd.mid.rear.src2 != NONE && !in_cmd.mid.rear.src2_late)
				combine(mid, y, in_cmd.mid.int_in, in_cmd.mid.rear.op);
			// BIAS
			if (in_cmd.mid.bias == SCALAR)
				mid_cmd.bias_imm <= bias[in_info.bias_word];
			if (in_cmd.mid.scale == SCALAR)
				mid_cmd.scale_imm <= scale[in_info.scale_word];
			if (in_cmd.mid.bias != NONE && !in_cmd.mid.bias_late) begin
				operand(y, bias, in_cmd.mid.bias == ROW,
				        in_cmd.mid.bias == IMM ? in_cmd.mid.bias_imm : bias[in_info.bias_word],
				        in_cmd.mid.int_in);
				if (in_cmd.mid.int_in)
					all_add_i32(mid, y);
				else
					all_add_f32(mid, y);
			end
		end
		if (in_first) begin
			held_part <= in_part;
			from_line(held, rd_data);
		end
		if (in_src2)
			from_line(src2, rd_data);
		if (in_bias)
			from_line(bias, rd_data);
		if (in_scale)
			from_line(scale, rd_data);

		if (rst || clear) begin
			line_valid <= 1'b0;
			word_valid <= 1'b0;
			mid_valid <= 1'b0;
			mid_put.valid <= 1'b0;
			fn_valid <= '0;
			for (int k = 0; k < FN_STEPS; k++)
				fn_put[k].valid <= 1'b0;
			for (int k = 1; k < LEVELS; k++)
				level[k].valid <= 1'b0;
		end
	end

	logic fn_put_valid;
	assign fn_put_valid = fn_put[FN_STEPS-1].valid;

	// Rows and writes keep their order; a row and its write come together.
	one_end: assert property (@(posedge clk) disable iff (rst || clear)
		!(fn_valid[FN_STEPS-1] && mid_valid && mid_cmd.rear.fn == '0) &&
		!(fn_put_valid && mid_put.valid && !mid_put.fn));
endmodule
