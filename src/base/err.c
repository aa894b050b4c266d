// SPDX-License-Identifier: GPL-2.0
#include "base/base.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err__set(struct err *e, int rc, const char *fmt, ...)
{
	char text[sizeof(e->text)];
	va_list ap;

	if (!e)
		return rc;
	/* The arguments may point into e: a caller's own words around a lower layer's. */
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	memcpy(e->text, text, strlen(text) + 1);
	/* A hint belongs to the text that it was given with. */
	snprintf(e->hint, sizeof(e->hint), "%s", rc == -EMFILE ? ERR_FILES_HINT : "");
	e->quiet = false;
	return rc;
}

void err__hint(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return;
	va_start(ap, fmt);
	vsnprintf(e->hint, sizeof(e->hint), fmt, ap);
	va_end(ap);
}
