// SPDX-License-Identifier: MIT
/* Placeholder until written. */
#include "lib_board.h"
#include "fake_kernel.h"
int main(void) { return 0; }
