// SPDX-License-Identifier: GPL-2.0
#include "paste/document.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "paste/chars.h"
#include "paste/heads.h"

/* A larger one is read line by line, as is what follows so many that are broken. */
#define SIZE_MAX_BYTES (16U << 20)
#define BROKEN_MAX 8
#define DEPTH_MAX 64

/* Breaks a line of the result without beginning one of the text. */
#define BREAK '\r'

static bool is_start(const char *p, const char *end)
{
	bool array = p < end && *p == '[';

	if (p == end || (*p != '{' && !array))
		return false;
	/* "[ 12.345678] ..." is a line of a log. */
	for (p++; p < end && strchr(" \t\r\n", *p) && *p;)
		p++;
	return p < end && (*p == '"' || *p == '{' || (!array && *p == '}'));
}

/* Does a document begin on any line? */
static bool is_likely(const char *text, size_t len)
{
	const char *end = text + len;

	for (const char *p = text; p && p < end; p = memchr(p, '\n', (size_t)(end - p))) {
		while (p < end && strchr("\n\r\t \x1e\xef\xbb\xbf", *p) && *p)
			p++;
		if (is_start(p, end))
			return true;
	}
	return false;
}

/* A string of several lines, each a line of its own. */
static void put_lines(FILE *out, const char *s)
{
	for (; *s; s++)
		fputc(*s == '\n' ? BREAK : *s, out);
	fputc(BREAK, out);
}

static const char *string_of(json_t *object, const char *const *keys)
{
	for (; *keys; keys++) {
		const char *s = json_string_value(json_object_get(object, *keys));

		if (s && *s)
			return s;
	}
	return NULL;
}

static void read_task(json_t *object, struct task *t)
{
	static const char *const comms[] = {"comm", "command", "task_comm", NULL};
	static const char *const pids[] = {"tid", "pid", "task_pid"};
	const char *comm = string_of(object, comms), *state;
	json_int_t pid = 0;

	for (size_t i = 0; !pid && i < sizeof(pids) / sizeof(pids[0]); i++)
		pid = json_integer_value(json_object_get(object, pids[i]));
	if (comm)
		snprintf(t->comm, sizeof(t->comm), "%s", comm);
	if (pid > 0 && pid <= UINT32_MAX)
		t->pid = (uint32_t)pid;
	state = json_string_value(json_object_get(object, "state"));
	if (state && *state && !state[1])
		t->state = *state;
	if (!strcmp(state ? state : "", "D (disk sleep)"))
		t->state = 'D';
	t->hung_s = (uint32_t)json_integer_value(json_object_get(object, "hung_s"));
	state = json_string_value(json_object_get(object, "sleep"));
	if (state && !strcmp(state, "running"))
		t->state = 'R';
}

static void put_task(FILE *out, const struct task *t)
{
	if (t->hung_s && t->pid)
		fprintf(out, "INFO: task %s:%u blocked for more than %u seconds.%c", t->comm,
			t->pid, t->hung_s, BREAK);
	if (*t->comm || t->pid)
		fprintf(out, "task:%s state:%c pid:%u%c", *t->comm ? t->comm : "",
			t->state ? t->state : '?', t->pid, BREAK);
}

/* A frame is a string, or an object with the function's name. */
static void put_frame(FILE *out, json_t *frame)
{
	static const char *const names[] = {"symbol", "sym", "function", "func", "name", NULL};
	static const char *const modules[] = {"module", "mod", NULL};
	const char *s = json_is_string(frame) ? json_string_value(frame) : string_of(frame, names);
	const char *module = json_is_object(frame) ? string_of(frame, modules) : NULL;

	if (!s && json_is_object(frame))
		s = json_string_value(json_object_get(frame, "ip"));
	if (!s)
		return;
	/* What is a whole line of a stack stays one. */
	fprintf(out, "%s", s[strcspn(s, "+<[ ")] ? "" : "[<0>] ");
	for (; *s; s++)
		fputc(strchr("\r\n", *s) ? ' ' : *s, out);
	if (module)
		fprintf(out, " [%s]", module);
	fputc(BREAK, out);
}

static bool is_frames(const char *key, json_t *value)
{
	static const char *const keys[] = {"frames",	 "stack",     "kstack",	    "kernel_stack",
					   "callchain",	 "backtrace", "stacktrace", "stack_trace",
					   "call_trace", "trace"};
	json_t *first = json_array_get(value, 0);

	if (!json_is_string(first) && !json_is_object(first))
		return false;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strcmp(key, keys[i]))
			return true;
	return false;
}

static void put_stack(FILE *out, json_t *frames, const struct task *t)
{
	json_t *frame;
	size_t i;

	put_task(out, t);
	json_array_foreach(frames, i, frame) put_frame(out, frame);
	fprintf(out, "---[ end%c", BREAK);
}

