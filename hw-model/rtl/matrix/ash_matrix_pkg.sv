// SPDX-License-Identifier: MIT
//
// What the parts of the matrix unit tell each other about a checked command.
package ash_matrix_pkg;
	import ash_pkg::*;

	localparam int WORDS_W = 16;                    // K is at most 65535: 32768 words

	// What to fetch for one operand. Scratchpad addresses count lines.
	typedef struct packed {
		logic [LINE_W-1:0]  line;               // first line
		logic [LINE_W-1:0]  pitch;
		logic               kmajor;
		logic               is16;               // 16-bit elements
		logic [WORDS_W-1:0] words;              // 32-bit words along k, at least 1
	} fill_cmd_t;

	// What to compute.
	typedef struct packed {
		logic [WORDS_W-1:0] words;
		logic [31:0]        keep;               // int8: bits of the last word with k < K
		logic               odd;                // 16 bit: the last word holds one k only
		logic               is16;
		logic               fp16;
		logic               accumulate;
		logic [ACC_W-1:0]   acc;
		logic               last;               // product of its command
	} step_cmd_t;
endpackage
