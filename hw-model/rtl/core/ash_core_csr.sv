// SPDX-License-Identifier: MIT
// Machine-mode CSRs, the choice of an interrupt, and the trap vector.
//
// All state changes come from the execute stage, in program order; a trap, a return and a CSR
// write never fall in the same cycle.
module ash_core_csr #(
    parameter logic [31:0] HART_ID = 0
) (
    input logic clk,
    input logic rst,

    // access by a CSR instruction
    input  logic [11:0] addr,
    input  logic [ 1:0] op,        // funct3[1:0]: write, set, clear
    input  logic        op_write,  // it does write (csrrs/csrrc with x0 do not)
    input  logic [31:0] operand,
    output logic [31:0] rdata,
    output logic        illegal,   // no such CSR, or a write to a read-only one
    input  logic        commit,    // the instruction completes in this cycle

    // traps
    input  logic        trap,
    input  logic        trap_irq,
    input  logic [ 3:0] trap_cause,
    input  logic [31:1] trap_pc,
    input  logic [31:0] trap_val,
    input  logic        mret,
    output logic [31:1] trap_target,
    output logic [31:1] mret_target,

    // interrupts
    input  logic       irq_timer,
    input  logic       irq_external,
    input  logic       irq_software,
    output logic       irq_take,     // one is pending, enabled, and interrupts are on
    output logic [3:0] irq_cause,
    output logic       wake,         // one is pending and enabled (what WFI waits for)
    output logic       wake_now,     // the same, a cycle ahead of the synchronising rank

    input logic asleep,     // in WFI: mcycle rests, so that idle time can be skipped

    input logic retire,     // an instruction leaves the execute stage
    input logic retire_undo // the previous one turned out to fault
);

  // XLEN 32, extensions C, I, M
  localparam logic [31:0] MISA = 32'h4000_1104;
  localparam logic [31:0] MIMPID = 32'h0001_0000;

  logic mie_q, mpie_q;          // mstatus.MIE, MPIE
  logic [2:0] ie, ip;           // {external, timer, software} of mie, mip
  logic [31:2] tvec;
  logic tvec_vectored;
  logic [31:1] epc;
  logic cause_irq;
  logic [3:0] cause;
  logic [31:0] tval, scratch;
  logic [63:0] mcycle, minstret;
  logic inh_cycle, inh_instret;  // mcountinhibit

  function automatic logic [31:0] spread(input logic [2:0] v);
    return {20'h0, v[2], 3'h0, v[1], 3'h0, v[0], 3'h0};
  endfunction

  // ---- reads

  logic known;
  always_comb begin
    known = 1'b1;
    rdata = 32'h0;
    case (addr)
      12'h300: rdata = {19'h0, 2'b11, 3'h0, mpie_q, 3'h0, mie_q, 3'h0};
      12'h301: rdata = MISA;
      12'h304: rdata = spread(ie);
      12'h305: rdata = {tvec, 1'b0, tvec_vectored};
      12'h310: rdata = 32'h0;  // mstatush: little-endian, always
      12'h320: rdata = {29'h0, inh_instret, 1'b0, inh_cycle};
      12'h340: rdata = scratch;
      12'h341: rdata = {epc, 1'b0};
      12'h342: rdata = {cause_irq, 27'h0, cause};
      12'h343: rdata = tval;
      12'h344: rdata = spread(ip);
      12'hb00, 12'hc00: rdata = mcycle[31:0];
      12'hb80, 12'hc80: rdata = mcycle[63:32];
      12'hb02, 12'hc02: rdata = minstret[31:0];
      12'hb82, 12'hc82: rdata = minstret[63:32];
      12'hf11, 12'hf12, 12'hf15: rdata = 32'h0;  // mvendorid, marchid, mconfigptr
      12'hf13: rdata = MIMPID;
      12'hf14: rdata = HART_ID;
      default:
      // mhpmcounter3..31, their upper halves and mhpmevent3..31: the specification wants
      // them there; they count nothing and read zero.
      known = (addr[11:8] == 4'hb && addr[6:5] == 2'b00 && addr[4:0] >= 5'd3) ||
              (addr[11:5] == 7'h19 && addr[4:0] >= 5'd3);
    endcase
  end

  assign illegal = !known || (op_write && addr[11:10] == 2'b11);

  // ---- writes

  logic [31:0] wdata;
  logic we;

  assign we = commit && op_write;
  always_comb begin
    case (op)
      2'd2:    wdata = rdata | operand;
      2'd3:    wdata = rdata & ~operand;
      default: wdata = operand;
    endcase
  end

  always_ff @(posedge clk) begin
    ip <= {irq_external, irq_timer, irq_software};
    if (rst) begin
      mie_q         <= 1'b0;
      mpie_q        <= 1'b0;
      ie            <= 3'b0;
      ip            <= 3'b0;
      tvec          <= 30'h0;
      tvec_vectored <= 1'b0;
      epc           <= 31'h0;
      cause_irq     <= 1'b0;
      cause         <= 4'h0;
      tval          <= 32'h0;
      scratch       <= 32'h0;
      inh_cycle     <= 1'b0;
      inh_instret   <= 1'b0;
    end else if (trap) begin
      mie_q     <= 1'b0;
      mpie_q    <= mie_q;
      epc       <= trap_pc;
      cause_irq <= trap_irq;
      cause     <= trap_cause;
      tval      <= trap_val;
    end else if (mret) begin
      mie_q  <= mpie_q;
      mpie_q <= 1'b1;
    end else if (we) begin
      case (addr)
        12'h300: begin
          mie_q  <= wdata[3];
          mpie_q <= wdata[7];
        end
        12'h304: ie <= {wdata[11], wdata[7], wdata[3]};
        12'h305: begin
          tvec          <= wdata[31:2];
          tvec_vectored <= wdata[0];
        end
        12'h320: begin
          inh_cycle   <= wdata[0];
          inh_instret <= wdata[2];
        end
        12'h340: scratch <= wdata;
        12'h341: epc <= wdata[31:1];
        12'h342: begin
          cause_irq <= wdata[31];
          cause     <= wdata[3:0];
        end
        12'h343: tval <= wdata;
        default: ;
      endcase
    end
  end

  // Instructions are counted as they leave the execute stage, so that a read of minstret there
  // is exact; a load or store that faults one stage later is taken back.
  always_ff @(posedge clk) begin
    if (rst) begin
      mcycle   <= 64'h0;
      minstret <= 64'h0;
    end else begin
      if (!inh_cycle && !asleep) mcycle <= mcycle + 64'd1;
      if (!inh_instret && (retire || retire_undo))
        minstret <= minstret + {{63{retire_undo}}, 1'b1};
      if (we) begin
        case (addr)
          12'hb00: mcycle   <= {mcycle[63:32], wdata};
          12'hb80: mcycle   <= {wdata, mcycle[31:0]};
          12'hb02: minstret <= {minstret[63:32], wdata};
          12'hb82: minstret <= {wdata, minstret[31:0]};
          default: ;
        endcase
      end
    end
  end

  // ---- interrupts: external, then software, then timer

  logic [2:0] pend;
  assign pend      = ip & ie;
  assign wake      = pend != 3'b0;
  assign wake_now  = wake || ({irq_external, irq_timer, irq_software} & ie) != 3'b0;
  assign irq_take  = wake && mie_q;
  assign irq_cause = pend[2] ? 4'd11 : pend[0] ? 4'd3 : 4'd7;

  assign trap_target = {tvec + ((trap_irq && tvec_vectored) ? {26'h0, trap_cause} : 30'h0), 1'b0};
  assign mret_target = epc;

  a_one_at_a_time :
  assert property (@(posedge clk) disable iff (rst) $onehot0({trap, mret, we}));
  a_undo_is_alone :
  assert property (@(posedge clk) disable iff (rst) !(retire && retire_undo));

endmodule
