// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/suggest.h"
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "cmd/stdfds.h"

static const struct cmd_verb verbs[] = {
#define VERB(id, name, help) {#name, help, cmd_##name},
#include "cmd/verbs.def"
};

static const char examples[] =
	"\nEvery verb has --help. Examples:\n"
	"  aiostall -d 30s                    everything on this host for 30 s\n"
	"  aiostall stat -p 1234 --fs xfs     one process, one type of filesystem\n"
	"  aiostall stat -- fio job.fio       one command and its descendants\n"
	"  aiostall trace -m 10ms             stalls of 10 ms and more, as they end\n";

static int print_help(FILE *out)
{
	fprintf(out, "Usage: aiostall [VERB] [OPTIONS] [-- CMD [ARG...]]\n\n"
		     "Tell when handing over asynchronous I/O blocks (io_submit, io_uring), for "
		     "how\nlong, where and why.\n\nVerbs:\n");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(out, "  %-8s %s\n", verbs[i].name, verbs[i].help);
	fprintf(out, "%s", examples);
	return output__finish_stdout();
}

/* In PATH, or a path itself. */
static bool is_program(const char *word)
{
	const char *path = getenv("PATH");
	char full[4096];

	if (strchr(word, '/'))
		return !access(word, X_OK);
	for (; path && *path; path += strcspn(path, ":"), path += *path == ':') {
		int n = snprintf(full, sizeof(full), "%.*s/%s", (int)strcspn(path, ":"), path,
				 word);

		if (n > 0 && n < (int)sizeof(full) && !access(full, X_OK))
			return true;
	}
	return false;
}

static void join(int argc, char **argv, char *buf, size_t size)
{
	size_t used = 0;

	for (int i = 0; i < argc && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? " " : "", argv[i]);
}

static int unknown_verb(int argc, char **argv)
{
	struct err e = {0};
	struct suggest s;
	char words[256] = "";

	suggest__init(&s, argv[1]);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		suggest__offer(&s, verbs[i].name);
	join(argc - 1, argv + 1, words, sizeof(words));
	err__set(&e, -EINVAL, "unknown verb \"%s\"", argv[1]);
	if (*argv[1] && is_program(argv[1]))
		err__hint(&e, "To trace a command, put -- before it: aiostall -- %s", words);
	else if (suggest__best(&s))
		err__hint(&e, "Did you mean %s? See aiostall --help.", suggest__best(&s));
	else
		err__hint(&e, "See aiostall --help.");
	cmd__fail(&e);
	return CMD_USAGE;
}

int main(int argc, char **argv)
{
	static char default_verb[] = "stat";
	static char out[1 << 16];
	char *word = argc > 1 ? argv[1] : default_verb;

	/* without /dev/null, and with nowhere to say so */
	if (stdfds__fill())
		return CMD_FAILED;
	signal(SIGPIPE, SIG_IGN);
	/*
	 * One write of a whole help text, so that why it failed is still known at the end. With a
	 * buffer of ours: of its own glibc takes one of the file's block size, whatever is asked.
	 */
	setvbuf(stdout, out, _IOFBF, sizeof(out));
	if (!strcmp(word, "--version") || !strcmp(word, "-V")) {
		printf("aiostall " AIOSTALL_VERSION "\n");
		return output__finish_stdout();
	}
	if (!strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help"))
		return print_help(stdout);
	if (argc < 2 || word[0] == '-') {
		if (argc > 0)
			argv[0] = default_verb;
		return cmd_stat(argc, argv);
	}
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(word, verbs[i].name))
			return verbs[i].run(argc - 1, argv + 1);
	return unknown_verb(argc, argv);
}
