/* SPDX-License-Identifier: MIT */
/*
 * The engine of a model is the board itself, without the shell around it:
 * rtl.c (the Verilated board) or hw-model/fast. A model has one linked in.
 *
 * An engine moves m->cycles and m->clocked, and tells of the outside world's
 * part by the functions of outside.c and misuse.c. When m->dead is set, nothing
 * more may happen. One thread at a time calls it; no time passes outside calls.
 */
#ifndef ASHLAR_MODEL_ENGINE_H
#define ASHLAR_MODEL_ENGINE_H

#include "ashlar_model.h"

#include <stdbool.h>

extern const char engine_name[]; /* ashlar_model_ops.name */
extern const uint32_t engine_platform; /* ASHLAR_HOST_PLATFORM_* */

/*
 * Make m->engine. ROM, memory and options.trace_* are in m already; of the
 * options those that only an engine knows are taken (wave). False with a
 * sentence in error: m->engine is what engine_delete() can clean up.
 */
bool engine_new(struct ashlar_model *m, const struct ashlar_model_options *opt,
		char *error, size_t error_bytes);
void engine_delete(struct ashlar_model *m);

/* Power-on or function level reset: all but the memories' bytes. */
void engine_power_on(struct ashlar_model *m);

/* A register access, offset a multiple of 4 in BAR0. 0 or -EIO. */
int engine_read(struct ashlar_model *m, uint32_t offset, uint32_t *value);
int engine_write(struct ashlar_model *m, uint32_t offset, uint32_t value);

/* ashlar_model_ops.run */
enum ashlar_model_stop engine_run(struct ashlar_model *m, uint64_t max_cycles);

#endif
