/* SPDX-License-Identifier: MIT */
/*
 * The binary log in shared SRAM (struct ashlar_log). A record is the offset
 * of its format string in the section .logstr, which is not loaded, the low
 * half of the time and up to LOG_ARGS_MAX words. Never waits. ashlar-log
 * turns it into text.
 */
#ifndef LOG_H
#define LOG_H

#include <stdint.h>

#include "bits.h"
#include "hal.h"

#define LOG_ARGS_MAX 8

/*
 * LOG("text %u %x", a, b): conversions of 32-bit integers only (%u %x %d %c
 * with flags and width).
 */
#define LOG(fmt, ...)                                                      \
	do {                                                               \
		static const char log_text[] HAL_LOGSTR = fmt;             \
		const uint32_t log_args[] = { 0, ##__VA_ARGS__ };          \
		static_assert(ARRAY_SIZE(log_args) - 1 <= LOG_ARGS_MAX,    \
			      "too many arguments for a log record");      \
		if (0)                                                     \
			hal_log_check(fmt, ##__VA_ARGS__);                 \
		log_record(HAL_LOG_ID(log_text), ARRAY_SIZE(log_args) - 1, \
			   log_args + 1);                                  \
	} while (0)

/* Empty the log, or when keep is set go on with what survived a reset. */
void log_init(int keep);

void log_record(uint32_t id, unsigned int n, const uint32_t *args);

#endif
