/* SPDX-License-Identifier: MIT */
/* What rtl.c and the design's DPI calls share. */
#ifndef ASHLAR_MODEL_RTL_H
#define ASHLAR_MODEL_RTL_H

/*
 * The model whose board runs on this thread: DPI calls belong to it. A callback
 * may use another model, so it is put back when an operation ends.
 */
extern _Thread_local struct ashlar_model *rtl_current;

#endif
