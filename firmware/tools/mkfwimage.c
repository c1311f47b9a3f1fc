// SPDX-License-Identifier: MIT
/*
 * mkfwimage FIRMWARE.elf IMAGE.bin VERSION HW_MIN HW_MAX
 *
 * Makes a firmware image (struct ashlar_image and payload) of an ELF file.
 * The versions are numbers as in ASHLAR_VERSION, 0xMMMMmmmm.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ashlar_abi.h"
#include "ashlar_regs.h"
#include "crc32.h"
#include "elf32.h"
#include "image.h"

static uint8_t file[1 << 20];
static uint8_t payload[ASHLAR_MAP_MP_TCM_BYTES];

static _Noreturn void die(const char *who, const char *why)
{
	fprintf(stderr, "mkfwimage: %s: %s\n", who, why);
	exit(1);
}

static uint32_t number(const char *text)
{
	char *end;
	unsigned long v;

	errno = 0;
	v = strtoul(text, &end, 0);
	if (errno || *end || end == text || v > UINT32_MAX)
		die(text, "not a 32-bit number");
	return (uint32_t)v;
}

static size_t read_file(const char *name)
{
	FILE *f = fopen(name, "rb");
	size_t n;

	if (!f)
		die(name, strerror(errno));
	n = fread(file, 1, sizeof(file), f);
	if (ferror(f) || !feof(f))
		die(name, "cannot be read, or is larger than 1 MiB");
	fclose(f);
	return n;
}

/* Lay the loadable segments out in payload. Sets the header's part of it. */
static void load(const char *name, const struct elf32 *e,
		 struct ashlar_image *h)
{
	uint32_t low = UINT32_MAX, high = 0;
	struct elf32_segment s;
	unsigned int pass, n;
	int more;

	for (pass = 0; pass < 2; pass++) {
		for (n = 0; (more = elf32_segment(e, n, &s)) != 0; n++) {
			if (more < 0)
				die(name, "a segment lies outside the file");
			if (!s.file_bytes)
				continue;
			if (pass) {
				memcpy(payload + (s.addr - low), s.data,
				       s.file_bytes);
				continue;
			}
			if (s.addr < ASHLAR_MAP_MP_TCM_BASE ||
			    s.addr - ASHLAR_MAP_MP_TCM_BASE > sizeof(payload) ||
			    s.file_bytes >
				    sizeof(payload) -
					    (s.addr - ASHLAR_MAP_MP_TCM_BASE))
				die(name, "a segment lies outside TCM");
			if (s.addr < low)
				low = s.addr;
			if (s.addr + s.file_bytes > high)
				high = s.addr + s.file_bytes;
		}
	}
	if (low >= high)
		die(name, "nothing to load");
	if (low & 7)
		die(name, "load address is not a multiple of 8");
	h->load_addr = low;
	h->payload_bytes = (high - low + 7) & ~7u;
	h->payload_crc32 = crc32(payload, h->payload_bytes);
}

int main(int argc, char **argv)
{
	struct ashlar_image h = {
		.magic = ASHLAR_IMAGE_MAGIC,
		.header_bytes = sizeof(h),
	};
	const char *error;
	struct elf32 e;
	unsigned int bad;
	FILE *f;

	if (argc != 6) {
		fprintf(stderr,
			"usage: %s FIRMWARE.elf IMAGE.bin VERSION HW_MIN HW_MAX\n",
			argv[0]);
		return 2;
	}
	if (elf32_open(&e, file, read_file(argv[1]), &error))
		die(argv[1], error);
	if (elf32_build_id(&e, h.build_id))
		die(argv[1], "has no build id");
	load(argv[1], &e, &h);
	h.entry = e.entry;
	h.firmware_version = number(argv[3]);
	h.hw.min = number(argv[4]);
	h.hw.max = number(argv[5]);
	h.header_crc32 = crc32(&h, offsetof(struct ashlar_image, header_crc32));

	/* What the ROM would say; the hardware is any in the range. */
	bad = image_check_header(&h, sizeof(h) + h.payload_bytes, h.hw.min);
	if (bad) {
		fprintf(stderr,
			"mkfwimage: %s: the ROM would refuse it with post code %#x\n",
			argv[1], bad);
		return 1;
	}
	f = fopen(argv[2], "wb");
	if (!f || fwrite(&h, sizeof(h), 1, f) != 1 ||
	    fwrite(payload, h.payload_bytes, 1, f) != 1 || fclose(f))
		die(argv[2], strerror(errno));
	return 0;
}
