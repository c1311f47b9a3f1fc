// SPDX-License-Identifier: MIT
// Restoring divider, one quotient bit a cycle, and only the bits that can be non-zero: the
// divisor is first aligned with the dividend. A division takes 3 cycles plus one per bit.
//
// `start` is held with stable operands until `done`; `done` lasts one cycle. `kill` abandons
// a division (an interrupt was taken; the instruction will run again).
module ash_core_div (
    input  logic        clk,
    input  logic        rst,
    input  logic        start,
    input  logic        kill,
    input  logic [ 1:0] f3,     // div, divu, rem, remu
    input  logic [31:0] a,
    input  logic [31:0] b,
    output logic        done,
    output logic [31:0] result
);

  typedef enum logic [1:0] {
    IDLE,
    ALIGN,
    STEP,
    DONE
  } state_e;

  state_e state;
  logic [31:0] rem, div, quo;
  logic [4:0] cnt;
  logic neg_q, neg_r;

  function automatic logic [4:0] clz(input logic [31:0] v);
    logic [31:0] x;
    x   = v;
    clz = 5'd0;
    if (x[31:16] == 16'h0) begin
      clz[4] = 1'b1;
      x = {x[15:0], 16'h0};
    end
    if (x[31:24] == 8'h0) begin
      clz[3] = 1'b1;
      x = {x[23:0], 8'h0};
    end
    if (x[31:28] == 4'h0) begin
      clz[2] = 1'b1;
      x = {x[27:0], 4'h0};
    end
    if (x[31:30] == 2'h0) begin
      clz[1] = 1'b1;
      x = {x[29:0], 2'h0};
    end
    clz[0] = !x[31];
  endfunction

  always_ff @(posedge clk) begin
    if (rst || kill) begin
      state <= IDLE;
    end else begin
      case (state)
        IDLE:
        if (start) begin
          rem   <= (a[31] && !f3[0]) ? -a : a;
          div   <= (b[31] && !f3[0]) ? -b : b;
          quo   <= 32'h0;
          neg_q <= !f3[0] && (a[31] ^ b[31]);
          neg_r <= !f3[0] && a[31];
          state <= ALIGN;
          if (b == 32'h0) begin  // quotient all ones, remainder the dividend
            quo   <= 32'hffff_ffff;
            neg_q <= 1'b0;
            state <= DONE;
          end
        end
        ALIGN:
        if (rem < div) state <= DONE;
        else begin
          cnt   <= clz(div) - clz(rem);
          div   <= div << (clz(div) - clz(rem));
          state <= STEP;
        end
        STEP: begin
          if (rem >= div) rem <= rem - div;
          quo <= {quo[30:0], rem >= div};
          div <= {1'b0, div[31:1]};
          cnt <= cnt - 5'd1;
          if (cnt == 5'd0) state <= DONE;
        end
        DONE: state <= IDLE;
      endcase
    end
  end

  assign done   = state == DONE;
  assign result = f3[1] ? (neg_r ? -rem : rem) : (neg_q ? -quo : quo);

  a_done_only_when_asked :
  assert property (@(posedge clk) disable iff (rst) done |-> start || kill);

endmodule
