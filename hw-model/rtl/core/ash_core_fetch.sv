// SPDX-License-Identifier: MIT
// Instruction fetch: asks for words ahead of the pc, keeps up to three, and cuts them into
// 16- and 32-bit instructions. An answer goes through to the output in the cycle it comes.
//
// A redirect puts its target on the bus in the same cycle. Words asked for before it still
// come and are counted off (`n_drop`); a request the memory has not taken yet stays on the bus
// unchanged, as the protocol wants, and its answer is dropped too.
module ash_core_fetch (
    input logic        clk,
    input logic        rst,
    input logic [31:1] reset_pc, // sampled during reset

    output logic        if_req,
    output logic [31:0] if_addr,
    input  logic        if_gnt,
    input  logic        if_rvalid,
    input  logic [31:0] if_rdata,
    input  logic        if_err,

    input  logic        stop,       // ask for nothing more (the core has halted)
    output logic        idle,       // nothing asked for, nothing on its way
    input  logic        redirect,
    input  logic [31:1] target,

    output logic        valid,
    input  logic        ready,
    output logic [31:1] pc,         // of the instruction at the output
    output logic [31:0] insn,       // upper half meaningless for a 16-bit one
    output logic        is_c,
    output logic        err,        // a word of it could not be fetched
    output logic        err_hi      // ... and it is the second one
);

  localparam logic [1:0] DEPTH = 2'd3;

  logic        run;            // low in reset
  logic [31:2] next_q;         // next word to ask for
  logic        stuck, stale;   // a request is waiting for its grant; its answer is not wanted
  logic [31:2] stuck_addr;
  logic [ 1:0] n_out, n_drop;  // answers on their way, and how many of them to drop
  logic [ 1:0] cnt;            // words kept
  logic [32:0] w0_q, w1_q, w2_q;  // {error, word}, oldest first
  logic [31:1] pc_q;

  // ---- requests

  logic room;
  logic [31:2] new_addr;

  assign room     = redirect ? n_out != DEPTH : ({1'b0, cnt} + {1'b0, n_out}) < {1'b0, DEPTH};
  assign new_addr = redirect ? target[31:2] : next_q;
  assign if_req   = stuck || (run && !stop && room);
  assign if_addr  = {stuck ? stuck_addr : new_addr, 2'b00};
  assign idle     = !if_req && n_out == 2'd0;

  logic taken, fresh;
  assign taken = if_req && if_gnt;
  assign fresh = taken && !(stuck && (stale || redirect));  // the answer will be wanted

  always_ff @(posedge clk) begin
    if (rst) begin
      run    <= 1'b0;
      next_q <= reset_pc[31:2];
      stuck  <= 1'b0;
      stale  <= 1'b0;
      n_out  <= 2'd0;
      n_drop <= 2'd0;
    end else begin
      run    <= 1'b1;
      next_q <= fresh ? new_addr + 30'd1 : new_addr;
      stuck  <= if_req && !if_gnt;
      stale  <= stuck && !if_gnt && (stale || redirect);
      n_out  <= n_out + {1'b0, taken} - {1'b0, if_rvalid};
      if (redirect) n_drop <= n_out - {1'b0, if_rvalid} + {1'b0, taken && !fresh};
      else n_drop <= n_drop - {1'b0, if_rvalid && n_drop != 2'd0} + {1'b0, taken && !fresh};
    end
    stuck_addr <= if_addr[31:2];
  end

  // ---- words kept, and cutting

  logic push, pop, v0, v1;
  logic [32:0] in, w0;
  logic [16:0] w1;  // only its first half can be needed

  assign push = if_rvalid && n_drop == 2'd0;
  assign in   = {if_err, if_rdata};
  assign v0   = cnt != 2'd0 || push;
  assign v1   = cnt[1] || (cnt[0] && push);
  assign w0   = cnt != 2'd0 ? w0_q : in;
  assign w1   = cnt[1] ? {w1_q[32], w1_q[15:0]} : {in[32], in[15:0]};

  always_comb begin
    pc   = pc_q;
    is_c = (pc_q[1] ? w0[17:16] : w0[1:0]) != 2'b11;
    insn = pc_q[1] ? {w1[15:0], w0[31:16]} : w0[31:0];
    // An error in the first word ends it: its bits mean nothing, so do not wait for more.
    valid  = v0 && (!pc_q[1] || is_c || w0[32] || v1);
    err    = w0[32] || (pc_q[1] && !is_c && w1[16]);
    err_hi = !w0[32];
  end

  assign pop = valid && ready && (pc_q[1] || !is_c);

  always_ff @(posedge clk) begin
    if (rst) begin
      cnt  <= 2'd0;
      pc_q <= reset_pc;
    end else if (redirect) begin
      cnt  <= 2'd0;
      pc_q <= target;
    end else begin
      cnt <= cnt + {1'b0, push} - {1'b0, pop};
      if (valid && ready) pc_q <= pc_q + (is_c ? 31'd1 : 31'd2);
    end
    if (pop) begin
      w0_q <= w1_q;
      w1_q <= w2_q;
    end
    if (push) begin
      if (cnt == (pop ? 2'd1 : 2'd0)) w0_q <= in;
      if (cnt == (pop ? 2'd2 : 2'd1)) w1_q <= in;
      if (cnt == (pop ? 2'd3 : 2'd2)) w2_q <= in;
    end
  end

  a_answer_was_asked_for :
  assert property (@(posedge clk) disable iff (rst) if_rvalid |-> n_out != 2'd0);
  a_no_overflow :
  assert property (@(posedge clk) disable iff (rst) !redirect && push && !pop |-> cnt != DEPTH);
  a_request_is_stable :
  assert property (@(posedge clk) disable iff (rst)
                   if_req && !if_gnt |=> if_req && $stable(if_addr));
  a_drop_count :
  assert property (@(posedge clk) disable iff (rst) n_drop <= n_out);

endmodule
