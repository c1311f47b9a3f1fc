// SPDX-License-Identifier: MIT
//
// The shared RTL for the C++ driver: two queues, every floating-point function,
// and the vector unit's functions.
module ash_lib_tb
	import ash_fp_pkg::*;
	import ash_func_pkg::*;
(
	input  logic        clk,
	input  logic        rst,
	input  logic        clear,
	input  logic [1:0]  in_valid,
	output logic [1:0]  in_ready,
	input  logic [12:0] in_data,
	output logic [1:0]  out_valid,
	input  logic [1:0]  out_ready,
	output logic [12:0] out_data0,
	output logic [12:0] out_data1,

	// Operands as they come out of f32_read; integer and half take any bits.
	input  logic [31:0] x,
	input  logic [31:0] y,
	input  logic [31:0] bits,
	output logic [31:0] r [27]
);
	ash_fifo #(.W(13), .DEPTH(5)) u_fifo0 (.clk, .rst, .clear, .in_valid(in_valid[0]), .in_ready(in_ready[0]),
		.in_data, .out_valid(out_valid[0]), .out_ready(out_ready[0]), .out_data(out_data0));
	ash_fifo #(.W(13), .DEPTH(1)) u_fifo1 (.clk, .rst, .clear, .in_valid(in_valid[1]), .in_ready(in_ready[1]),
		.in_data, .out_valid(out_valid[1]), .out_ready(out_ready[1]), .out_data(out_data1));

	always_comb begin
		r[0] = f32_read(bits);
		r[1] = bf16_to_f32({16'b0, bits[15:0]});
		r[2] = f16_to_f32({16'b0, bits[15:0]});
		r[3] = f32_to_bf16(x);
		r[4] = f32_to_f16(x);
		r[5] = f32_add(x, y);
		r[6] = f32_mul(x, y);
		r[7] = f32_max(x, y);
		r[8] = f32_min(x, y);
		r[9] = f32_relu(x);
		r[10] = i32_to_f32(bits);
		r[11] = f32_to_i32(x);
		r[12] = i32_to_i8(f32_to_i32(x));
		r[13] = i32_to_i8(bits);
		r[14] = f32_add(x, y ^ SIGN);
		r[15] = f32_gt(x, y);
		r[16] = f32_ge(x, y);
		r[17] = f32_eq(x, y);
		r[18] = f32_gate(x, y);
		r[19] = f32_keep(x, y);
		r[20] = exp_result(x, fn_value(exp_place(x)), exp_exp(x));
		r[21] = log_result(x, fn_value(log_place(x)));
		r[22] = recip_result(x, fn_value(recip_place(x)), recip_exp(x));
		r[23] = rsqrt_result(x, fn_value(rsqrt_place(x)), rsqrt_exp(x));
		r[24] = sqrt_result(x, fn_value(sqrt_place(x)), sqrt_exp(x));
		r[25] = odd_result(x, fn_value(tanh_place(x)), TANH_ONE);
		r[26] = odd_result(x, fn_value(erf_place(x)), ERF_ONE);
	end
endmodule
