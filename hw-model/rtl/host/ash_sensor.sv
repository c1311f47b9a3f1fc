// SPDX-License-Identifier: MIT
//
// The die's temperature sensor: the digital side of an analogue macro. What it
// measures follows from what runs, at once: a model has no mass. So the value
// depends on nothing but the state of the board, and time that is skipped does
// not change it.
module ash_sensor #(
	parameter int TILES = 1
) (
	input  logic [TILES-1:0] tile_active,           // not idle
	output logic [31:0]      temp                   // 1/1000 degrees Celsius
);
	localparam logic [31:0] REST = 32'd45000;       // nothing runs
	localparam logic [31:0] RISE = 32'd40000 / TILES; // more with each tile at work

	always_comb begin
		temp = REST;
		for (int i = 0; i < TILES; i++)
			if (tile_active[i])
				temp += RISE;
	end
endmodule
