// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE /* memmem */
#include "serve/request.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

size_t request__head_length(const char *buf, size_t len)
{
	const char *crlf = memmem(buf, len, "\r\n\r\n", 4);
	const char *lf = memmem(buf, len, "\n\n", 2);
	size_t by_crlf = crlf ? (size_t)(crlf - buf) + 4 : 0;
	size_t by_lf = lf ? (size_t)(lf - buf) + 2 : 0;

	if (!by_crlf || !by_lf)
		return by_crlf + by_lf;
	return by_crlf < by_lf ? by_crlf : by_lf;
}

/* Cut the line at *at off, without its end; NULL when there is none left. */
static char *next_line(char **at)
{
	char *line = *at, *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*at = end + 1;
	if (end > line && end[-1] == '\r')
		end--;
	*end = '\0';
	return line;
}

static int parse_first(char *line, struct request_head *r)
{
	char *target = strchr(line, ' '), *version, *question;

	if (!target)
		return 400;
	*target++ = '\0';
	version = strchr(target, ' ');
	if (!version)
		return 400;
	*version++ = '\0';
	if (strncmp(version, "HTTP/1.", 7) != 0)
		return strncmp(version, "HTTP/", 5) ? 400 : 505;
	r->is_head = !strcmp(line, "HEAD");
	if (!r->is_head && strcmp(line, "GET") != 0)
		return 405;
	if (target[0] != '/')
		return 400;
	question = strchr(target, '?');
	if (question)
		*question++ = '\0';
	r->path = target;
	r->query = question ? question : "";
	return 0;
}

static void take_header(char *line, struct request_head *r)
{
	char *value = strchr(line, ':'), *end;

	if (!value)
		return;
	*value++ = '\0';
	value += strspn(value, " \t");
	for (end = value + strlen(value); end > value && (end[-1] == ' ' || end[-1] == '\t');)
		*--end = '\0';
	if (!strcasecmp(line, "accept"))
		r->accept = value;
	else if (!strcasecmp(line, "host"))
		r->host = value;
}

int request__parse(char *buf, size_t len, struct request_head *r)
{
	char *at = buf, *line;
	int status;

	*r = (struct request_head){.path = "", .query = "", .accept = "", .host = ""};
	buf[len] = '\0';
	if (strlen(buf) != len)
		return 400;
	line = next_line(&at);
	status = line ? parse_first(line, r) : 400;
	while (!status && (line = next_line(&at)) && *line)
		take_header(line, r);
	return status;
}

bool request__is_local(const char *host)
{
	char name[64], *end;
	struct in6_addr any;

	if (!*host)
		return true;
	if (snprintf(name, sizeof(name), "%s", host) >= (int)sizeof(name))
		return false;
	if (name[0] == '[') {
		end = strchr(name, ']');
		if (!end || (end[1] && end[1] != ':'))
			return false;
		*end = '\0';
		return inet_pton(AF_INET6, name + 1, &any) == 1;
	}
	name[strcspn(name, ":")] = '\0';
	return !strcasecmp(name, "localhost") || inet_pton(AF_INET, name, &any) == 1;
}

/* "q=0.8" among what follows a type, in thousandths. */
static unsigned int weight_of(const char *at, const char *end)
{
	unsigned int weight = 0, digit = 100;

	for (; at < end && strncmp(at, "q=", 2) != 0; at++)
		;
	if (at >= end || at[2] == '1')
		return 1000;
	for (at += at[2] && at[3] == '.' ? 4 : 3; at < end && *at >= '0' && *at <= '9'; at++) {
		weight += (unsigned int)(*at - '0') * digit;
		digit /= 10;
	}
	return weight;
}

/* Of two that name a type, the one that says more of it holds. */
unsigned int request__weight(const char *accept, const char *type)
{
	size_t main_len = strcspn(type, "/"), said = 0;
	unsigned int weight = *accept ? 0 : 1000;

	while (*accept) {
		size_t len, name_len, names = 0;

		accept += strspn(accept, " \t,");
		len = strcspn(accept, ",");
		name_len = strcspn(accept, ",; \t");
		if (name_len == strlen(type) && !strncasecmp(accept, type, name_len))
			names = 3;
		else if (name_len == main_len + 2 && !strncasecmp(accept, type, main_len + 1) &&
			 accept[main_len + 1] == '*')
			names = 2;
		else if (name_len == 3 && !strncmp(accept, "*/*", 3))
			names = 1;
		if (names > said) {
			said = names;
			weight = weight_of(accept + name_len, accept + len);
		}
		accept += len;
	}
	return weight;
}

bool request__parameter(const char *query, const char *key, char *buf, size_t size)
{
	size_t key_len = strlen(key);

	while (*query) {
		size_t len = strcspn(query, "&");

		if (len > key_len && !strncmp(query, key, key_len) && query[key_len] == '=') {
			int n = snprintf(buf, size, "%.*s", (int)(len - key_len - 1),
					 query + key_len + 1);

			return n >= 0 && (size_t)n < size;
		}
		query += len + (query[len] == '&');
	}
	return false;
}
