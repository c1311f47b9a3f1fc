/* SPDX-License-Identifier: MIT */
/* The boot sequence of the ROM. */
#ifndef BOOT_H
#define BOOT_H

#include <stdint.h>

/*
 * Load and check the image the host named in HOST.BOOT_*. Post codes go to
 * MP.POST. Returns 0 and the address to jump to in *entry, or the error's
 * post code, which has been posted.
 */
unsigned int boot_load(uint32_t *entry);

#endif
