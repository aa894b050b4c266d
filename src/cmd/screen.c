// SPDX-License-Identifier: GPL-2.0
#include "cmd/screen.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEFAULT_WIDTH 80

struct format_opts screen__format_opts(int fd, size_t top)
{
	struct format_opts o = {.width = DEFAULT_WIDTH, .top = top};
	const char *no_color = getenv("NO_COLOR");
	struct winsize size;

	if (!isatty(fd))
		return o;
	o.terminal = true;
	o.color = !no_color || !*no_color;
	if (!ioctl(fd, TIOCGWINSZ, &size) && size.ws_col >= DEFAULT_WIDTH)
		o.width = size.ws_col;
	return o;
}
