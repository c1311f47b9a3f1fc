// SPDX-License-Identifier: MIT
// The control core: RV32IMC, Zicsr, Zifencei, machine mode only. Three stages:
//
//   F  fetch, cut, expand          (ash_core_fetch, ash_core_expand)
//   X  decode, registers, execute, branch, data request, CSRs, traps
//   W  data answer, product, register write, retirement
//
// X lets an instruction go only when the one in W is known not to fault, so everything X does
// is final and traps are precise without any undo but the retirement counter's. The price is one data
// access at a time; with a memory that answers in one cycle that still is one a cycle.
module ash_core
  import ash_core_pkg::*;
#(
    parameter logic [31:0] HART_ID      = 0,
    parameter bit          HALT_ON_TRAP = 1'b0   // an exception stops the core; only reset starts it
) (
    input logic        clk,
    input logic        rst,
    input logic [31:0] reset_pc, // where to start; sampled while rst is high

    // instruction words
    output logic        if_req,
    output logic [31:0] if_addr,
    input  logic        if_gnt,
    input  logic        if_rvalid,
    input  logic [31:0] if_rdata,
    input  logic        if_err,

    // data
    output logic        d_req,
    output logic        d_we,
    output logic [ 3:0] d_be,
    output logic [31:0] d_addr,   // byte address; the lanes are those of its word
    output logic [31:0] d_wdata,
    input  logic        d_gnt,
    input  logic        d_rvalid,
    input  logic [31:0] d_rdata,
    input  logic        d_err,

    input logic irq_timer,
    input logic irq_external,
    input logic irq_software,

    output logic        sleeping,    // in WFI, nothing in flight, no enabled interrupt pending
    output logic        halted,
    output logic [31:0] halt_cause,
    output logic [31:0] halt_pc,
    output logic [31:0] halt_tval,

    // one pulse for each instruction that completes or raises an exception
    output logic        rv_valid,
    output logic [31:0] rv_pc,
    output logic [31:0] rv_insn,      // as fetched: 16-bit ones are not expanded
    output logic [ 4:0] rv_rd,        // 0 if none
    output logic [31:0] rv_rd_wdata,
    output logic        rv_trap
);

  logic unused_reset_pc0;
  assign unused_reset_pc0 = reset_pc[0];

  // ------------------------------------------------------------------ F

  logic f_valid, f_ready, f_is_c, f_err, f_err_hi, f_idle, f_cill;
  logic [31:1] f_pc;
  logic [31:0] f_insn, f_expanded;
  logic redirect;
  logic [31:1] redirect_pc;

  ash_core_fetch u_fetch (
      .clk,
      .rst,
      .reset_pc(reset_pc[31:1]),
      .if_req,
      .if_addr,
      .if_gnt,
      .if_rvalid,
      .if_rdata,
      .if_err,
      .stop    (halted),
      .idle    (f_idle),
      .redirect,
      .target  (redirect_pc),
      .valid   (f_valid),
      .ready   (f_ready),
      .pc      (f_pc),
      .insn    (f_insn),
      .is_c    (f_is_c),
      .err     (f_err),
      .err_hi  (f_err_hi)
  );

  ash_core_expand u_expand (
      .c      (f_insn[15:0]),
      .insn   (f_expanded),
      .illegal(f_cill)
  );

  // ------------------------------------------------------------------ X

  logic x_valid, x_err, x_err_hi, x_cill;
  logic [31:1] x_pc;
  logic [31:0] x_insn, x_raw;  // expanded, and as fetched
  logic x_flush, x_fire;

  assign f_ready = !x_valid || x_fire;

  always_ff @(posedge clk) begin
    if (rst || x_flush) x_valid <= 1'b0;
    else if (f_ready) x_valid <= f_valid && !halted;
    if (f_ready && f_valid) begin
      x_pc     <= f_pc;
      x_insn   <= f_is_c ? f_expanded : f_insn;
      x_raw    <= f_is_c ? {16'h0, f_insn[15:0]} : f_insn;
      x_cill   <= f_is_c && f_cill;
      x_err    <= f_err;
      x_err_hi <= f_err_hi;
    end
  end

  ctrl_t c;
  logic [31:0] imm;

  ash_core_decode u_decode (
      .insn(x_insn),
      .c,
      .imm
  );

  // What W holds, as far as X must know.
  logic w_valid, w_mem, w_store, w_mul, w_late, w_wr, w_exc;
  logic w_ok, w_fault;  // it holds nothing up; its data access has faulted
  logic [ 4:0] w_rd;
  logic [ 2:0] w_f3;
  logic [31:1] w_pc;
  logic [31:0] w_raw, w_data, w_b, w_wdata, load_data, mul_y;

  logic [4:0] rs1, rs2;
  logic [31:0] rf_a, rf_b, a, b;
  logic fwd_a, fwd_b, hazard;

  assign rs1 = x_insn[19:15];
  assign rs2 = x_insn[24:20];

  ash_core_regs u_regs (
      .clk,
      .rst,
      .ra(rs1),
      .rb(rs2),
      .da(rf_a),
      .db(rf_b),
      .we(w_ok && w_wr),
      .wa(w_rd),
      .wd(w_wdata)
  );

  // A result made in X is forwarded from W. One made in W (load, product) is not: its user
  // waits for it to be in the registers, which keeps memory output off the execute path.
  assign fwd_a  = w_wr && w_rd == rs1;
  assign fwd_b  = w_wr && w_rd == rs2;
  assign hazard = w_late && ((fwd_a && c.use_rs1) || (fwd_b && c.use_rs2));
  assign a      = fwd_a ? w_data : rf_a;
  assign b      = fwd_b ? w_data : rf_b;

  logic [31:0] alu_y, agu_y;
  logic br_taken;

  ash_core_alu u_alu (
      .op    (c.alu_op),
      .a,
      .b     (c.alu_imm ? imm : b),
      .br_f3 (x_insn[14:12]),
      .result(alu_y),
      .br_taken
  );

  assign agu_y = (c.agu_pc ? {x_pc, 1'b0} : a) + imm;

  logic misaligned;
  ash_core_lsu u_lsu (
      .size      (x_insn[13:12]),
      .addr      (agu_y[1:0]),
      .data      (b),
      .misaligned,
      .be        (d_be),
      .wdata     (d_wdata),
      .l_f3      (w_f3),
      .l_addr    (w_data[1:0]),
      .rdata     (d_rdata),
      .l_data    (load_data)
  );

  // -- may it go?

  logic x_go;       // everything it needs is there, and what precedes it does not fault
  logic is_mem, d_stuck;
  logic irq_pending, irq, exc, wake, wake_now, csr_illegal;
  logic div_done, done;

  assign x_go   = x_valid && w_ok && !hazard;
  assign is_mem = c.load || c.store;
  // A request on the bus is not taken back. WFI is left first, so that the handler returns
  // behind it.
  assign irq    = irq_pending && !d_stuck && !(c.wfi && !x_err);

  exc_e exc_cause;
  logic [31:0] exc_val;
  always_comb begin
    exc       = 1'b1;
    exc_cause = EXC_ILLEGAL;
    exc_val   = 32'h0;
    if (x_err) begin
      exc_cause = EXC_FETCH_FAULT;
      exc_val   = {x_err_hi ? x_pc + 31'd1 : x_pc, 1'b0};
    end else if (x_cill || c.illegal || (c.csr && csr_illegal)) exc_val = x_raw;
    else if (c.ebreak) exc_cause = EXC_BREAK;
    else if (c.ecall) exc_cause = EXC_ECALL_M;
    else if (is_mem && misaligned) begin
      exc_cause = c.load ? EXC_LOAD_ALIGN : EXC_STORE_ALIGN;
      exc_val   = agu_y;
    end else exc = 1'b0;
  end

  always_comb begin
    done = 1'b1;
    if (is_mem) done = d_gnt;
    if (c.div) done = div_done;
    if (c.wfi) done = wake;
  end

  logic x_run, x_exc, x_irq;  // executes; raises an exception; gives way to an interrupt
  assign x_run  = x_go && !irq && !exc;
  assign x_exc  = x_go && !irq && exc;
  assign x_irq  = x_go && irq;
  assign x_fire = x_run && done;

  assign d_req  = x_run && is_mem;
  assign d_we   = c.store;
  assign d_addr = agu_y;

  always_ff @(posedge clk) begin
    if (rst) d_stuck <= 1'b0;
    else d_stuck <= d_req && !d_gnt;
  end

  logic [31:0] div_y;
  ash_core_div u_div (
      .clk,
      .rst,
      .start (x_run && c.div),
      .kill  (x_flush),
      .f3    (x_insn[13:12]),
      .a,
      .b,
      .done  (div_done),
      .result(div_y)
  );

  // -- CSRs and traps

  logic [31:0] csr_y, t_val;
  logic [31:1] t_target, m_target, t_pc;
  logic [3:0] irq_cause, t_cause;
  logic t_exc, t_take;

  assign t_exc  = w_fault || x_exc;
  assign t_take = (t_exc && !HALT_ON_TRAP) || x_irq;

  always_comb begin
    t_pc    = x_pc;
    t_val   = 32'h0;
    t_cause = irq_cause;
    if (w_fault) begin
      t_pc    = w_pc;
      t_val   = w_data;
      t_cause = w_store ? EXC_STORE_FAULT : EXC_LOAD_FAULT;
    end else if (!x_irq) begin
      t_val   = exc_val;
      t_cause = exc_cause;
    end
  end

  ash_core_csr #(
      .HART_ID(HART_ID)
  ) u_csr (
      .clk,
      .rst,
      .addr       (x_insn[31:20]),
      .op         (x_insn[13:12]),
      .op_write   (!x_insn[13] || rs1 != 5'd0),
      .operand    (x_insn[14] ? {27'h0, rs1} : a),
      .rdata      (csr_y),
      .illegal    (csr_illegal),
      .commit     (x_fire && c.csr),
      .trap       (t_take),
      .trap_irq   (x_irq),
      .trap_cause (t_cause),
      .trap_pc    (t_pc),
      .trap_val   (t_val),
      .mret       (x_fire && c.mret),
      .trap_target(t_target),
      .mret_target(m_target),
      .irq_timer,
      .irq_external,
      .irq_software,
      .irq_take   (irq_pending),
      .irq_cause,
      .wake,
      .wake_now,
      .asleep     (sleeping),
      .retire     (x_fire),
      .retire_undo(w_fault)
  );

  // -- where to go next. While X holds an instruction, the pc at the head of F is that of the
  // instruction behind it: it serves as link value and as restart address of fence.i.

  // None of these waits for anything, so the fetch request does not depend on d_gnt.

  logic x_jump;
  assign x_jump   = x_run && (c.jump || (c.branch && br_taken) || c.mret || c.fence_i);
  assign redirect = x_jump || t_take;
  assign x_flush  = redirect || t_exc;

  always_comb begin
    redirect_pc = agu_y[31:1];
    if (c.fence_i) redirect_pc = f_pc;
    if (c.mret) redirect_pc = m_target;
    if (t_take) redirect_pc = t_target;
  end

  logic [31:0] x_result;
  always_comb begin
    case (c.res)
      RES_AGU:  x_result = agu_y;
      RES_LINK: x_result = {f_pc, 1'b0};
      RES_IMM:  x_result = imm;
      RES_CSR:  x_result = csr_y;
      RES_DIV:  x_result = div_y;
      default:  x_result = alu_y;
    endcase
    if (is_mem) x_result = agu_y;  // for the byte lanes and for mtval
    if (c.mul) x_result = a;
  end

  // ------------------------------------------------------------------ W

  assign w_ok    = !w_mem || (d_rvalid && !d_err);
  assign w_fault = w_mem && d_rvalid && d_err;
  assign w_late  = w_mem || w_mul;

  always_ff @(posedge clk) begin
    if (rst) begin
      w_valid <= 1'b0;
      w_mem   <= 1'b0;
      w_wr    <= 1'b0;
      w_mul   <= 1'b0;
      w_exc   <= 1'b0;
    end else if (w_ok || w_fault) begin
      w_valid <= x_fire || x_exc;
      w_exc   <= x_exc;
      w_mem   <= x_fire && is_mem;
      w_mul   <= x_fire && c.mul;
      w_wr    <= x_fire && c.wr_rd && x_insn[11:7] != 5'd0;
    end
    if (x_fire || x_exc) begin
      w_store <= c.store;
      w_rd    <= x_insn[11:7];
      w_f3    <= x_insn[14:12];
      w_pc    <= x_pc;
      w_raw   <= x_raw;
      w_data  <= x_result;
      w_b     <= b;
    end
  end

  ash_core_mul u_mul (
      .en    (w_mul),
      .f3    (w_f3[1:0]),
      .a     (w_data),
      .b     (w_b),
      .result(mul_y)
  );

  assign w_wdata = w_mem ? load_data : w_mul ? mul_y : w_data;

  assign rv_valid    = w_valid && (w_ok || w_fault);
  assign rv_pc       = {w_pc, 1'b0};
  assign rv_insn     = w_raw;
  assign rv_rd       = (w_wr && !w_fault) ? w_rd : 5'd0;
  assign rv_rd_wdata = (w_wr && !w_fault) ? w_wdata : 32'h0;
  assign rv_trap     = w_exc || w_fault;

  // ------------------------------------------------------------------ stopped, asleep

  assign sleeping = x_valid && c.wfi && !x_err && !w_valid && f_idle && !wake_now;

  if (HALT_ON_TRAP) begin : g_halt
    always_ff @(posedge clk) begin
      if (rst) begin
        halted     <= 1'b0;
        halt_cause <= 32'h0;
        halt_pc    <= 32'h0;
        halt_tval  <= 32'h0;
      end else if (t_exc) begin
        halted     <= 1'b1;
        halt_cause <= {28'h0, t_cause};
        halt_pc    <= {t_pc, 1'b0};
        halt_tval  <= t_val;
      end
    end
  end else begin : g_trap
    assign halted     = 1'b0;
    assign halt_cause = 32'h0;
    assign halt_pc    = 32'h0;
    assign halt_tval  = 32'h0;
  end

  a_data_request_is_stable :
  assert property (@(posedge clk) disable iff (rst)
                   d_req && !d_gnt |=> d_req && $stable({d_we, d_be, d_addr}));
  a_write_data_is_stable :
  assert property (@(posedge clk) disable iff (rst) d_req && !d_gnt && d_we |=> $stable(d_wdata));
  a_data_answer_was_asked_for :
  assert property (@(posedge clk) disable iff (rst) d_rvalid |-> w_mem);
  a_halted_is_quiet :
  assert property (@(posedge clk) disable iff (rst) halted |-> !d_req && !x_valid);
  a_asleep_is_quiet :
  assert property (@(posedge clk) disable iff (rst) sleeping |-> !d_req && !if_req && !rv_valid);

endmodule
