// SPDX-License-Identifier: GPL-2.0
/* Heads of requests, and a server with clients that do it no good. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "serve/expo.h"
#include "serve/http.h"
#include "serve/listen.h"

/* ---- heads ---- */

static int parse(const char *text, struct request_head *r)
{
	static char buf[REQUEST_HEAD_MAX + 1];
	size_t len = strlen(text);

	memcpy(buf, text, len);
	return request__parse(buf, len, r);
}

static void test_head(void **state)
{
	struct request_head r;

	(void)state;
	assert_int_equal(parse("GET /report?format=json HTTP/1.1\r\nHost: localhost:9758\r\n"
			       "ACCEPT:  text/plain \r\nX: y\r\n\r\n",
			       &r),
			 0);
	assert_string_equal(r.path, "/report");
	assert_string_equal(r.query, "format=json");
	assert_string_equal(r.accept, "text/plain");
	assert_string_equal(r.host, "localhost:9758");
	assert_false(r.is_head);
	assert_int_equal(parse("HEAD / HTTP/1.0\n\n", &r), 0);
	assert_true(r.is_head);
	assert_string_equal(r.accept, "");
}

static void test_wrong_heads(void **state)
{
	static const struct {
		int status;
		const char *head;
	} wrong[] = {
		{400, "\r\n\r\n"},
		{400, "GET\r\n\r\n"},
		{400, "GET /metrics\r\n\r\n"},
		{400, "GET metrics HTTP/1.1\r\n\r\n"},
		{400, "\x16\x03\x01 \x02 \x01\r\n\r\n"},
		{405, "POST /metrics HTTP/1.1\r\n\r\n"},
		{405, "get /metrics HTTP/1.1\r\n\r\n"},
		{505, "GET /metrics HTTP/2.0\r\n\r\n"},
		{400, "GET http://elsewhere/metrics HTTP/1.1\r\n\r\n"},
	};
	struct request_head r;
	char nul[] = "GET / HTTP/1.1\r\nA: \0\r\n\r\n";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(parse(wrong[i].head, &r), wrong[i].status);
	assert_int_equal(request__parse(nul, sizeof(nul) - 1, &r), 400);
}

static void test_end_of_head(void **state)
{
	(void)state;
	assert_int_equal(request__head_length("GET", 3), 0);
	assert_int_equal(request__head_length("a\r\n\r\nbc", 7), 5);
	assert_int_equal(request__head_length("a\n\nb\r\n\r\n", 8), 3);
}

