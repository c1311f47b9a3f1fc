// SPDX-License-Identifier: MIT
//
// Types that several blocks share. Sizes come from ash_board_pkg (generated
// from the board's device tree), register offsets from ash_regs_pkg.
package ash_pkg;
	import ash_board_pkg::*;

	localparam int N = ARRAY;                       // matrix rows, vector lanes
	localparam int LINE_BYTES = 4 * N;              // a scratchpad line
	localparam int LINE_BITS = 8 * LINE_BYTES;
	localparam int SPAD_LINES = SPAD_BYTES / LINE_BYTES;
	localparam int LINE_W = $clog2(SPAD_LINES);     // width of a line number
	localparam int ACC_W = $clog2(ACCS);
	localparam int ROW_W = $clog2(N);
	localparam int UNIT_QUEUE = 8;                  // macro-operations a unit queues

	// The interconnect moves 64-byte aligned beats. A read is a request and,
	// some cycles later, a response with the same tag; responses to different
	// tags may come in any order, and the requester always takes them. A write
	// is acknowledged the same way. Requests are valid/ready: valid must not
	// depend on ready, and nothing changes while valid is high and ready low.
	// Data travels beside these structures as logic [511:0], byte i of the
	// beat in bits 8*i+7:8*i, with strb bit i saying that it is written.
	localparam int BEAT_BYTES = 64;
	localparam int BEAT_BITS = 512;
	localparam int TAGS = 64;                       // a requester's reads in flight

	typedef struct packed {
		logic        host;                      // 1 host memory, 0 board memory
		logic [47:0] addr;                      // multiple of 64
		logic [5:0]  tag;
	} bus_req_t;

	typedef struct packed {
		logic        err;                       // address refused; data is 0
		logic [5:0]  tag;
	} bus_rsp_t;

	// A page table entry (8 bytes, little endian, in board memory). A root
	// entry maps 2 MiB: a leaf when LARGE, else the address of a 4 KiB table
	// of 512 entries of 4 KiB. Bits not named are ignored.
	typedef struct packed {
		logic [11:0] unused_hi;
		logic [39:0] ppn;                       // address bits 51:12
		logic [6:0]  unused_lo;
		logic        leaf;                      // LARGE; "large" is a keyword
		logic        host;                      // leaf: host memory
		logic        w;
		logic        r;
		logic        v;
	} pte_t;

	// Macro-operations as the register file hands them to the units.
	typedef struct packed {
		logic [63:0]       gaddr;
		logic [31:0]       laddr;
		logic [31:0]       run;
		logic [2:0][31:0]  count;               // [0] is dimension 1; whole registers,
		logic [2:0][31:0]  gstride;
		logic [2:0][31:0]  lstride;
		logic [3:0][31:0]  start;               // [0] is dimension 0
		logic [3:0][31:0]  limit;
		logic [2:0][31:0]  step;                // so that the unit can judge them
		logic [31:0]       gather;
		logic [31:0]       index;
	} dma_cmd_t;

	typedef struct packed {
		logic [31:0] a_addr;
		logic [31:0] a_pitch;
		logic [31:0] b_addr;
		logic [31:0] b_pitch;
		logic [31:0] k;
		logic [31:0] cfg;
		logic [31:0] tiles;
		logic [31:0] a_tile;
		logic [31:0] b_tile;
		logic [31:0] parts;
		logic [31:0] a_part;
		logic [31:0] b_part;
	} matrix_cmd_t;

	typedef struct packed {
		logic [31:0] cfg;
		logic [31:0] op;
		logic [31:0] src;
		logic [31:0] src_pitch;
		logic [31:0] src_gpitch;
		logic [31:0] src2;
		logic [31:0] src2_pitch;
		logic [31:0] src2_gpitch;
		logic [31:0] bias;
		logic [31:0] scale;
		logic [31:0] dst;
		logic [31:0] dst_pitch;
		logic [31:0] dst_gpitch;
		logic [31:0] rows;
		logic [31:0] groups;
		logic [31:0] tail;
		logic [31:0] red;
	} vector_cmd_t;

	// How a unit reports that it cannot go on (TILE.FAULT_*).
	typedef struct packed {
		logic [2:0]  cause;
		logic [31:0] sub;
		logic [63:0] addr;
	} fault_t;

	// No design reads all of these; this does, so that lint does not warn.
	localparam logic unused_ash = &{1'b0, |SPAD_LINES, |LINE_BITS, |LINE_W,
		|ACC_W, |ROW_W, |UNIT_QUEUE, |BEAT_BYTES, |BEAT_BITS, |TAGS};
endpackage
