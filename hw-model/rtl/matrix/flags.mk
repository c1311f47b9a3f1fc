# SPDX-License-Identifier: MIT
# The sources of the matrix unit in compile order, and the options with which
# Verilator and the C++ compiler make a fast model of it (README.md). A build
# that contains the unit uses all three.
MATRIX_SRC := hw-model/rtl/matrix/ash_matrix_pkg.sv hw-model/rtl/lib/ash_fifo.sv hw-model/rtl/lib/ash_unit_queue.sv \
	$(addprefix hw-model/rtl/matrix/,ash_matrix_decode.sv ash_matrix_fill.sv \
	ash_matrix_stage.sv ash_matrix_array.sv ash_matrix.sv)

# Loops over the lanes are unrolled when they are small; the arithmetic is in
# loops that Verilator leaves alone.
MATRIX_VERILATOR_FLAGS := -O3 --x-assign fast --x-initial fast --unroll-count 72

# How an array gets into a function by reference: 5.006 does it for inout and
# unrolls loops over a ref, 5.032 copies an inout word by word and is right with
# a ref. Nothing between the two was tried.
VERILATOR ?= verilator
ifeq ($(shell $(VERILATOR) --version 2>/dev/null | awk '{ split($$2, v, "."); print (v[1] * 1000 + v[2] >= 5030) }'),1)
MATRIX_VERILATOR_FLAGS += +define+ASH_VERILATOR_REF
endif

# For make -f Vtop.mk (or -MAKEFLAGS): -O3 vectorises. SIMD=-mavx2 makes a
# model that other hosts of the kind can run too.
SIMD ?= -march=native
MATRIX_OPT := OPT_FAST="-O3 $(SIMD)"
