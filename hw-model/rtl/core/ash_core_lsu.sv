// SPDX-License-Identifier: MIT
// Byte lanes of a data access: request side (execute stage) and answer side (write-back).
module ash_core_lsu (
    // request
    input  logic [ 1:0] size,      // byte, half, word
    input  logic [ 1:0] addr,
    input  logic [31:0] data,
    output logic        misaligned,
    output logic [ 3:0] be,
    output logic [31:0] wdata,
    // answer
    input  logic [ 2:0] l_f3,
    input  logic [ 1:0] l_addr,
    input  logic [31:0] rdata,
    output logic [31:0] l_data
);

  always_comb begin
    case (size)
      2'd0: begin
        be         = 4'b0001 << addr;
        wdata      = {4{data[7:0]}};
        misaligned = 1'b0;
      end
      2'd1: begin
        be         = addr[1] ? 4'b1100 : 4'b0011;
        wdata      = {2{data[15:0]}};
        misaligned = addr[0];
      end
      default: begin
        be         = 4'b1111;
        wdata      = data;
        misaligned = addr != 2'd0;
      end
    endcase
  end

  logic [ 7:0] b;
  logic [15:0] h;

  always_comb begin
    h = l_addr[1] ? rdata[31:16] : rdata[15:0];
    b = l_addr[0] ? h[15:8] : h[7:0];
    case (l_f3[1:0])
      2'd0:    l_data = {{24{b[7] && !l_f3[2]}}, b};
      2'd1:    l_data = {{16{h[15] && !l_f3[2]}}, h};
      default: l_data = rdata;
    endcase
  end

endmodule
