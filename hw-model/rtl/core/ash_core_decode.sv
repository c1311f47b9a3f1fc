// SPDX-License-Identifier: MIT
// Decoder for RV32IM, Zicsr and Zifencei. Every encoding that is not named here is illegal.
// Whether a CSR exists is decided in ash_core_csr.
module ash_core_decode
  import ash_core_pkg::*;
(
    input  logic  [31:0] insn,
    output ctrl_t        c,
    output logic  [31:0] imm
);

  logic [2:0] f3;
  logic [6:0] f7;
  logic [31:0] imm_i;

  assign f3    = insn[14:12];
  assign f7    = insn[31:25];
  assign imm_i = {{20{insn[31]}}, insn[31:20]};

  always_comb begin
    c   = '0;
    imm = imm_i;
    case (insn[6:0])
      7'h37: begin  // lui
        c.wr_rd = 1'b1;
        c.res   = RES_IMM;
        imm     = {insn[31:12], 12'h0};
      end
      7'h17: begin  // auipc
        c.wr_rd  = 1'b1;
        c.res    = RES_AGU;
        c.agu_pc = 1'b1;
        imm      = {insn[31:12], 12'h0};
      end
      7'h6f: begin  // jal
        c.wr_rd  = 1'b1;
        c.res    = RES_LINK;
        c.agu_pc = 1'b1;
        c.jump   = 1'b1;
        imm      = {{12{insn[31]}}, insn[19:12], insn[20], insn[30:21], 1'b0};
      end
      7'h67: begin  // jalr
        c.use_rs1 = 1'b1;
        c.wr_rd   = 1'b1;
        c.res     = RES_LINK;
        c.jump    = 1'b1;
        c.illegal = f3 != 3'd0;
      end
      7'h63: begin  // branches
        c.use_rs1 = 1'b1;
        c.use_rs2 = 1'b1;
        c.agu_pc  = 1'b1;
        c.branch  = 1'b1;
        c.illegal = f3[2:1] == 2'b01;
        imm       = {{20{insn[31]}}, insn[7], insn[30:25], insn[11:8], 1'b0};
      end
      7'h03: begin  // loads
        c.use_rs1 = 1'b1;
        c.wr_rd   = 1'b1;
        c.load    = 1'b1;
        c.illegal = f3[1:0] == 2'b11 || f3 == 3'd6;
      end
      7'h23: begin  // stores
        c.use_rs1 = 1'b1;
        c.use_rs2 = 1'b1;
        c.store   = 1'b1;
        c.illegal = f3[2] || f3[1:0] == 2'b11;
        imm       = {{20{insn[31]}}, insn[31:25], insn[11:7]};
      end
      7'h13: begin  // register-immediate
        c.use_rs1 = 1'b1;
        c.wr_rd   = 1'b1;
        c.alu_imm = 1'b1;
        c.alu_op  = {f3 == 3'd5 && insn[30], f3};
        c.illegal = (f3 == 3'd1 && f7 != 7'h00) || (f3 == 3'd5 && (f7 & 7'h5f) != 7'h00);
      end
      7'h33: begin  // register-register
        c.use_rs1 = 1'b1;
        c.use_rs2 = 1'b1;
        c.wr_rd   = 1'b1;
        c.alu_op  = {insn[30], f3};
        if (f7 == 7'h01) begin
          c.mul = !f3[2];
          c.div = f3[2];
          if (f3[2]) c.res = RES_DIV;
        end else c.illegal = !(f7 == 7'h00 || (f7 == 7'h20 && (f3 == 3'd0 || f3 == 3'd5)));
      end
      7'h0f: begin
        // fence needs nothing: one access at a time, in order. fence.i drops the prefetch.
        c.fence_i = f3 == 3'd1;
        c.illegal = f3[2:1] != 2'b00;
      end
      7'h73: begin
        if (f3[1:0] != 2'b00) begin
          c.csr     = 1'b1;
          c.wr_rd   = 1'b1;
          c.use_rs1 = !f3[2];
          c.res     = RES_CSR;
        end else begin
          c.ecall   = insn[31:7] == 25'h000_0000;
          c.ebreak  = insn[31:7] == 25'h000_2000;
          c.mret    = insn[31:7] == 25'h060_4000;
          c.wfi     = insn[31:7] == 25'h020_a000;
          c.illegal = !(c.ecall || c.ebreak || c.mret || c.wfi);
        end
      end
      default: c.illegal = 1'b1;
    endcase
  end

endmodule