static void test_hosts(void **state)
{
	static const char *const ours[] = {
		"", "localhost", "LOCALHOST:1", "127.0.0.1:9758", "[::1]:9758", "[::1]"};
	static const char *const others[] = {"evil.example",
					     "evil.example:9758",
					     "127.0.0.1.evil.example",
					     "localhost.evil.example",
					     "[::1",
					     "[x]",
					     "[::1]x"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		assert_true(request__is_local(ours[i]));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(request__is_local(others[i]));
}

static void test_parameters(void **state)
{
	char buf[8];

	(void)state;
	assert_true(request__parameter("a=1&format=json", "format", buf, sizeof(buf)));
	assert_string_equal(buf, "json");
	assert_false(request__parameter("formats=json", "format", buf, sizeof(buf)));
	assert_false(request__parameter("format=muchtoolong", "format", buf, sizeof(buf)));
	assert_false(request__parameter("", "format", buf, sizeof(buf)));
}

static void test_form_that_is_wanted(void **state)
{
	(void)state;
	/* what Prometheus 2.42 sends */
	assert_true(expo__wants_openmetrics(
		"application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
		"version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"));
	assert_true(expo__wants_openmetrics("application/openmetrics-text"));
	assert_false(expo__wants_openmetrics("application/openmetrics-text;version=2.0.0"));
	assert_false(expo__wants_openmetrics("application/openmetrics-text;q=0, text/plain"));
	assert_false(expo__wants_openmetrics("text/html,*/*;q=0.8"));
	assert_false(expo__wants_openmetrics(""));
}

static void test_addresses(void **state)
{
	static const char *const wrong[] = {
		"",	     "9758",	 "127.0.0.1", "127.0.0.1:",	"127.0.0.1:65536",
		"host:9758", "::1:9758", "[::1:9758", "[127.0.0.1]x:1", "256.0.0.1:1",
	};
	struct err e = {0};
	char where[64];
	int fd;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(listen__open(wrong[i], &e), -EINVAL);
	fd = listen__open("localhost:0", &e);
	assert_true(fd >= 0);
	assert_true(listen__is_local(fd));
	assert_memory_equal(listen__where(fd, where, sizeof(where)), "127.0.0.1:", 10);
	assert_int_equal(listen__open(where, &e), -EADDRINUSE);
	assert_non_null(strstr(e.hint, "--listen"));
	close(fd);
	fd = listen__open("0.0.0.0:0", &e);
	assert_true(fd >= 0);
	assert_false(listen__is_local(fd));
	close(fd);
}

/* ---- a server and its clients ---- */

struct server {
	struct http *http;
	struct sockaddr_in at;
	size_t body; /* bytes that it answers with */
};

static void answer(void *ctx, const struct request_head *head, struct http_reply *r)
{
	const struct server *s = ctx;

	assert_string_equal(head->path, "/metrics");
	r->type = "text/plain";
	r->size = s->body;
	r->body = malloc(s->body);
	assert_non_null(r->body);
	memset(r->body, 'x', s->body);
}

static void server__start(struct server *s, size_t body)
{
	struct err e = {0};
	char where[64];

	*s = (struct server){.http = http__listen("127.0.0.1:0", &e), .body = body};
	assert_non_null(s->http);
	http__where(s->http, where, sizeof(where));
	s->at.sin_family = AF_INET;
	s->at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->at.sin_port = htons((uint16_t)atoi(strrchr(where, ':') + 1));
}

/* One turn, as the verb does it; false if there was nothing to do for so long. */
static bool server__turn(struct server *s, int timeout_ms)
{
	struct pollfd fds[HTTP_POLLFDS];
	size_t nr = http__pollfds(s->http, fds);
	bool any = poll(fds, nr, timeout_ms) > 0;

	http__turn(s->http, answer, s);
	return any;
}

static int client__connect(const struct server *s)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&s->at, sizeof(s->at)), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

static void client__say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* The status of the answer, 0 if the connection was closed without; *body: bytes behind the head. */
static int client__hear(struct server *s, int fd, uint64_t within_ns, size_t *body)
{
	uint64_t until_ns = clock__mono_ns() + within_ns;
	static char buf[1 << 20];
	size_t len = 0;
	const char *end;

	for (;;) {
		ssize_t n = read(fd, buf + len, sizeof(buf) - 1 - len);

		if (n == 0 || (n < 0 && errno != EAGAIN))
			break;
		len += n > 0 ? (size_t)n : 0;
		if (n < 0)
			server__turn(s, 10);
		assert_true(clock__mono_ns() < until_ns);
	}
	close(fd);
	buf[len] = '\0';
	end = strstr(buf, "\r\n\r\n");
	*body = end ? len - (size_t)(end + 4 - buf) : 0;
	return end ? atoi(buf + strlen("HTTP/1.1 ")) : 0;
}

#define GET "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"

static void test_answer(void **state)
{
	struct server s;
	size_t body;
	int fd;

	(void)state;
	server__start(&s, 300000);
	fd = client__connect(&s);
	/* in pieces, and with what nobody asked for behind it */
	client__say(fd, "GET /metrics HTT");
	server__turn(&s, 1000);
	server__turn(&s, 10);
	client__say(fd, "P/1.1\r\n\r\nand more");
	assert_int_equal(client__hear(&s, fd, 5 * NSEC_PER_SEC, &body), 200);
	assert_int_equal(body, 300000);
	fd = client__connect(&s);
	client__say(fd, "HEAD /metrics HTTP/1.1\r\n\r\n");
	assert_int_equal(client__hear(&s, fd, 5 * NSEC_PER_SEC, &body), 200);
	assert_int_equal(body, 0);
	fd = client__connect(&s);
	client__say(fd, "GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n");
	assert_int_equal(client__hear(&s, fd, 5 * NSEC_PER_SEC, &body), 403);
	http__free(s.http);
}

