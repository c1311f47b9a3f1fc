// SPDX-License-Identifier: MIT
/*
 * Boot: the host has put an image into board memory, told its place and size
 * in HOST.BOOT_*, and let the processor run. The header is copied once to the
 * ROM's own scratch and judged there; then the payload is copied once to
 * where it will run, and judged there. Nothing is read twice from memory that
 * the host can write.
 *
 * This also runs after a watchdog reset, which resets nothing but this
 * processor: a copy engine may still be writing into TCM for the runtime that
 * hung, so the engines are waited for first. If the host has since reused the
 * image's memory, the checks fail and say so; a host that wants to survive a
 * watchdog reset leaves the image in place.
 */
#include "boot.h"
#include "crc32.h"
#include "hal.h"
#include "image.h"

#define MP(reg)	  (ASHLAR_MAP_MP_MP_BASE + ASHLAR_MP_##reg)
#define ENGINE(n) (ASHLAR_MAP_MP_COPY_BASE + ASHLAR_MAP_MP_COPY_STRIDE * (n))
#define HEADER_AT \
	(ASHLAR_MAP_MP_TCM_BASE + ASHLAR_MAP_MP_TCM_BYTES - ROM_RESERVED_BYTES)

static void post(uint32_t code)
{
	io_write(MP(POST), code);
}

static unsigned int fail(uint32_t code)
{
	post(code);
	return code;
}

static void engines_settle(void)
{
	unsigned int n;

	for (n = 0; n < ASHLAR_MAP_MP_COPY_COUNT; n++) {
		while (io_read(ENGINE(n) + ASHLAR_COPY_DONE) !=
		       io_read(ENGINE(n) + ASHLAR_COPY_ISSUED))
			;
		io_write(ENGINE(n) + ASHLAR_COPY_ERROR,
			 ASHLAR_COPY_ERROR_RANGE_MASK |
				 ASHLAR_COPY_ERROR_BUS_MASK);
	}
}

/* Board memory to TCM, waiting for it. Returns 0, or the ERROR register. */
static uint32_t copy_in(uint64_t from, uint32_t to, uint32_t bytes)
{
	const uint32_t engine = ENGINE(0);

	io_write(engine + ASHLAR_COPY_SRC_LO, (uint32_t)from);
	io_write(engine + ASHLAR_COPY_SRC_HI, (uint32_t)(from >> 32));
	io_write(engine + ASHLAR_COPY_DST_LO, to);
	io_write(engine + ASHLAR_COPY_DST_HI, 0);
	io_write(engine + ASHLAR_COPY_LEN, bytes);
	io_write(engine + ASHLAR_COPY_SPACE,
		 ASHLAR_COPY_SPACE_DST_MEM << ASHLAR_COPY_SPACE_SRC_SHIFT |
			 ASHLAR_COPY_SPACE_DST_LOCAL
				 << ASHLAR_COPY_SPACE_DST_SHIFT);
	io_write(engine + ASHLAR_COPY_GO, 1);
	while (io_read(engine + ASHLAR_COPY_DONE) !=
	       io_read(engine + ASHLAR_COPY_ISSUED))
		;
	hal_acquire();
	return io_read(engine + ASHLAR_COPY_ERROR);
}

unsigned int boot_load(uint32_t *entry)
{
	const struct ashlar_image *h = hal_pointer(HEADER_AT);
	uint32_t boot_bytes, bad;
	uint64_t from;

	post(ASHLAR_POST_ROM);
	io_write(MP(WDT_PERIOD), 0);
	engines_settle();

	boot_bytes = io_read(MP(BOOT_BYTES));
	from = (uint64_t)io_read(MP(BOOT_ADDR_HI)) << 32 |
	       io_read(MP(BOOT_ADDR_LO));
	bad = image_check_size(boot_bytes);
	if (bad)
		return fail(bad);

	/* The engine refuses what is misaligned or outside board memory. */
	if (copy_in(from, HEADER_AT, sizeof(*h)))
		return fail(ASHLAR_POST_COPY_ERROR);
	bad = image_check_header(h, boot_bytes, io_read(MP(HW_VERSION)));
	if (bad)
		return fail(bad);

	post(ASHLAR_POST_ROM_LOAD);
	if (copy_in(from + sizeof(*h), h->load_addr, h->payload_bytes))
		return fail(ASHLAR_POST_COPY_ERROR);
	if (crc32(hal_pointer(h->load_addr), h->payload_bytes) !=
	    h->payload_crc32)
		return fail(ASHLAR_POST_BAD_PAYLOAD);

	/*
	 * Signature verification belongs here: the payload is in TCM, which
	 * the host cannot write, and has not run. The CRC above finds
	 * accidents only; it is no protection against a hostile host.
	 */

	*entry = h->entry;
	post(ASHLAR_POST_ROM_JUMP);
	return 0;
}
