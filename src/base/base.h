/* SPDX-License-Identifier: GPL-2.0 */
/* No domain words here: parsing, formatting, escaping, errors, logging. */
#ifndef AIOSTALL_BASE_BASE_H
#define AIOSTALL_BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define NSEC_PER_USEC 1000ULL
#define NSEC_PER_MSEC 1000000ULL
#define NSEC_PER_SEC 1000000000ULL

/* What failed, on what, why, and what to do; lower layers fill it, src/cmd prints it once. */
struct err {
	char text[512];
	char hint[384];
	bool quiet; /* there is nobody to tell: the reader of the results has gone */
};
/* For -EMFILE: each program, map and link is an open file. */
#define ERR_FILES_HINT "raise the limit of open files: ulimit -n 256"
/*
 * Set the text (printf) and return rc, so that `return err__set(e, -ENOENT, ...)` reads well. e may be NULL.
 * -EMFILE brings its hint with it.
 */
int err__set(struct err *e, int rc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void err__hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
void log__set_level(enum log_level level);
void log__print(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Durations "500us", "10ms", "2s", "1m", "1h", "250ns"; a bare number takes default_unit_ns. 0 or -EINVAL/-ERANGE. */
int parse__duration(const char *s, uint64_t default_unit_ns, uint64_t *ns);
/* Sizes "4k", "1M", "2G" (powers of 1024), bare = bytes. */
int parse__size(const char *s, uint64_t *bytes);
/* Whole decimal number in [min, max]. */
int parse__u64(const char *s, uint64_t min, uint64_t max, uint64_t *v);

/* The end of a noun beside its number: "1 sleep", "2 sleeps". */
static inline const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* "1 call", "2 calls" of "call{|s}": the number, then the words, "{one|many}" as it is. buf is returned. */
char *fmt__many(uint64_t n, const char *words, char *buf, size_t size);
/*
 * Of this reader's zone: "14:03:07.123", with the date before it if that is another one than at
 * `beside` (ns since 1970; 0 = always); "" = not known. buf is returned.
 */
char *fmt__clock(int64_t unix_ns, int64_t beside, char *buf, size_t size);
/* "2026-01-01T14:03:07.123Z"; "" = not known. */
char *fmt__utc(int64_t unix_ns, char *buf, size_t size);
/* "5.3ms", "12us", "1.25s", "0": at most 7 columns. Returns buf. */
char *fmt__duration(uint64_t ns, char *buf, size_t size);
/* "4.0k", "1.5M": at most 6 columns, powers of 1024. */
char *fmt__size(uint64_t bytes, char *buf, size_t size);
/* "1234", "12.3k", "4.5M": at most 6 columns, powers of 1000. */
char *fmt__count(uint64_t n, char *buf, size_t size);
/* "35.2%" , "<0.1%", "0%", "100%" of a share 0..1. */
/* All digits, in groups of three: "265,361". */
char *fmt__exact(uint64_t n, char *buf, size_t size);
char *fmt__percent(double share, char *buf, size_t size);

/*
 * Copy src with every control character, invalid UTF-8 byte, backslash and
 * DEL as \xNN (\\ for a backslash), so that a terminal shows it harmlessly.
 * Always terminates, cuts between characters. Returns the columns used.
 */
size_t esc__terminal(const char *src, char *dst, size_t dst_size);
/* A character of UTF-8 and its end. */
#define ESC_CHAR 5
/* The first character of src, U+FFFD for an invalid byte. Returns the bytes it takes there, 0 at the end. */
size_t esc__next_utf8(const char *src, char one[ESC_CHAR]);
/* Bytes to valid UTF-8 for JSON: invalid bytes become U+FFFD. Returns dst. */
char *esc__utf8(const char *src, char *dst, size_t dst_size);
/* As text of a page or the value of an attribute; control characters are for the caller to take out. */
void esc__html(FILE *out, const char *s);
/* Keep the tail of an escaped path within columns, with "..." in front. Returns dst. */
char *esc__tail(const char *escaped, size_t columns, char *dst, size_t dst_size);

/* CLOCK_MONOTONIC. */
uint64_t clock__mono_ns(void);
/* CLOCK_REALTIME. */
int64_t clock__wall_ns(void);

#endif
