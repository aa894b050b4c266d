// SPDX-License-Identifier: GPL-2.0
/*
 * nbdslow DEVICE MIB DELAY-US: a network block device of the kernel's, whose server takes one request
 * after the other and so long for each. Nobody keeps what is written. It runs until it is killed.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/nbd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static unsigned long number(const char *text)
{
	return strtoul(text, NULL, 10);
}

static bool whole(ssize_t (*io)(int, void *, size_t), int fd, void *buf, size_t size)
{
	char *at = buf;

	while (size) {
		ssize_t n = io(fd, at, size);

		if (n <= 0)
			return false;
		at += n;
		size -= (size_t)n;
	}
	return true;
}

static ssize_t put(int fd, void *buf, size_t size)
{
	return write(fd, buf, size);
}

static void serve(int fd, useconds_t delay_us)
{
	static char data[1 << 20];
	struct nbd_request ask;

	while (whole(read, fd, &ask, sizeof(ask))) {
		struct nbd_reply reply = {.magic = htonl(NBD_REPLY_MAGIC)};
		uint32_t type = ntohl(ask.type), len = ntohl(ask.len);

		usleep(delay_us);
		if (type == NBD_CMD_DISC || len > sizeof(data))
			return;
		if (type == NBD_CMD_WRITE && !whole(read, fd, data, len))
			return;
		memcpy(reply.handle, ask.handle, sizeof(reply.handle));
		if (!whole(put, fd, &reply, sizeof(reply)))
			return;
		if (type == NBD_CMD_READ && !whole(put, fd, data, len))
			return;
	}
}

/* Both ends of a TCP connection that takes little at once. */
static void connect_both(int ends[2])
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM, 0), small = 16384;

	setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	if (bind(listener, (struct sockaddr *)&at, size) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&at, &size) ||
	    connect(ends[0], (struct sockaddr *)&at, size))
		die("loopback");
	ends[1] = accept(listener, NULL, NULL);
	close(listener);
}

static void network_disk(const char *path, unsigned long mib, useconds_t delay_us)
{
	int ends[2], fd = open(path, O_RDWR);

	if (fd < 0)
		die(path);
	connect_both(ends);
	if (fork() == 0) {
		close(ends[0]);
		serve(ends[1], delay_us);
		_exit(0);
	}
	close(ends[1]);
	if (ioctl(fd, NBD_SET_BLKSIZE, 4096ul) || ioctl(fd, NBD_SET_SIZE_BLOCKS, mib << 8) ||
	    ioctl(fd, NBD_SET_SOCK, (unsigned long)ends[0]) || ioctl(fd, NBD_DO_IT))
		die("nbd");
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	network_disk(argv[1], number(argv[2]), (useconds_t)number(argv[3]));
	return 0;
}
