/* SPDX-License-Identifier: MIT */
/* Parts of test_linear: an operation each. */
#ifndef LINEAR_CASES_H
#define LINEAR_CASES_H

#include "ot.h"

/* A random epilogue to sums of operands in format `in`. */
void linear_epilogue(struct ot *t, struct ashlar_epilogue *e, uint32_t in,
		     const struct ashlar_tensor *result);
const char *linear_epilogue_text(const struct ashlar_epilogue *e);

/* One random case; what needs no device. */
void matmul_case(struct ot *t);
void matmul_host(struct ot *t);
void conv_case(struct ot *t);
void conv_host(struct ot *t);

#endif
