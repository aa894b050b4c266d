// SPDX-License-Identifier: GPL-2.0
#include "cmd/getopts.h"

#include <errno.h>

static int set_one(const char *verb, int letter, getopts_set set, void *ctx, struct err *e)
{
	switch (letter) {
	case ':':
		return err__set(e, -EINVAL, "%s: an option needs a value", verb);
	case '?':
		return err__set(e, -EINVAL, "%s: unknown option", verb);
	default:
		return set(ctx, letter, e);
	}
}

int getopts__each(const char *verb, int argc, char **argv, const struct option *options,
		  getopts_set set, void *ctx, struct err *e)
{
	int c, rc = 0;

	optind = 1;
	opterr = 0;
	while (!rc && (c = getopt_long(argc, argv, ":o:h", options, NULL)) != -1) {
		if (c == 'h')
			return 1;
		rc = set_one(verb, c, set, ctx, e);
	}
	return rc;
}
