// SPDX-License-Identifier: MIT
//
// What only the modules of a tile share: tags of the read port, chunks of the
// DMA units, fault shorthands.
package ash_tile_pkg;
	import ash_pkg::*;
	import ash_regs_pkg::*;

	// Tags of the read port. The loader and the load DMA never run at the
	// same time and share the first LOAD_TAGS; each MMU port's walker has one.
	localparam int LOAD_TAGS = TAGS - 2;
	localparam logic [5:0] LAST_LOAD_TAG = 6'(LOAD_TAGS - 1);
	localparam logic [5:0] WALK_TAG = 6'(LOAD_TAGS);        // and the next one

	localparam int OFF_W = $clog2(LINE_BYTES);              // byte in a scratchpad line
	localparam int ARG_AREA = 1024;                         // end of local memory for arguments
	localparam int LMEM_LINES = ash_board_pkg::LMEM_BYTES / BEAT_BYTES;
	localparam int LMEM_W = $clog2(LMEM_LINES);             // local memory in 64-byte lines

	// A DMA chunk: bytes that lie in one global beat and in one scratchpad line.
	typedef enum logic [1:0] {
		CHUNK_DATA,                                     // move len bytes
		CHUNK_PAD,                                      // load: write len zeros
		CHUNK_NONE,                                     // store: only carries `last`
		CHUNK_BAD                                       // bad command: register sub holds va
	} chunk_kind_t;

	typedef struct packed {
		chunk_kind_t       kind;
		logic              last;                        // of its macro-operation
		logic [63:0]       va;                          // of the first byte
		logic [LINE_W-1:0] line;
		logic [OFF_W-1:0]  off;                         // first byte in the line
		logic [6:0]        len;                         // 1 .. 64
		logic [7:0]        sub;
	} chunk_t;

	// An MMU port's answer, valid in the cycle of the request.
	typedef struct packed {
		logic        ok;                                // translated
		logic        fault;                             // never will be, for `cause`
		logic [2:0]  cause;
		logic        host;
		logic [47:0] pa;
	} tr_t;

	localparam logic [2:0] CAUSE_CORE = TILE_FAULT_CAUSE_CORE[2:0];
	localparam logic [2:0] CAUSE_PAGE_INVALID = TILE_FAULT_CAUSE_PAGE_INVALID[2:0];
	localparam logic [2:0] CAUSE_PAGE_READ = TILE_FAULT_CAUSE_PAGE_READ[2:0];
	localparam logic [2:0] CAUSE_PAGE_WRITE = TILE_FAULT_CAUSE_PAGE_WRITE[2:0];
	localparam logic [2:0] CAUSE_BUS = TILE_FAULT_CAUSE_BUS[2:0];
	localparam logic [2:0] CAUSE_COMMAND = TILE_FAULT_CAUSE_COMMAND[2:0];

	// Not every module that takes the package uses all of it.
	localparam logic unused_tile = &{1'b0, LAST_LOAD_TAG, WALK_TAG, |ARG_AREA, |LMEM_W,
		CAUSE_CORE, CAUSE_PAGE_INVALID, CAUSE_PAGE_READ, CAUSE_PAGE_WRITE, CAUSE_BUS,
		CAUSE_COMMAND};
endpackage
