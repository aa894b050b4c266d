/* SPDX-License-Identifier: GPL-2.0 */
/* A text as it was pasted, cut into lines: what a mailer did to it is undone. */
#ifndef AIOSTALL_PASTE_LINES_H
#define AIOSTALL_PASTE_LINES_H

#include <stdbool.h>
#include <stddef.h>

/* Longer lines are no stack's; they are cut. */
#define LINES_LEN_MAX 4096
/* Lines beyond are left out: no log of PASTE_SIZE_MAX has so many, and each costs memory. */
#define LINES_MAX (4U << 20)

struct line {
	const char *text;    /* NUL-terminated */
	unsigned int number; /* where it began in the text, from 1 */
};

struct lines {
	struct line *v;
	size_t nr, cap;
	bool cut; /* there were more than LINES_MAX */
};

/*
 * Cut text[0..len), which is changed, has one more byte behind it and must
 * outlive the lines. Quoted-printable is decoded, quote marks of mails are
 * taken off, and empty lines go where there is one between any two others.
 * 0 or -ENOMEM; release either way.
 */
int lines__cut(struct lines *out, char *text, size_t len);
void lines__release(struct lines *lines);

#endif
