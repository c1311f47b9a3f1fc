/* SPDX-License-Identifier: MIT */
/* Between the files of the family norm's tests. */
#ifndef NORM_CASES_H
#define NORM_CASES_H

#include "check.h"
#include "ot.h"

/* References against double precision: within their bounds, gradients. */
void norm_exact(struct ot *t, unsigned long rounds);
/* Descriptors that are refused. */
void norm_refused(struct ot *t);

#endif
