# SPDX-License-Identifier: MIT
# The sources of the vector unit in compile order. It takes the Verilator
# options of hw-model/rtl/matrix/flags.mk.
VECTOR_SRC := $(addprefix hw-model/rtl/lib/,ash_fp_pkg.sv ash_fn_pkg.sv ash_func_pkg.sv ash_fifo.sv \
	ash_unit_queue.sv) \
	$(addprefix hw-model/rtl/vector/,ash_vector_pkg.sv ash_vector_row_pkg.sv ash_vector_decode.sv \
	ash_vector_lanes.sv ash_vector.sv)
