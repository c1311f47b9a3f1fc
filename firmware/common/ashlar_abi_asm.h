/* SPDX-License-Identifier: MIT */
/*
 * The few constants that assembly needs. The ABI header is C; rom/layout.c
 * asserts that these are the same numbers.
 */
#ifndef ASHLAR_ABI_ASM_H
#define ASHLAR_ABI_ASM_H

#define TCM_END	  0x10020000
#define MP_POST	  0x20000028
#define POST_TRAP 0x90

#endif
