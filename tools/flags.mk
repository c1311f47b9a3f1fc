# SPDX-License-Identifier: MIT
# Compiler flags, in one place. SAN=asan or SAN=ubsan adds a sanitizer; give
# it a build folder of its own (make SAN=asan BUILD=build/asan ...).

SAN ?=
SAN_FLAGS_asan := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SAN_FLAGS_ubsan := -fsanitize=undefined -fno-sanitize-recover=all

ifneq ($(SAN),)
SAN_FLAGS := $(SAN_FLAGS_$(SAN))
ifeq ($(SAN_FLAGS),)
$(error SAN=$(SAN) is not asan or ubsan)
endif
endif

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wundef -Wvla
# Warnings that only C knows.
CWARNINGS := $(WARNINGS) -Wstrict-prototypes -Wmissing-prototypes

CFLAGS_COMMON := -std=c11 -D_GNU_SOURCE -O2 -g $(CWARNINGS) $(SAN_FLAGS)
CXXFLAGS_COMMON := -std=c++17 -O2 -g $(WARNINGS) $(SAN_FLAGS)
# For objects of a shared library.
CFLAGS_SHARED := $(CFLAGS_COMMON) -fPIC -fvisibility=hidden

# The code that runs on the board: management processor and kernels. No
# sanitizer, no host headers.
CROSS ?= riscv64-unknown-elf-
CFLAGS_BOARD := -std=c11 -O2 -g $(CWARNINGS) -march=rv32imc -mabi=ilp32 \
	-ffreestanding -fno-common -ffunction-sections -fdata-sections

# Lint takes no waivers.
VERILATOR ?= verilator
VLINT := $(VERILATOR) --lint-only -Wall
