// SPDX-License-Identifier: MIT
// One memory port of the bench: speaks the core's request/answer protocol in front of the
// memory in C++ (core_tb.cpp). With seed 0 it grants at once and answers in the next cycle;
// with another seed grants and answers come when they like, in order.
module ash_core_tb_port #(
    parameter bit FETCH = 0
) (
    input  logic        clk,
    input  logic        rst,
    input  logic [31:0] seed,
    input  logic        req,
    input  logic        we,
    input  logic [ 3:0] be,
    input  logic [31:0] addr,
    input  logic [31:0] wdata,
    output logic        gnt,
    output logic        rvalid,
    output logic [31:0] rdata,
    output logic        err
);

  // bit 32 of the answer is the error
  import "DPI-C" function longint tb_access(
    input int fetch,
    input int we,
    input int be,
    input int addr,
    input int wdata
  );

  logic [32:0] q[4];
  logic [1:0] wp, rp;
  logic [2:0] n;
  logic [5:0] wait_q;
  logic gnt_q;
  logic [31:0] rnd;

  assign gnt    = gnt_q && n != 3'd4;
  assign rvalid = n != 3'd0 && wait_q == 6'd0;
  assign {err, rdata} = q[rp];

  always_ff @(posedge clk) begin
    if (rst) begin
      wp     <= 2'd0;
      rp     <= 2'd0;
      n      <= 3'd0;
      wait_q <= 6'd0;
      gnt_q  <= 1'b1;
      rnd    <= seed ^ (FETCH ? 32'h5bd1_e995 : 32'h0);
    end else begin
      n <= n + {2'b0, req && gnt} - {2'b0, rvalid};
      if (req && gnt) begin
        q[wp] <= 33'(tb_access({31'h0, FETCH}, {31'h0, we}, {28'h0, be}, addr, wdata));
        wp    <= wp + 2'd1;
      end
      if (rvalid) rp <= rp + 2'd1;
      if (seed != 32'h0) begin
        rnd   <= {rnd[30:0], rnd[31] ^ rnd[21] ^ rnd[1] ^ rnd[0]};
        gnt_q <= rnd[3] || rnd[7];
        // mostly short waits, now and then a long one
        if (wait_q != 6'd0) wait_q <= wait_q - 6'd1;
        else if (rvalid || n == 3'd0)
          wait_q <= rnd[13:9] == 5'd0 ? rnd[19:14] : rnd[8] ? 6'd0 : {4'h0, rnd[15:14]};
      end
    end
  end

endmodule
