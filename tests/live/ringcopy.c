// SPDX-License-Identifier: GPL-2.0
/*
 * ringcopy FROM TO: copies a file as liburing's example io_uring-cp does: up to 64 pieces of 32 KiB are
 * read or written at a time, and what has been read is written where it belongs. Prints what it handed
 * over, and how often its thread slept meanwhile, as JSON.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH 64
#define PIECE 32768

struct piece {
	bool write;
	off_t offset;
	unsigned int size, done; /* of bytes */
	char *bytes;
	struct piece *next;
};

struct copy {
	struct io_uring ring;
	int from, to;
	off_t size, begun; /* so much of it is being read, or has been */
	struct piece pieces[DEPTH], *idle;
	unsigned int in_flight;
	unsigned long reads, writes, enters, completed, bytes_read, bytes_written;
};

static void die(const char *what, int err)
{
	fprintf(stderr, "ringcopy: %s: %s\n", what, strerror(err));
	exit(1);
}

static void open_all(struct copy *c, const char *from, const char *to)
{
	struct stat st;
	char *bytes = calloc(DEPTH, PIECE);
	int rc = io_uring_queue_init(DEPTH, &c->ring, 0);

	if (rc)
		die("io_uring_setup", -rc);
	c->from = open(from, O_RDONLY | O_CLOEXEC);
	if (c->from < 0 || fstat(c->from, &st))
		die(from, errno);
	c->size = st.st_size;
	c->to = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (c->to < 0)
		die(to, errno);
	if (!bytes)
		die("memory", ENOMEM);
	/* in no call does a page of its own keep it waiting */
	memset(bytes, 'c', (size_t)DEPTH * PIECE);
	for (unsigned int i = 0; i < DEPTH; i++) {
		c->pieces[i].bytes = bytes + (size_t)i * PIECE;
		c->pieces[i].next = c->idle;
		c->idle = &c->pieces[i];
	}
}

static void queue(struct copy *c, struct piece *p)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&c->ring);
	char *bytes = p->bytes + p->done;
	unsigned int size = p->size - p->done;

	if (!sqe)
		die("io_uring_get_sqe", EBUSY);
	if (p->write) {
		io_uring_prep_write(sqe, c->to, bytes, size, (uint64_t)(p->offset + p->done));
		c->writes++;
	} else {
		io_uring_prep_read(sqe, c->from, bytes, size, (uint64_t)(p->offset + p->done));
		c->reads++;
	}
	io_uring_sqe_set_data(sqe, p);
	c->in_flight++;
}

static void read_more(struct copy *c)
{
	while (c->idle && c->begun < c->size) {
		struct piece *p = c->idle;
		off_t left = c->size - c->begun;

		c->idle = p->next;
		p->write = false;
		p->done = 0;
		p->offset = c->begun;
		p->size = left < PIECE ? (unsigned int)left : PIECE;
		c->begun += p->size;
		queue(c, p);
	}
}

static void completed(struct copy *c, struct piece *p, int res)
{
	c->in_flight--;
	c->completed++;
	if (res <= 0)
		die(p->write ? "write" : "read", res ? -res : EIO);
	*(p->write ? &c->bytes_written : &c->bytes_read) += (unsigned int)res;
	p->done += (unsigned int)res;
	if (p->done < p->size) {
		queue(c, p);
	} else if (!p->write) {
		p->write = true;
		p->done = 0;
		queue(c, p);
	} else {
		p->next = c->idle;
		c->idle = p;
	}
}

static void copy(struct copy *c)
{
	read_more(c);
	while (c->in_flight) {
		struct io_uring_cqe *cqe;
		int rc = io_uring_submit_and_wait(&c->ring, 1);

		c->enters++;
		if (rc < 0 && rc != -EINTR)
			die("io_uring_enter", -rc);
		while (!io_uring_peek_cqe(&c->ring, &cqe)) {
			struct piece *p = io_uring_cqe_get_data(cqe);
			int res = cqe->res;

			io_uring_cqe_seen(&c->ring, cqe);
			completed(c, p, res);
		}
		read_more(c);
	}
}

int main(int argc, char **argv)
{
	static struct copy c;
	struct rusage before, after;

	if (argc != 3)
		return 2;
	open_all(&c, argv[1], argv[2]);
	getrusage(RUSAGE_THREAD, &before);
	copy(&c);
	getrusage(RUSAGE_THREAD, &after);
	printf("{\"reads\":%lu,\"writes\":%lu,\"enters\":%lu,\"completed\":%lu,\"bytes_read\":%lu,"
	       "\"bytes_written\":%lu,\"nvcsw\":%ld}\n",
	       c.reads, c.writes, c.enters, c.completed, c.bytes_read, c.bytes_written,
	       after.ru_nvcsw - before.ru_nvcsw);
	return 0;
}
