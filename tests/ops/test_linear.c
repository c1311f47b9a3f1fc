// SPDX-License-Identifier: MIT
/* Products and convolutions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "linear_cases.h"
#include "ot.h"

void linear_epilogue(struct ot *t, struct ashlar_epilogue *e, uint32_t in,
		     const struct ashlar_tensor *result)
{
	uint64_t columns = result->shape[result->dims - 1];
	bool integer = in == ASHLAR_I8;
	uint32_t kinds = ot_range(t, 0, 1) ? 0 : ot_range(t, 0, 31);

	if (kinds & 1) {
		e->bias = ot_tensor(t, integer ? ASHLAR_I32 : ASHLAR_F32, 1,
				    &columns, OT_PACKED);
		e->bias.stride[0] = ot_range(t, 0, 3) != 0;
	}
	if (kinds & 2 && ot_range(t, 0, 1)) {
		e->scale = ot_tensor(t, ASHLAR_F32, 1, &columns, OT_PACKED);
		e->scale.stride[0] = ot_range(t, 0, 3) != 0;
		integer = false;
	} else if (kinds & 2) {
		e->flags |= ASHLAR_EPILOGUE_SCALE;
		e->scale_value = (float)((int)ot_range(t, 0, 8) - 4) * 0.0375f;
		integer = false;
	}
	if (kinds & 4) {
		uint32_t ints = CHECK_I8 | CHECK_I32;
		uint32_t formats = integer ? ints : CHECK_FLOATS;

		if (!integer && ot_range(t, 0, 1)) {
			e->flags |= ASHLAR_EPILOGUE_RESIDUAL_SCALE;
			e->residual_value = (float)ot_range(t, 0, 8) * 0.25f;
			formats = CHECK_ALL;
		}
		if (formats & CHECK_FORMAT(result->format) &&
		    ot_range(t, 0, 2) == 0)
			e->residual = *result;
		else
			e->residual = ot_tensor(t, ot_format(t, formats),
						result->dims, result->shape,
						OT_ROWS);
	}
	if (kinds & 8)
		e->activation = ot_range(t, 0, ASHLAR_ACTIVATION_SILU);
}

const char *linear_epilogue_text(const struct ashlar_epilogue *e)
{
	static char text[160];

	snprintf(text, sizeof(text),
		 "bias %d scale %d flags %u residual %s activation %u",
		 e->bias.addr ? (int)e->bias.stride[0] + 1 : 0,
		 e->scale.addr ? (int)e->scale.stride[0] + 1 : 0, e->flags,
		 e->residual.addr ? format_name(e->residual.format) : "none",
		 e->activation);
	return text;
}

void ot_family(struct ot *t, unsigned long cases, bool host)
{
	unsigned long i;

	if (host) {
		matmul_host(t);
		conv_host(t);
	}
	for (i = 0; i < cases; i++) {
		if (i % 3)
			conv_case(t);
		else
			matmul_case(t);
	}
}
