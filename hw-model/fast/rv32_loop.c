// SPDX-License-Identifier: MIT
// The loop twice: as fast as it can, and with a report of each instruction.
#include <endian.h>
#include <string.h>

#include "rv32_int.h"

#define LOOP	 rv32_loop
#define REPORTED 0
#include "rv32_loop.h"
#undef LOOP
#undef REPORTED

#define LOOP	 rv32_loop_reported
#define REPORTED 1
#include "rv32_loop.h"
