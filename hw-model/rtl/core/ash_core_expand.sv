// SPDX-License-Identifier: MIT
// Turns a 16-bit instruction of the C extension into the 32-bit instruction it stands for.
// Encodings of the F and D extensions and the reserved ones are reported as illegal.
module ash_core_expand (
    input  logic [15:0] c,
    output logic [31:0] insn,
    output logic        illegal
);

  localparam logic [6:0] OP_IMM = 7'h13, OP = 7'h33, LUI = 7'h37, LOAD = 7'h03,
                         STORE = 7'h23, JAL = 7'h6f, JALR = 7'h67, BRANCH = 7'h63;

  logic [4:0] rd, rs2, rdp, rs2p;  // full and three-bit register fields
  logic [11:0] imm6;
  logic [11:0] lw_off, lwsp_off, swsp_off;
  logic [20:1] j_off;
  logic [12:1] b_off;

  assign rd       = c[11:7];
  assign rs2      = c[6:2];
  assign rdp      = {2'b01, c[9:7]};
  assign rs2p     = {2'b01, c[4:2]};
  assign imm6     = {{7{c[12]}}, c[6:2]};
  assign lw_off   = {5'b0, c[5], c[12:10], c[6], 2'b0};
  assign lwsp_off = {4'b0, c[3:2], c[12], c[6:4], 2'b0};
  assign swsp_off = {4'b0, c[8:7], c[12:9], 2'b0};
  assign j_off    = {{10{c[12]}}, c[8], c[10:9], c[6], c[7], c[2], c[11], c[5:3]};
  assign b_off    = {{5{c[12]}}, c[6:5], c[2], c[11:10], c[4:3]};

  always_comb begin
    insn    = 32'h0;
    illegal = 1'b0;
    case ({c[15:13], c[1:0]})
      // quadrant 0
      5'b000_00: begin  // c.addi4spn
        insn    = {2'b0, c[10:7], c[12:11], c[5], c[6], 2'b0, 5'd2, 3'd0, rs2p, OP_IMM};
        illegal = c[12:5] == 8'h0;
      end
      5'b010_00: insn = {lw_off, rdp, 3'd2, rs2p, LOAD};                              // c.lw
      5'b110_00: insn = {lw_off[11:5], rs2p, rdp, 3'd2, lw_off[4:0], STORE};          // c.sw
      // quadrant 1
      5'b000_01: insn = {imm6, rd, 3'd0, rd, OP_IMM};                                 // c.addi
      5'b001_01, 5'b101_01:                                                           // c.jal, c.j
      insn = {j_off[20], j_off[10:1], j_off[11], j_off[19:12], 4'b0, ~c[15], JAL};
      5'b010_01: insn = {imm6, 5'd0, 3'd0, rd, OP_IMM};                               // c.li
      5'b011_01: begin
        if (rd == 5'd2)  // c.addi16sp
          insn = {{3{c[12]}}, c[4:3], c[5], c[2], c[6], 4'b0, 5'd2, 3'd0, 5'd2, OP_IMM};
        else insn = {{15{c[12]}}, c[6:2], rd, LUI};                                   // c.lui
        illegal = {c[12], c[6:2]} == 6'h0;
      end
      5'b100_01: begin
        case (c[11:10])
          2'b00, 2'b01: begin  // c.srli, c.srai; shift amounts above 31 are RV64
            insn    = {1'b0, c[10], 5'b0, c[6:2], rdp, 3'd5, rdp, OP_IMM};
            illegal = c[12];
          end
          2'b10: insn = {imm6, rdp, 3'd7, rdp, OP_IMM};                               // c.andi
          default: begin
            case (c[6:5])
              2'b00:   insn = {7'h20, rs2p, rdp, 3'd0, rdp, OP};                      // c.sub
              2'b01:   insn = {7'h00, rs2p, rdp, 3'd4, rdp, OP};                      // c.xor
              2'b10:   insn = {7'h00, rs2p, rdp, 3'd6, rdp, OP};                      // c.or
              default: insn = {7'h00, rs2p, rdp, 3'd7, rdp, OP};                      // c.and
            endcase
            illegal = c[12];
          end
        endcase
      end
      5'b110_01, 5'b111_01:                                                           // c.beqz, c.bnez
      insn = {b_off[12], b_off[10:5], 5'd0, rdp, 2'b0, c[13], b_off[4:1], b_off[11], BRANCH};
      // quadrant 2
      5'b000_10: begin                                                                // c.slli
        insn    = {7'h0, rs2, rd, 3'd1, rd, OP_IMM};
        illegal = c[12];
      end
      5'b010_10: begin                                                                // c.lwsp
        insn    = {lwsp_off, 5'd2, 3'd2, rd, LOAD};
        illegal = rd == 5'd0;
      end
      5'b100_10: begin
        if (rs2 != 5'd0) insn = {7'h0, rs2, c[12] ? rd : 5'd0, 3'd0, rd, OP};         // c.add, c.mv
        else if (rd != 5'd0) insn = {12'h0, rd, 3'd0, 4'b0, c[12], JALR};             // c.jalr, c.jr
        else begin
          insn    = 32'h0010_0073;                                                    // c.ebreak
          illegal = !c[12];
        end
      end
      5'b110_10: insn = {swsp_off[11:5], rs2, 5'd2, 3'd2, swsp_off[4:0], STORE};      // c.swsp
      default:   illegal = 1'b1;
    endcase
  end

endmodule
