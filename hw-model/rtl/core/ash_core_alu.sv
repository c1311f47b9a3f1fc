// SPDX-License-Identifier: MIT
// Integer operations and the branch comparison.
module ash_core_alu (
    input  logic [ 3:0] op,      // {subtract or arithmetic shift, funct3}
    input  logic [31:0] a,
    input  logic [31:0] b,
    input  logic [ 2:0] br_f3,   // funct3 of a branch
    output logic [31:0] result,
    output logic        br_taken
);

  logic eq, lt, ltu;

  assign eq  = a == b;
  assign lt  = $signed(a) < $signed(b);
  assign ltu = a < b;

  assign br_taken = (br_f3[2] ? (br_f3[1] ? ltu : lt) : eq) ^ br_f3[0];

  always_comb begin
    case (op[2:0])
      3'd0:    result = op[3] ? a - b : a + b;
      3'd1:    result = a << b[4:0];
      3'd2:    result = {31'h0, lt};
      3'd3:    result = {31'h0, ltu};
      3'd4:    result = a ^ b;
      3'd5:    result = op[3] ? $unsigned($signed(a) >>> b[4:0]) : a >> b[4:0];
      3'd6:    result = a | b;
      default: result = a & b;
    endcase
  end

endmodule
