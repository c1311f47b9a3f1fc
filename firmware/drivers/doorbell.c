// SPDX-License-Identifier: MIT
#include "doorbell.h"

void doorbell_init(void)
{
	unsigned int n;

	for (n = 0; n < DOORBELLS; n++)
		io_write(DOORBELL_REG(ASHLAR_MP_DB_DEPTH(n)), 0);
	for (n = 0; n < DOORBELLS / 32; n++)
		doorbell_take(n);
}

void doorbell_open(unsigned int n, uint32_t depth)
{
	io_write(DOORBELL_REG(ASHLAR_MP_DB_PENDING(n / 32)), 1u << n % 32);
	doorbell_set_head(n, 0);
	io_write(DOORBELL_REG(ASHLAR_MP_DB_DEPTH(n)), depth);
}

int doorbell_close(unsigned int n)
{
	const uint32_t reg = DOORBELL_REG(ASHLAR_MP_DB_PENDING(n / 32));
	const uint32_t bit = 1u << n % 32;
	uint32_t pending;

	io_write(DOORBELL_REG(ASHLAR_MP_DB_DEPTH(n)), 0);
	pending = io_read(reg) & bit;
	io_write(reg, bit);
	return pending != 0;
}
