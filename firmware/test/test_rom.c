// SPDX-License-Identifier: MIT
/* The ROM: each header field wrong in turn, and the whole boot. */
#include "boot.h"
#include "crc32.h"
#include "image.h"
#include "mock.h"
#include "suite.h"

#define TCM	ASHLAR_MAP_MP_TCM_BASE
#define ROOM	(ASHLAR_MAP_MP_TCM_BYTES - ROM_RESERVED_BYTES)
#define PAYLOAD 4096
#define HW	ASHLAR_HOST_HW_VERSION_RESET

static void seal(struct ashlar_image *h)
{
	h->header_crc32 = crc32(h, offsetof(struct ashlar_image, header_crc32));
}

static struct ashlar_image good(void)
{
	return (struct ashlar_image){
		.magic = ASHLAR_IMAGE_MAGIC,
		.header_bytes = sizeof(struct ashlar_image),
		.payload_bytes = PAYLOAD,
		.load_addr = TCM,
		.entry = TCM,
		.hw = { HW, HW | 0xffff },
	};
}

#define EXPECT(code, change)                                                \
	do {                                                                \
		struct ashlar_image h = good();                             \
		uint32_t boot = 64 + PAYLOAD;                               \
		uint32_t hw = HW;                                           \
		change;                                                     \
		seal(&h);                                                   \
		assert_int_equal(image_check_header(&h, boot, hw), (code)); \
	} while (0)

static void crc(void **state)
{
	static const char text[] __attribute__((aligned(4))) = "123456789";

	(void)state;
	assert_int_equal(crc32(text, 9), 0xcbf43926); /* of the catalogues */
	assert_int_equal(crc32(text, 0), 0);
	/* From an odd address, and a tail. */
	assert_int_equal(crc32(text + 1, 7), 0x2bc9895b);
}

static void sizes(void **state)
{
	(void)state;
	assert_int_equal(image_check_size(0), ASHLAR_POST_BAD_SIZE);
	assert_int_equal(image_check_size(71), ASHLAR_POST_BAD_SIZE);
	assert_int_equal(image_check_size(72), 0);
	assert_int_equal(image_check_size(64 + ROOM), 0);
	assert_int_equal(image_check_size(64 + ROOM + 1), ASHLAR_POST_BAD_SIZE);
	assert_int_equal(image_check_size(UINT32_MAX), ASHLAR_POST_BAD_SIZE);
}

static void fields(void **state)
{
	(void)state;
	EXPECT(0, (void)hw);
	EXPECT(ASHLAR_POST_BAD_MAGIC, h.magic ^= 1);
	EXPECT(ASHLAR_POST_BAD_HEADER, h.header_bytes = 60);
	EXPECT(ASHLAR_POST_BAD_HEADER, h.header_bytes = 68);
	EXPECT(ASHLAR_POST_BAD_HEADER, h.payload_bytes = 0);
	EXPECT(ASHLAR_POST_BAD_HEADER, h.payload_bytes = PAYLOAD - 4);
	EXPECT(ASHLAR_POST_BAD_HEADER, h.payload_bytes = ROOM + 8);
	EXPECT(ASHLAR_POST_BAD_HEADER, h.payload_bytes = 0xfffffff8);
	EXPECT(ASHLAR_POST_BAD_SIZE, h.payload_bytes = PAYLOAD + 8);
	EXPECT(ASHLAR_POST_BAD_SIZE, boot = 64 + PAYLOAD - 1);
	EXPECT(ASHLAR_POST_BAD_SIZE, boot = 0);
	EXPECT(0, boot = 64 + PAYLOAD + 1000);
	EXPECT(ASHLAR_POST_BAD_HEADER, h.load_addr = TCM + 4);
	EXPECT(ASHLAR_POST_BAD_HEADER, h.load_addr = TCM - 8);
	EXPECT(ASHLAR_POST_BAD_HEADER, h.load_addr = 0);
	EXPECT(ASHLAR_POST_BAD_HEADER, h.load_addr = 0xfffffff8);
	EXPECT(ASHLAR_POST_BAD_HEADER,
	       h.load_addr = h.entry = TCM + ROOM - PAYLOAD + 8);
	EXPECT(0, h.load_addr = h.entry = TCM + ROOM - PAYLOAD);
	EXPECT(ASHLAR_POST_BAD_HEADER, h.entry = TCM - 2);
	EXPECT(ASHLAR_POST_BAD_HEADER, h.entry = TCM + 1);
	EXPECT(ASHLAR_POST_BAD_HEADER, h.entry = TCM + PAYLOAD);
	EXPECT(ASHLAR_POST_BAD_HEADER, h.entry = TCM + PAYLOAD - 2);
	EXPECT(0, h.entry = TCM + PAYLOAD - 4);
	EXPECT(ASHLAR_POST_BAD_HEADER, h.reserved = 1);
	EXPECT(ASHLAR_POST_BAD_HEADER, h.hw.min = h.hw.max + 1);
	EXPECT(ASHLAR_POST_BAD_HW, hw = HW - 1);
	EXPECT(ASHLAR_POST_BAD_HW, hw = 0x00020000);
	EXPECT(0, hw = HW | 0xffff);
}