/* journalctl -o json gives a message with control characters as its bytes. */
static void put_bytes(FILE *out, json_t *bytes)
{
	json_t *byte;
	size_t i;

	json_array_foreach(bytes, i, byte)
	{
		json_int_t c = json_integer_value(byte);

		fputc(c == '\n' ? BREAK : (int)(c & 0xFF), out);
	}
	fputc(BREAK, out);
}

/* Of a log's entry only the message is read; without one all texts are. */
static json_t *message_of(json_t *object)
{
	static const char *const keys[] = {"MESSAGE",  "message",     "msg",  "log",
					   "@message", "textPayload", "line", "content"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		json_t *m = json_object_get(object, keys[i]);

		if (json_is_string(m) || json_is_integer(json_array_get(m, 0)))
			return m;
	}
	return NULL;
}

static void walk(FILE *out, json_t *value, struct task t, bool texts, unsigned int depth);

/* A word alone names something: "type": "map". */
static bool is_text(json_t *value)
{
	const char *s = json_string_value(value);

	return !s || strchr(s, '\n') || strstr(s, "+0x");
}

static void walk_object(FILE *out, json_t *object, struct task t, bool texts, unsigned int depth)
{
	json_t *message = message_of(object), *value;
	const char *key;

	/* Of this tool's reports the stacks alone count: its texts name functions, too. */
	if (chars__starts(json_string_value(json_object_get(object, "schema")) ?: "", "aiostall-"))
		texts = false;
	read_task(object, &t);
	if (json_is_object(json_object_get(object, "task")))
		read_task(json_object_get(object, "task"), &t);
	if (message && texts) {
		if (json_is_string(message))
			put_lines(out, json_string_value(message));
		else
			put_bytes(out, message);
		return;
	}
	json_object_foreach(object, key, value)
	{
		/* bpftrace has the stack in the key. */
		if (texts && strchr(key, '\n')) {
			put_task(out, &t);
			put_lines(out, key);
			fprintf(out, "---[ end%c", BREAK);
		}
		if (is_frames(key, value))
			put_stack(out, value, &t);
		else if (is_text(value))
			walk(out, value, t, texts, depth + 1);
	}
}

static void walk(FILE *out, json_t *value, struct task t, bool texts, unsigned int depth)
{
	json_t *item;
	size_t i;

	if (depth > DEPTH_MAX)
		return;
	if (json_is_object(value)) {
		walk_object(out, value, t, texts, depth);
	} else if (json_is_array(value)) {
		json_array_foreach(value, i, item) walk(out, item, t, texts, depth + 1);
	} else if (json_is_string(value) && texts) {
		put_lines(out, json_string_value(value));
	}
}

/* As many line breaks as the document has, so that lines behind it keep their numbers. */
static void put_breaks(FILE *out, const char *p, size_t len)
{
	for (const char *nl = p; (nl = memchr(nl, '\n', len - (size_t)(nl - p))); nl++)
		fputs("\r\n", out);
}

/* The document at p, or 0 if it is none; how long it is. */
static size_t put_document(FILE *out, const char *p, size_t len)
{
	json_error_t e;
	json_t *root;

	if (len > SIZE_MAX_BYTES)
		len = SIZE_MAX_BYTES;
	root = json_loadb(p, len, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, &e);
	if (!root)
		return 0;
	walk(out, root, (struct task){.pid = 0}, true, 0);
	json_decref(root);
	put_breaks(out, p, (size_t)e.position);
	return (size_t)e.position;
}

/* A line that is no document. */
static size_t put_line(FILE *out, const char *p, size_t len)
{
	const char *nl = memchr(p, '\n', len);
	size_t n = nl ? (size_t)(nl - p) + 1 : len;

	fwrite(p, 1, n, out);
	return n;
}

static char *flatten(const char *text, size_t len, size_t *out_len)
{
	const char *p = text, *end = text + len;
	unsigned int broken = 0;
	char *flat = NULL;
	FILE *out = open_memstream(&flat, out_len);

	if (!out)
		return NULL;
	while (p < end) {
		const char *q = p;
		size_t n = 0;

		while (q < end && *q && strchr("\r\t ,\x1e\xef\xbb\xbf", *q))
			q++;
		if (broken < BROKEN_MAX && is_start(q, end)) {
			n = put_document(out, q, (size_t)(end - q));
			broken += !n;
		}
		p = n ? q + n : p + put_line(out, p, (size_t)(end - p));
	}
	if (fclose(out)) {
		free(flat);
		return NULL;
	}
	return flat;
}

char *document__text(const char *text, size_t *len)
{
	char *copy, *flat = NULL;

	if (is_likely(text, *len)) {
		flat = flatten(text, *len, len);
		if (!flat)
			return NULL;
		text = flat;
	}
	copy = realloc(flat, *len + 2);
	if (!copy) {
		free(flat);
		return NULL;
	}
	if (!flat)
		memcpy(copy, text, *len);
	copy[*len] = copy[*len + 1] = '\0';
	return copy;
}
