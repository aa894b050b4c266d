// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE /* SOCK_NONBLOCK */
#include "serve/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LISTEN_FDS_START 3
#define BACKLOG 16

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* Names are not resolved: what they resolve to may be another thing tomorrow. */
static bool parse_host(const char *host, uint16_t port, union address *a, socklen_t *len)
{
	memset(a, 0, sizeof(*a));
	if (!*host || strchr(host, ':')) {
		a->v6.sin6_family = AF_INET6;
		a->v6.sin6_port = htons(port);
		*len = sizeof(a->v6);
		return !*host || inet_pton(AF_INET6, host, &a->v6.sin6_addr) == 1;
	}
	a->v4.sin_family = AF_INET;
	a->v4.sin_port = htons(port);
	*len = sizeof(a->v4);
	return inet_pton(AF_INET, strcmp(host, "localhost") ? host : "127.0.0.1",
			 &a->v4.sin_addr) == 1;
}

static bool parse_address(const char *s, union address *a, socklen_t *len)
{
	const char *colon = strrchr(s, ':');
	char host[64];
	uint64_t port;
	int n;

	if (!colon || parse__u64(colon + 1, 0, UINT16_MAX, &port))
		return false;
	if (*s == '[' && colon > s + 1 && colon[-1] == ']')
		n = snprintf(host, sizeof(host), "%.*s", (int)(colon - s - 2), s + 1);
	else if (memchr(s, ':', (size_t)(colon - s)))
		return false;
	else
		n = snprintf(host, sizeof(host), "%.*s", (int)(colon - s), s);
	return n >= 0 && n < (int)sizeof(host) && parse_host(host, (uint16_t)port, a, len);
}

int listen__open(const char *address, struct err *e)
{
	union address a;
	socklen_t len;
	int fd, rc, yes = 1;

	if (!parse_address(address, &a, &len)) {
		err__set(e, -EINVAL, "cannot listen on \"%s\": not an address and port", address);
		err__hint(e, "As in 127.0.0.1:9758, [::1]:9758, or :9758 for every address.");
		return -EINVAL;
	}
	fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) &&
	    !bind(fd, &a.any, len) && !listen(fd, BACKLOG))
		return fd;
	rc = -errno;
	err__set(e, rc, "cannot listen on %s: %s", address, strerror(-rc));
	if (rc == -EADDRINUSE)
		err__hint(e, "Another program has the port; choose one with --listen.");
	if (fd >= 0)
		close(fd);
	return rc;
}

int listen__inherited(int *first)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	uint64_t theirs, nr;

	*first = LISTEN_FDS_START;
	if (!pid || !fds || parse__u64(pid, 1, INT32_MAX, &theirs) ||
	    parse__u64(fds, 1, 1024, &nr) || theirs != (uint64_t)getpid())
		return 0;
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return (int)nr;
}

int listen__prepare(int fd)
{
	int listens = 0, flags = fcntl(fd, F_GETFL);
	socklen_t len = sizeof(listens);

	if (flags < 0 || getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) || !listens)
		return -EINVAL;
	if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) || fcntl(fd, F_SETFD, FD_CLOEXEC))
		return -errno;
	return 0;
}

static bool get_name(int fd, union address *a)
{
	socklen_t len = sizeof(*a);

	memset(a, 0, sizeof(*a));
	return !getsockname(fd, &a->any, &len);
}

bool listen__is_local(int fd)
{
	union address a;

	if (!get_name(fd, &a))
		return false;
	if (a.any.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&a.v6.sin6_addr);
	/* anything but IP is a socket of this machine */
	return a.any.sa_family != AF_INET || ntohl(a.v4.sin_addr.s_addr) >> 24 == 127;
}

char *listen__where(int fd, char *buf, size_t size)
{
	char host[INET6_ADDRSTRLEN] = "";
	union address a;

	if (!get_name(fd, &a) || (a.any.sa_family != AF_INET && a.any.sa_family != AF_INET6)) {
		snprintf(buf, size, "(a socket of this machine)");
	} else if (a.any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &a.v6.sin6_addr, host, sizeof(host));
		snprintf(buf, size, "[%s]:%u", host, ntohs(a.v6.sin6_port));
	} else {
		inet_ntop(AF_INET, &a.v4.sin_addr, host, sizeof(host));
		snprintf(buf, size, "%s:%u", host, ntohs(a.v4.sin_port));
	}
	return buf;
}
