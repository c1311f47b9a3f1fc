// SPDX-License-Identifier: MIT
// Types shared by the files of the control core.
package ash_core_pkg;

  // Where the value an instruction writes comes from, in the execute stage. Loads and
  // products are not here: they are made one stage later.
  typedef enum logic [2:0] {
    RES_ALU  = 3'd0,
    RES_AGU  = 3'd1,  // pc or rs1 plus immediate
    RES_LINK = 3'd2,  // address of the next instruction
    RES_IMM  = 3'd3,
    RES_CSR  = 3'd4,
    RES_DIV  = 3'd5
  } res_e;

  // What the decoder says about one (expanded) instruction.
  typedef struct packed {
    logic       illegal;
    logic       use_rs1;
    logic       use_rs2;
    logic       wr_rd;
    res_e       res;
    logic [3:0] alu_op;   // {subtract or arithmetic shift, funct3}
    logic       alu_imm;  // second ALU operand is the immediate
    logic       agu_pc;   // address adder starts from the pc, not from rs1
    logic       branch;
    logic       jump;     // jal, jalr
    logic       load;
    logic       store;
    logic       mul;
    logic       div;
    logic       csr;
    logic       ecall;
    logic       ebreak;
    logic       mret;
    logic       wfi;
    logic       fence_i;
  } ctrl_t;

  // mcause codes of the exceptions this core can raise.
  typedef enum logic [3:0] {
    EXC_FETCH_FAULT = 4'd1,
    EXC_ILLEGAL     = 4'd2,
    EXC_BREAK       = 4'd3,
    EXC_LOAD_ALIGN  = 4'd4,
    EXC_LOAD_FAULT  = 4'd5,
    EXC_STORE_ALIGN = 4'd6,
    EXC_STORE_FAULT = 4'd7,
    EXC_ECALL_M     = 4'd11
  } exc_e;

endpackage
