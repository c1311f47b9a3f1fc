/* SPDX-License-Identifier: MIT */
/* CRC-32 of IEEE 802.3 (reflected, 0xedb88320), as zlib's crc32(). */
#ifndef CRC32_H
#define CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32(const void *data, size_t bytes);

#endif
