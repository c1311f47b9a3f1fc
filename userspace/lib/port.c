// SPDX-License-Identifier: MIT
#include "port.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int port_fail(struct port *p, int err, const char *fmt, ...)
{
	va_list ap;

	if (p->lost)
		return err;
	va_start(ap, fmt);
	vsnprintf(p->error, sizeof(p->error), fmt, ap);
	va_end(ap);
	return err;
}

int port_lose(struct port *p, const char *fmt, ...)
{
	va_list ap;

	if (p->lost)
		return -ENODEV;
	p->lost = true;
	va_start(ap, fmt);
	vsnprintf(p->error, sizeof(p->error), fmt, ap);
	va_end(ap);
	return -ENODEV;
}
