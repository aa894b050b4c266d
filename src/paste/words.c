// SPDX-License-Identifier: GPL-2.0
#include "paste/words.h"

#include <stdio.h>

#include "paste/chars.h"

#define PID_DIGITS_MAX 9

size_t words__split(const char *line, struct word words[WORDS_MAX])
{
	size_t nr = 0;

	for (const char *p = chars__skip_blanks(line); *p && nr < WORDS_MAX;
	     p = chars__skip_blanks(p)) {
		words[nr] = (struct word){p, strcspn(p, " \t")};
		p += words[nr++].len;
	}
	return nr;
}

bool words__equal(struct word w, const char *s)
{
	return strlen(s) == w.len && !memcmp(w.s, s, w.len);
}

bool words__is_number(struct word w)
{
	return w.len && w.len <= PID_DIGITS_MAX && chars__digits(w.s) == w.len;
}

bool words__is_state(struct word w)
{
	return w.len && strchr("DRSTtXZIKP", *w.s) && strspn(w.s + 1, "<NLsl+") == w.len - 1;
}

void words__set_program(struct task *t, struct word w)
{
	const char *end = w.s + w.len, *base;

	if (w.len > 2 && (*w.s == '[' || *w.s == '(')) {
		w.s++;
		end--;
	} else {
		for (base = end; base > w.s && base[-1] != '/';)
			base--;
		w.s = base;
	}
	while (end > w.s && strchr(":,", end[-1]))
		end--;
	snprintf(t->comm, sizeof(t->comm), "%.*s", end - w.s > 15 ? 15 : (int)(end - w.s), w.s);
}
