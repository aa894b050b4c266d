// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE /* accept4 */
#include "serve/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve/listen.h"

/* A scrape takes milliseconds. */
#define HEAD_NS (5 * NSEC_PER_SEC)
#define ANSWER_NS (30 * NSEC_PER_SEC)
/* Reading on until the client closes, so that a reset does not overtake the answer. */
#define LINGER_NS NSEC_PER_SEC
/* With every place taken, who is in a phase for so long makes room for the next one. */
#define ASKING_NS (NSEC_PER_SEC / 4)
#define READING_NS (2 * NSEC_PER_SEC)

enum phase { CLIENT_FREE, CLIENT_ASKS, CLIENT_READS, CLIENT_LINGERS };

struct client {
	enum phase phase;
	int fd;
	uint64_t since_ns; /* of this phase */
	size_t len;	   /* of head */
	char head[REQUEST_HEAD_MAX + 1];
	char *answer;
	size_t size, sent;
};

struct http {
	int listeners[HTTP_LISTENERS];
	size_t nr_listeners;
	bool local; /* nobody from elsewhere can connect */
	struct client clients[HTTP_CLIENTS];
};

/* ---- listening ---- */

static struct http *http__new(void)
{
	return calloc(1, sizeof(struct http));
}

static void add_listener(struct http *h, int fd)
{
	h->local = (!h->nr_listeners || h->local) && listen__is_local(fd);
	h->listeners[h->nr_listeners++] = fd;
}

struct http *http__listen(const char *address, struct err *e)
{
	struct http *h = http__new();
	int fd;

	if (!h) {
		err__set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	fd = listen__open(address, e);
	if (fd < 0) {
		http__free(h);
		return NULL;
	}
	add_listener(h, fd);
	return h;
}

struct http *http__inherit(struct err *e)
{
	int first, nr = listen__inherited(&first);
	struct http *h;

	if (!nr)
		return NULL;
	h = http__new();
	if (!h) {
		err__set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	for (int fd = first; fd < first + nr; fd++) {
		if (h->nr_listeners == HTTP_LISTENERS || listen__prepare(fd)) {
			err__set(e, -EINVAL, "descriptor %d is no stream socket that listens", fd);
			err__hint(e, "At most %d are taken from LISTEN_FDS.", HTTP_LISTENERS);
			http__free(h);
			return NULL;
		}
		add_listener(h, fd);
	}
	return h;
}

char *http__where(const struct http *h, char *buf, size_t size)
{
	return listen__where(h->listeners[0], buf, size);
}

/* ---- one client ---- */

static void client__drop(struct client *c)
{
	close(c->fd);
	free(c->answer);
	c->answer = NULL;
	c->phase = CLIENT_FREE;
}

static void client__enter(struct client *c, enum phase phase)
{
	c->phase = phase;
	c->since_ns = clock__mono_ns();
}

static const char *status_words(int status)
{
	static const struct {
		int status;
		const char *words;
	} all[] = {
		{200, "OK"},
		{400, "Bad Request"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{406, "Not Acceptable"},
		{431, "Request Header Fields Too Large"},
		{503, "Service Unavailable"},
		{505, "HTTP Version Not Supported"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i].status == status)
			return all[i].words;
	return "Internal Server Error";
}

/* The whole answer in one piece. False if memory is short. */
static bool compose(struct client *c, const struct http_reply *r, bool is_head)
{
	char own[64], head[512];
	const char *body = r->body ? r->body : own;
	size_t size = r->body ? r->size
			      : (size_t)snprintf(own, sizeof(own), "%s\n", status_words(r->status));
	int n = snprintf(head, sizeof(head),
			 "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s"
			 "Connection: close\r\nCache-Control: no-store\r\n"
			 "X-Content-Type-Options: nosniff\r\n\r\n",
			 r->status, status_words(r->status),
			 r->body ? r->type : "text/plain; charset=utf-8", size,
			 r->status == 405 ? "Allow: GET, HEAD\r\n" : "");

	c->size = (size_t)n + (is_head ? 0 : size);
	c->sent = 0;
	c->answer = malloc(c->size);
	if (!c->answer)
		return false;
	memcpy(c->answer, head, (size_t)n);
	if (!is_head)
		memcpy(c->answer + n, body, size);
	return true;
}

static void answer_client(struct http *h, struct client *c, size_t head_len, http_answer_fn *answer,
			  void *ctx)
{
	struct http_reply reply = {.status = 200};
	struct request_head head;
	int status = head_len ? request__parse(c->head, head_len, &head) : 431;

	if (!status && h->local && !request__is_local(head.host))
		status = 403;
	if (status)
		reply.status = status;
	else
		answer(ctx, &head, &reply);
	client__enter(c, CLIENT_READS);
	if (!compose(c, &reply, !status && head.is_head))
		client__drop(c);
	free(reply.body);
}

static void client__read(struct http *h, struct client *c, http_answer_fn *answer, void *ctx)
{
	ssize_t n = read(c->fd, c->head + c->len, REQUEST_HEAD_MAX - c->len);
	size_t head_len;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client__drop(c);
		return;
	}
	c->len += (size_t)n;
	head_len = request__head_length(c->head, c->len);
	if (head_len || c->len == REQUEST_HEAD_MAX)
		answer_client(h, c, head_len, answer, ctx);
}

static void client__write(struct client *c)
{
	ssize_t n = send(c->fd, c->answer + c->sent, c->size - c->sent, MSG_NOSIGNAL);

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			client__drop(c);
		return;
	}
	c->sent += (size_t)n;
	if (c->sent < c->size)
		return;
	shutdown(c->fd, SHUT_WR);
	client__enter(c, CLIENT_LINGERS);
}

static void client__linger(struct client *c)
{
	char rest[4096];
	ssize_t n = read(c->fd, rest, sizeof(rest));

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		client__drop(c);
}

static bool is_late(const struct client *c, uint64_t now_ns)
{
	static const uint64_t limit[] = {
		[CLIENT_ASKS] = HEAD_NS, [CLIENT_READS] = ANSWER_NS, [CLIENT_LINGERS] = LINGER_NS};

	return c->phase != CLIENT_FREE && now_ns - c->since_ns > limit[c->phase];
}

static void client__turn(struct http *h, struct client *c, http_answer_fn *answer, void *ctx)
{
	if (c->phase == CLIENT_ASKS)
		client__read(h, c, answer, ctx);
	if (c->phase == CLIENT_READS)
		client__write(c);
	if (c->phase == CLIENT_LINGERS)
		client__linger(c);
}

/* ---- all of them ---- */

static bool is_slow(const struct client *c, uint64_t now_ns)
{
	return now_ns - c->since_ns > (c->phase == CLIENT_READS ? READING_NS : ASKING_NS);
}

static struct client *find_place(struct http *h, uint64_t now_ns)
{
	struct client *slow = NULL;

