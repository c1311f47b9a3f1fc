// SPDX-License-Identifier: MIT
#include <stddef.h>

#include "rt.h"
#include "telemetry.h"

#define FIELD(field)               \
	(ASHLAR_SHARED_TELEMETRY + \
	 (uint32_t)offsetof(struct ashlar_telemetry, field))

static uint32_t sequence;

static void put(uint32_t offset, uint32_t value)
{
	*hal_shared(offset) = value;
}

void telemetry_init(void)
{
	uint32_t offset;

	sequence = 0;
	for (offset = 0; offset < sizeof(struct ashlar_telemetry); offset += 4)
		put(ASHLAR_SHARED_TELEMETRY + offset, 0);
	put(FIELD(bytes), sizeof(struct ashlar_telemetry));
	telemetry_update(rt.time);
}

void telemetry_update(uint64_t now)
{
	rt.heartbeat++;
	put(FIELD(sequence), ++sequence);
	hal_publish();
	put(FIELD(heartbeat), (uint32_t)rt.heartbeat);
	put(FIELD(heartbeat) + 4, (uint32_t)(rt.heartbeat >> 32));
	put(FIELD(cycles), (uint32_t)now);
	put(FIELD(cycles) + 4, (uint32_t)(now >> 32));
	put(FIELD(jobs_completed), rt.jobs_completed);
	put(FIELD(jobs_failed), rt.jobs_failed);
	put(FIELD(bad_requests), rt.bad_requests);
	put(FIELD(tiles_busy), rt.tiles_busy);
	put(FIELD(scrubs), rt.scrubs);
	hal_publish();
	put(FIELD(sequence), ++sequence);
}
