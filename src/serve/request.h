/* SPDX-License-Identifier: GPL-2.0 */
/* The head of an HTTP request, as far as it is looked at. What a client sends is hostile. */
#ifndef AIOSTALL_SERVE_REQUEST_H
#define AIOSTALL_SERVE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#define REQUEST_HEAD_MAX 8192

struct request_head {
	bool is_head;	    /* HEAD: as GET, but no body is sent */
	const char *path;   /* "/metrics", never NULL */
	const char *query;  /* what follows "?", "" = nothing */
	const char *accept; /* "" = not said */
	const char *host;   /* "" = not said */
};

/* How long the head is with its empty line, 0 if that has not come yet. */
size_t request__head_length(const char *buf, size_t len);
/*
 * Take a head apart, in place: buf has room for a NUL at len, and *r points into it. 0, or the
 * HTTP status that says what is wrong with it.
 */
int request__parse(char *buf, size_t len, struct request_head *r);
/*
 * Whether the Host header names this machine by number or as localhost. A page of a stranger that
 * has its own name resolve to the loopback address does not.
 */
bool request__is_local(const char *host);
/*
 * How much a client that says this in its Accept header likes a type: 1 to 1000, 0 = not at all. "" =
 * it said nothing, and likes all alike.
 */
unsigned int request__weight(const char *accept, const char *type);
/* The value of key in a query, copied to buf; false if it is not there or does not fit. */
bool request__parameter(const char *query, const char *key, char *buf, size_t size);

#endif
