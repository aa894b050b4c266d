// SPDX-License-Identifier: GPL-2.0
#include "cmd/stdfds.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int stdfds__fill(void)
{
	/* the wrong way round, so that their use stays an error that is noticed */
	static const int flags[] = {
		[STDIN_FILENO] = O_WRONLY,
		[STDOUT_FILENO] = O_RDONLY,
		[STDERR_FILENO] = O_RDONLY,
	};

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* the lowest free number is this one: those below are taken */
		if (open("/dev/null", flags[fd]) != fd)
			return -EBADF;
	}
	return 0;
}