	for (size_t i = 0; i < HTTP_CLIENTS; i++) {
		struct client *c = &h->clients[i];

		if (c->phase == CLIENT_FREE)
			return c;
		if (is_slow(c, now_ns) && (!slow || c->since_ns < slow->since_ns))
			slow = c;
	}
	return slow;
}

/* Who finds no place waits in the kernel's queue. */
static void accept_all(struct http *h, int listener)
{
	struct client *c;
	int fd;

	while ((c = find_place(h, clock__mono_ns()))) {
		fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		if (c->phase != CLIENT_FREE)
			client__drop(c);
		c->fd = fd;
		c->len = 0;
		client__enter(c, CLIENT_ASKS);
	}
}

size_t http__pollfds(struct http *h, struct pollfd fds[HTTP_POLLFDS])
{
	size_t nr = 0, taken = 0;

	for (size_t i = 0; i < HTTP_CLIENTS; i++) {
		struct client *c = &h->clients[i];

		if (c->phase == CLIENT_FREE)
			continue;
		taken++;
		fds[nr++] = (struct pollfd){
			.fd = c->fd,
			.events = c->phase == CLIENT_READS ? POLLOUT : POLLIN,
		};
	}
	/* with all places taken they are looked at when the wait is over: it would not sleep */
	for (size_t i = 0; taken < HTTP_CLIENTS && i < h->nr_listeners; i++)
		fds[nr++] = (struct pollfd){.fd = h->listeners[i], .events = POLLIN};
	return nr;
}

void http__turn(struct http *h, http_answer_fn *answer, void *ctx)
{
	for (size_t i = 0; i < HTTP_CLIENTS; i++) {
		struct client *c = &h->clients[i];

		client__turn(h, c, answer, ctx);
		if (is_late(c, clock__mono_ns()))
			client__drop(c);
	}
	for (size_t i = 0; i < h->nr_listeners; i++)
		accept_all(h, h->listeners[i]);
}

void http__free(struct http *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < HTTP_CLIENTS; i++)
		if (h->clients[i].phase != CLIENT_FREE)
			client__drop(&h->clients[i]);
	for (size_t i = 0; i < h->nr_listeners; i++)
		close(h->listeners[i]);
	free(h);
}
