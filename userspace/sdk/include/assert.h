/* SPDX-License-Identifier: MIT */
/*
 * The part of <assert.h> that headers shared with the host need. Kernels have
 * no C library; ASH_ASSERT of ashlar/kernel.h checks at run time.
 */
#undef static_assert
#define static_assert _Static_assert
