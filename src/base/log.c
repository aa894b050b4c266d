// SPDX-License-Identifier: GPL-2.0
#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LOG_LINE 1024

static enum log_level max_level = LOG_WARN;

static const char *const prefixes[] = {
	[LOG_ERROR] = "aiostall: ",
	[LOG_WARN] = "aiostall: warning: ",
	[LOG_INFO] = "aiostall: info: ",
	[LOG_DEBUG] = "aiostall: debug: ",
};

void log__set_level(enum log_level level)
{
	max_level = level;
}

/* Messages quote names that traced programs chose, so the whole line is escaped. */
void log__print(enum log_level level, const char *fmt, ...)
{
	char text[LOG_LINE], line[4 * LOG_LINE];
	size_t len;
	va_list ap;

	if (level > max_level || (size_t)level >= ARRAY_SIZE(prefixes))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	len = strlen(text);
	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	esc__terminal(text, line, sizeof(line));
	fprintf(stderr, "%s%s\n", prefixes[level], line);
}
