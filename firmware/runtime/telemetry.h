/* SPDX-License-Identifier: MIT */
/* What the host may read at any time: struct ashlar_telemetry. */
#ifndef TELEMETRY_H
#define TELEMETRY_H

#include <stdint.h>

void telemetry_init(void);

/* The main loop has turned; now is the device time. */
void telemetry_update(uint64_t now);

#endif
