/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A small HTTP server: one answer a connection, a bounded number of them, none of which can make
 * it wait or keep a place for ever. It owns no loop: its descriptors are polled by the caller.
 */
#ifndef AIOSTALL_SERVE_HTTP_H
#define AIOSTALL_SERVE_HTTP_H

#include <poll.h>

#include "base/base.h"
#include "serve/request.h"

#define HTTP_CLIENTS 8
#define HTTP_LISTENERS 4
#define HTTP_POLLFDS (HTTP_CLIENTS + HTTP_LISTENERS)

struct http;

struct http_reply {
	int status;
	const char *type; /* of the content */
	char *body;	  /* malloc'ed, taken over; NULL = the status' own words */
	size_t size;
};
/* Answer a GET; r->status is 200 before. */
typedef void http_answer_fn(void *ctx, const struct request_head *head, struct http_reply *r);

/*
 * Listen on "127.0.0.1:9758", "[::1]:9758", "localhost:9758", or ":9758" of all addresses; port 0 is
 * any free one. NULL with e set.
 */
struct http *http__listen(const char *address, struct err *e);
/* What systemd listens on for us; NULL without e set if it does not. */
struct http *http__inherit(struct err *e);
/* "127.0.0.1:9758": where the first listener is. buf is returned. */
char *http__where(const struct http *h, char *buf, size_t size);
/* What is to be polled now; how many. */
size_t http__pollfds(struct http *h, struct pollfd fds[HTTP_POLLFDS]);
/* After the poll, and from time to time: take what came, answer, drop who is too slow. */
void http__turn(struct http *h, http_answer_fn *answer, void *ctx);
void http__free(struct http *h); /* free(NULL) works */

#endif
