# SPDX-License-Identifier: MIT
# The sources of the vector unit in compile order. It takes the Verilator
# options of hw-model/rtl/matrix/flags.mk.
VECTOR_SRC := hw-model/rtl/lib/ash_fp_pkg.sv hw-model/rtl/vector/ash_vector_pkg.sv \
	hw-model/rtl/lib/ash_fifo.sv \
	$(addprefix hw-model/rtl/vector/,ash_vector_decode.sv ash_vector_lanes.sv ash_vector.sv)
