// SPDX-License-Identifier: MIT
// x0..x31: two reads, one write, the write being seen by the reads of the next cycle. Reset
// clears all of it, so that a tile handed to another context carries nothing over.
module ash_core_regs (
    input  logic        clk,
    input  logic        rst,
    input  logic [ 4:0] ra,
    input  logic [ 4:0] rb,
    output logic [31:0] da,
    output logic [31:0] db,
    input  logic        we,  // never set for x0
    input  logic [ 4:0] wa,
    input  logic [31:0] wd
);

  logic [31:0] x[32];

  assign da = x[ra];
  assign db = x[rb];

  always_ff @(posedge clk) begin
    if (rst) begin
      for (int i = 0; i < 32; i++) x[i] <= 32'h0;
    end else if (we) x[wa] <= wd;
  end

  a_x0_is_never_written :
  assert property (@(posedge clk) disable iff (rst) we |-> wa != 5'd0);

endmodule
