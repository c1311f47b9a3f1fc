// SPDX-License-Identifier: MIT
// Product of two registered operands. It has a stage of its own (the write-back stage), so
// that the array is between two ranks of flip-flops and a multiply still issues every cycle.
module ash_core_mul (
    input  logic        en,   // holds the array still when there is nothing to multiply
    input  logic [ 1:0] f3,   // mul, mulh, mulhsu, mulhu
    input  logic [31:0] a,
    input  logic [31:0] b,
    output logic [31:0] result
);

  logic sa, sb;
  logic [63:0] p;

  assign sa = a[31] && f3 != 2'd3;
  assign sb = b[31] && !f3[1];

  // Low 64 bits of a 33 x 33 signed product, written on 64 bits so that a simulator uses one
  // machine multiply.
  always_comb begin
    p = 64'h0;
    if (en) p = {{32{sa}}, a} * {{32{sb}}, b};
    result = f3 == 2'd0 ? p[31:0] : p[63:32];
  end

endmodule