static void every_bit_of_the_header(void **state)
{
	unsigned int bit;

	(void)state;
	for (bit = 0; bit < 8 * sizeof(struct ashlar_image); bit++) {
		struct ashlar_image h = good();

		seal(&h);
		((uint8_t *)&h)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(image_check_header(&h, 64 + PAYLOAD, HW),
				 bit < 32 ? ASHLAR_POST_BAD_MAGIC :
					    ASHLAR_POST_BAD_HEADER);
	}
}

/* Put an image at addr of board memory and name it in HOST.BOOT_*. */
static void put_image(uint64_t addr)
{
	struct ashlar_image h = good();
	uint8_t *payload = mock.mem + addr + sizeof(h);
	unsigned int i;

	for (i = 0; i < PAYLOAD; i++)
		payload[i] = (uint8_t)(i * 7 + i / 256);
	h.payload_crc32 = crc32(payload, PAYLOAD);
	h.entry = TCM + 0x20;
	seal(&h);
	memcpy(mock.mem + addr, &h, sizeof(h));
	mock.boot_addr = addr;
	mock.boot_bytes = 64 + PAYLOAD;
}

static void boots(void **state)
{
	uint32_t entry = 0;

	(void)state;
	mock_power_on(1);
	put_image(0x2000);
	assert_int_equal(boot_load(&entry), 0);
	assert_int_equal(entry, TCM + 0x20);
	assert_int_equal(mock.post, ASHLAR_POST_ROM_JUMP);
	assert_memory_equal(mock.tcm, mock.mem + 0x2040, PAYLOAD);
	assert_int_equal(mock.wdt_period, 0);
}

static void refuses(unsigned int code)
{
	uint32_t entry = 0x5555;

	assert_int_equal(boot_load(&entry), code);
	assert_int_equal(mock.post, code);
	assert_int_equal(entry, 0x5555);
}

static void boot_errors(void **state)
{
	(void)state;
	mock_power_on(1);
	refuses(ASHLAR_POST_BAD_SIZE); /* nothing named */
	put_image(0x2000);
	mock.mem[0x2000]++;
	refuses(ASHLAR_POST_BAD_MAGIC);
	put_image(0x2000);
	mock.mem[0x2000 + 64 + PAYLOAD - 1] ^= 0x80;
	refuses(ASHLAR_POST_BAD_PAYLOAD);
	put_image(0x2000);
	mock.hw_version = 0x00020000;
	refuses(ASHLAR_POST_BAD_HW);
	mock.hw_version = HW;
	mock.boot_addr = 0x2004; /* misaligned: the engine refuses */
	refuses(ASHLAR_POST_COPY_ERROR);
	mock.boot_addr = 1ull << 40; /* beyond board memory */
	refuses(ASHLAR_POST_COPY_ERROR);
	put_image(MOCK_MEM_BYTES - 64 - PAYLOAD);
	assert_int_equal(boot_load(&(uint32_t){ 0 }), 0);
	/* The header is in board memory, the payload's end is not. */
	memmove(mock.mem + MOCK_MEM_BYTES - 64, mock.mem + mock.boot_addr, 64);
	mock.boot_addr = MOCK_MEM_BYTES - 64;
	refuses(ASHLAR_POST_COPY_ERROR);
}

/* A hung runtime's copy into TCM is over before the ROM uses TCM. */
static void waits_for_old_copies(void **state)
{
	struct mock_copy *c = &mock.copy[1];

	(void)state;
	mock_power_on(1);
	put_image(0x2000);
	mock.reset_cause = ASHLAR_MP_RESET_CAUSE_WATCHDOG;
	mock.wdt_period = 1000;
	c->queue[0][ASHLAR_COPY_DST_LO / 4] = TCM;
	c->queue[0][ASHLAR_COPY_LEN / 4] = 64;
	c->queue[0][ASHLAR_COPY_SPACE / 4] = ASHLAR_COPY_SPACE_DST_LOCAL
					     << ASHLAR_COPY_SPACE_DST_SHIFT;
	c->due[0] = mock.now + 50000;
	c->issued = 1;
	mock.copy[0].error = 3;
	assert_int_equal(boot_load(&(uint32_t){ 0 }), 0);
	assert_int_equal(c->done, 1);
	assert_memory_equal(mock.tcm, mock.mem + 0x2040, PAYLOAD);
	assert_int_equal(mock.wdt_period, 0);
}

SUITE(suite_rom, ((const struct CMUnitTest[]){
			 cmocka_unit_test(crc),
			 cmocka_unit_test(sizes),
			 cmocka_unit_test(fields),
			 cmocka_unit_test(every_bit_of_the_header),
			 cmocka_unit_test(boots),
			 cmocka_unit_test(boot_errors),
			 cmocka_unit_test(waits_for_old_copies),
		 }))