static void test_head_without_end(void **state)
{
	static char much[REQUEST_HEAD_MAX + 1];
	struct server s;
	size_t body;
	int fd;

	(void)state;
	server__start(&s, 10);
	memset(much, 'a', REQUEST_HEAD_MAX);
	fd = client__connect(&s);
	client__say(fd, much);
	assert_int_equal(client__hear(&s, fd, 5 * NSEC_PER_SEC, &body), 431);
	http__free(s.http);
}

/* More than there are places connect and say nothing whole, and one wants to know. */
static void test_many_silent_ones(void **state)
{
	int silent[2 * HTTP_CLIENTS], fd;
	struct server s;
	size_t body;

	(void)state;
	server__start(&s, 1000);
	for (size_t i = 0; i < ARRAY_SIZE(silent); i++) {
		silent[i] = client__connect(&s);
		if (i % 2)
			client__say(silent[i], "GET /met");
		server__turn(&s, 0);
	}
	fd = client__connect(&s);
	client__say(fd, GET);
	/* sooner than they are late */
	assert_int_equal(client__hear(&s, fd, 3 * NSEC_PER_SEC, &body), 200);
	for (size_t i = 0; i < ARRAY_SIZE(silent); i++)
		close(silent[i]);
	http__free(s.http);
}

/* Eight that ask for much and read nothing. */
static void test_many_that_do_not_read(void **state)
{
	int slow[HTTP_CLIENTS], fd;
	struct server s;
	size_t body;

	(void)state;
	server__start(&s, 16 << 20);
	for (size_t i = 0; i < ARRAY_SIZE(slow); i++) {
		slow[i] = client__connect(&s);
		client__say(slow[i], GET);
		server__turn(&s, 100);
		server__turn(&s, 100);
	}
	s.body = 1000;
	fd = client__connect(&s);
	client__say(fd, GET);
	assert_int_equal(client__hear(&s, fd, 10 * NSEC_PER_SEC, &body), 200);
	assert_int_equal(body, 1000);
	for (size_t i = 0; i < ARRAY_SIZE(slow); i++)
		close(slow[i]);
	http__free(s.http);
}

/* The loop sleeps while nobody does anything, also with a client that keeps its place. */
static void test_nothing_to_do(void **state)
{
	struct server s;
	int fd;

	(void)state;
	server__start(&s, 10);
	fd = client__connect(&s);
	server__turn(&s, 1000);
	assert_false(server__turn(&s, 50));
	close(fd);
	http__free(s.http);
}

static void test_accept(void **state)
{
	static const char browser[] =
		"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

	(void)state;
	assert_int_equal(request__weight("", "text/html"), 1000);
	assert_int_equal(request__weight(browser, "text/html"), 1000);
	assert_int_equal(request__weight(browser, "text/plain"), 800);
	assert_int_equal(request__weight("*/*", "application/json"), 1000);
	assert_int_equal(request__weight("application/json", "text/html"), 0);
	assert_int_equal(request__weight("text/*;q=0.3, text/html;level=1;q=0.75", "text/html"),
			 750);
	assert_int_equal(request__weight("text/*;q=0.3, text/html;q=0", "text/plain"), 300);
	assert_int_equal(request__weight("text/*;q=0.3, text/html;q=0", "text/html"), 0);
	assert_int_equal(request__weight("*/*;q=0.1,TEXT/HTML", "text/html"), 1000);
	assert_int_equal(request__weight(",,;;q=,q=1,/", "text/html"), 0);
	assert_int_equal(request__weight("text/html;q=", "text/html"), 0);
	assert_int_equal(request__weight("text/html;q=0.12345", "text/html"), 123);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accept),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_wrong_heads),
		cmocka_unit_test(test_end_of_head),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_form_that_is_wanted),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_head_without_end),
		cmocka_unit_test(test_many_silent_ones),
		cmocka_unit_test(test_many_that_do_not_read),
		cmocka_unit_test(test_nothing_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
