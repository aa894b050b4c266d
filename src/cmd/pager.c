// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "cmd/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool is_installed(const char *name)
{
	const char *path = getenv("PATH");
	char file[512];

	if (strchr(name, '/'))
		return !access(name, X_OK);
	for (; path && *path; path += strcspn(path, ":"), path += *path == ':') {
		int n = snprintf(file, sizeof(file), "%.*s/%s", (int)strcspn(path, ":"), path,
				 name);

		if (n > 0 && (size_t)n < sizeof(file) && !access(file, X_OK))
			return true;
	}
	return false;
}

/*
 * As far as it can be told without the shell: where the name of a program stands alone or before
 * options. What the shell alone understands is left to it.
 */
static bool can_run(const char *command)
{
	char name[512];
	size_t len = strcspn(command, " \t");

	if (strpbrk(command, "\n'\"\\$`;&|<>()*?[]{}~#!=%") || !len || len >= sizeof(name))
		return true;
	memcpy(name, command, len);
	name[len] = '\0';
	return is_installed(name);
}

const char *pager__command(char *buf, size_t size)
{
	const char *pager = getenv("PAGER");

	if (!pager) {
		if (!is_installed("less"))
			return NULL;
		snprintf(buf, size, "less");
		return buf;
	}
	return *pager && strcmp(pager, "cat") != 0 && can_run(pager) ? pager : NULL;
}

/* As git has it: leave at once what fits the screen, let colours through, keep the screen. */
static void run(const char *command, int in)
{
	dup2(in, STDIN_FILENO);
	setenv("LESS", "FRX", 0);
	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

pid_t pager__start(const char *command, int *fd)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	fflush(NULL);
	pid = fork();
	if (!pid)
		run(command, ends[0]);
	close(ends[0]);
	if (pid < 0) {
		close(ends[1]);
		return -EAGAIN;
	}
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	*fd = ends[1];
	return pid;
}

void pager__wait(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}
