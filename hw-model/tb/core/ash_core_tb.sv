// SPDX-License-Identifier: MIT
// Bench of the control core: the core and its two memory ports.
module ash_core_tb #(
    parameter bit HALT_ON_TRAP = 1'b0
) (
    input  logic        clk,
    input  logic        rst,
    input  logic [31:0] reset_pc,
    input  logic [31:0] seed,
    input  logic        irq_timer,
    input  logic        irq_external,
    input  logic        irq_software,
    output logic        sleeping,
    output logic        halted,
    output logic [31:0] halt_cause,
    output logic [31:0] halt_pc,
    output logic [31:0] halt_tval,
    output logic        rv_valid,
    output logic [31:0] rv_pc,
    output logic [31:0] rv_insn,
    output logic [ 4:0] rv_rd,
    output logic [31:0] rv_rd_wdata,
    output logic        rv_trap
);

  logic if_req, if_gnt, if_rvalid, if_err;
  logic d_req, d_we, d_gnt, d_rvalid, d_err;
  logic [3:0] d_be;
  logic [31:0] if_addr, if_rdata, d_addr, d_wdata, d_rdata;

  ash_core #(
      .HART_ID     (0),
      .HALT_ON_TRAP(HALT_ON_TRAP)
  ) u_core (
      .*
  );

  ash_core_tb_port #(
      .FETCH(1)
  ) u_if (
      .clk,
      .rst,
      .seed,
      .req   (if_req),
      .we    (1'b0),
      .be    (4'hf),
      .addr  (if_addr),
      .wdata (32'h0),
      .gnt   (if_gnt),
      .rvalid(if_rvalid),
      .rdata (if_rdata),
      .err   (if_err)
  );

  ash_core_tb_port u_d (
      .clk,
      .rst,
      .seed,
      .req   (d_req),
      .we    (d_we),
      .be    (d_be),
      .addr  (d_addr),
      .wdata (d_wdata),
      .gnt   (d_gnt),
      .rvalid(d_rvalid),
      .rdata (d_rdata),
      .err   (d_err)
  );

endmodule
