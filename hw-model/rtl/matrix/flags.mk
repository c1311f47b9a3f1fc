# SPDX-License-Identifier: MIT
# The sources of the matrix unit in compile order, and the options with which
# Verilator and the C++ compiler make a fast model of it (README.md). A build
# that contains the unit uses all three.
MATRIX_SRC := hw-model/rtl/matrix/ash_matrix_pkg.sv hw-model/rtl/lib/ash_fifo.sv \
	$(addprefix hw-model/rtl/matrix/,ash_matrix_decode.sv ash_matrix_fill.sv \
	ash_matrix_stage.sv ash_matrix_array.sv ash_matrix.sv)

# Loops over the lanes are unrolled when they are small; the arithmetic is in
# loops that Verilator leaves alone.
MATRIX_VERILATOR_FLAGS := -O3 --x-assign fast --x-initial fast --unroll-count 72

# For make -f Vtop.mk (or -MAKEFLAGS): -O3 vectorises. SIMD=-mavx2 makes a
# model that other hosts of the kind can run too.
SIMD ?= -march=native
MATRIX_OPT := OPT_FAST="-O3 $(SIMD)"
