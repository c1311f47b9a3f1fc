/* SPDX-License-Identifier: MIT */
#ifndef OPS_REF_RANDOM_H
#define OPS_REF_RANDOM_H

#include <stdint.h>

/* Philox4x32-10: four words from a counter and a key. */
void ref_philox(const uint32_t counter[4], const uint32_t key[2],
		uint32_t words[4]);

#endif
