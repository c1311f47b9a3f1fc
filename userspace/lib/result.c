// SPDX-License-Identifier: MIT
#include <ashlar/ashlar.h>

uint32_t ashlar_version(void)
{
	return (uint32_t)ASHLAR_LIB_MAJOR << 16 | ASHLAR_LIB_MINOR;
}

const char *ashlar_result_str(ashlar_result result)
{
	switch (result) {
	case ASHLAR_OK:
		return "success";
	case ASHLAR_ERROR_INVALID:
		return "an argument is out of range";
	case ASHLAR_ERROR_HANDLE:
		return "a handle is NULL, released, of another kind or of another board";
	case ASHLAR_ERROR_NOT_FOUND:
		return "no such device, file, kernel or record";
	case ASHLAR_ERROR_UNSUPPORTED:
		return "not supported by this board or in this version";
	case ASHLAR_ERROR_NO_MEMORY:
		return "host memory is exhausted";
	case ASHLAR_ERROR_NO_SPACE:
		return "board memory, device addresses, queues or contexts are exhausted";
	case ASHLAR_ERROR_BUSY:
		return "the queue holds all it can; wait for a fence";
	case ASHLAR_ERROR_TIMEOUT:
		return "the wait ended before the fences were done";
	case ASHLAR_ERROR_FORMAT:
		return "malformed kernel file or device tree";
	case ASHLAR_ERROR_LIMIT:
		return "the kernel needs more than the board has";
	case ASHLAR_ERROR_VERSION:
		return "there is no version that both sides speak";
	case ASHLAR_ERROR_IO:
		return "a file cannot be read or written";
	case ASHLAR_ERROR_BOOT:
		return "the board's firmware did not start";
	case ASHLAR_ERROR_LOST:
		return "the board does not answer any more";
	case ASHLAR_ERROR_POISONED:
		return "the queue has failed; make a new one";
	case ASHLAR_ERROR_FORKED:
		return "the handle belongs to the parent process";
	case ASHLAR_ERROR_EXIT:
		return "the kernel exited with a code other than 0";
	case ASHLAR_ERROR_FAULT:
		return "the kernel met a fault";
	case ASHLAR_ERROR_HUNG:
		return "the kernel ran longer than its timeout";
	case ASHLAR_ERROR_CANCELLED:
		return "cancelled, because something before it failed";
	case ASHLAR_ERROR_REFUSED:
		return "the firmware refused the job";
	}
	return "unknown result";
}
