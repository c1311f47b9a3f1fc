// SPDX-License-Identifier: MIT
#include "copy.h"

uint32_t copy_init(enum copy_engine engine, uint32_t len, uint32_t space)
{
	uint32_t issued = io_read(COPY_REG(engine, ISSUED));

	while (copy_done(engine) != issued)
		;
	copy_take_errors(engine);
	copy_set(engine, ASHLAR_COPY_SRC_LO, 0);
	copy_set(engine, ASHLAR_COPY_SRC_HI, 0);
	copy_set(engine, ASHLAR_COPY_DST_LO, 0);
	copy_set(engine, ASHLAR_COPY_DST_HI, 0);
	copy_set(engine, ASHLAR_COPY_LEN, len);
	copy_set(engine, ASHLAR_COPY_SPACE, space);
	return issued;
}

uint32_t copy_take_errors(enum copy_engine engine)
{
	uint32_t errors = io_read(COPY_REG(engine, ERROR));

	if (errors)
		io_write(COPY_REG(engine, ERROR), errors);
	return errors;
}
