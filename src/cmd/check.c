// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/output.h"

static const struct cmd_spec spec = {
	.name = "check",
	.verb = VERB_CHECK,
	.synopsis = "[OPTIONS]",
	.about = "Try every way of attaching on this kernel, print for each need which one will be "
		 "used, why the better ones do not work and what is lost by that. Leaves nothing "
		 "attached. Exit status: 0 tracing will work, 1 it will not, 2 usage.",
	.examples = "  aiostall check\n"
		    "  aiostall check --btf /root/vmlinux.btf\n",
};

static void print_escaped(const char *text)
{
	char line[1024];

	esc__terminal(text, line, sizeof(line));
	printf("%s\n", line);
}

static const char *state_of(const struct live_alternative *alt)
{
	if (alt->chosen)
		return "used";
	return alt->works ? "works" : "no";
}

static void print_need(const struct live_need *need)
{
	printf("\n%s: %s\n", need->name, need->what);
	for (size_t i = 0; i < need->nr_alts; i++) {
		const struct live_alternative *alt = &need->alt[i];

		printf("  %-12s %-6s", alt->name, state_of(alt));
		print_escaped(alt->why);
	}
	if (need->lost && need->lost[0]) {
		printf("  lost: ");
		print_escaped(need->lost);
	}
}

static void print_check(const struct live_check *check)
{
	printf("%s, kernel %s, %s, %u CPU%s\n", check->host.hostname, check->host.kernel,
	       check->host.arch, check->host.cpus, plural(check->host.cpus));
	for (size_t i = 0; i < check->nr_facts; i++) {
		printf("  %-24s %-6s", check->fact[i].name, check->fact[i].ok ? "ok" : "no");
		print_escaped(check->fact[i].value);
	}
	for (size_t i = 0; i < check->nr_needs; i++)
		print_need(&check->need[i]);
}

static int run_check(const struct live_opts *opts)
{
	static struct live_check check;
	struct err e = {0};
	int rc = live__check(opts, &check, &e);

	/* what was found out before it failed helps to understand why */
	if (!rc || check.nr_needs)
		print_check(&check);
	if (!rc)
		printf("\nTracing will work.\n");
	if (output__finish_stdout())
		return CMD_FAILED;
	return rc ? cmd__fail(&e) : CMD_OK;
}

int cmd_check(int argc, char **argv)
{
	struct cmd_opts opts;
	int status = options__parse(&opts, &spec, argc, argv);

	if (status == OPTIONS_GO)
		status = run_check(&opts.live);
	options__free(&opts);
	return status;
}
