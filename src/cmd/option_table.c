// SPDX-License-Identifier: GPL-2.0
#include "cmd/option_table.h"

#include <stdio.h>
#include <string.h>

#include "model/view.h"
#include "report/format.h"

#define TRACING (VERB_STAT | VERB_TRACE | VERB_RECORD | VERB_SERVE | VERB_TOP)
#define ALL (TRACING | VERB_CHECK | VERB_REPORT)
#define AT(member) offsetof(struct cmd_opts, member)
#define LIST(array, count) .offset = AT(array), .count_offset = AT(count)
#define DAY_NS (24 * 3600 * NSEC_PER_SEC)

static const struct option options[] = {
	{"pid", 'p', "PID[,PID...]", OPTION_IDS,
	 "trace these processes; tracing ends when all of them are gone", .min = 1,
	 .max = INT32_MAX, LIST(live.filter.pids, live.filter.nr_pids), .verbs = TRACING,
	 .filter = true},
	{"pid", 'p', "PID[,PID...]", OPTION_IDS, "only stalls of these processes", .min = 1,
	 .max = INT32_MAX, LIST(live.filter.pids, live.filter.nr_pids), .verbs = VERB_REPORT,
	 .filter = true},
	{"tid", 't', "TID[,TID...]", OPTION_IDS, "trace these threads", .min = 1, .max = INT32_MAX,
	 LIST(live.filter.tids, live.filter.nr_tids), .verbs = TRACING, .filter = true},
	{"tid", 't', "TID[,TID...]", OPTION_IDS,
	 "only stalls of these threads; of recordings made with --events", .min = 1,
	 .max = INT32_MAX, LIST(live.filter.tids, live.filter.nr_tids), .verbs = VERB_REPORT,
	 .filter = true},
	{"comm", 'c', "NAME[,NAME...]", OPTION_WORDS,
	 "trace threads of these names; the kernel keeps 15 bytes of a name", .min = 1, .max = 15,
	 LIST(live.filter.comms, live.filter.nr_comms), .verbs = TRACING, .filter = true},
	{"comm", 'c', "NAME[,NAME...]", OPTION_WORDS, "only stalls of threads of these names",
	 .min = 1, .max = 15, LIST(live.filter.comms, live.filter.nr_comms), .verbs = VERB_REPORT,
	 .filter = true},
	{"cgroup", 0, "PATH", OPTION_TEXT,
	 "trace this cgroup and those below it; an absolute path, or one below the cgroup2 root",
	 .offset = AT(live.filter.cgroup), .verbs = TRACING, .filter = true},
	{"cgroup", 0, "PATH", OPTION_TEXT, "only stalls in this cgroup and those below it",
	 .offset = AT(live.filter.cgroup), .verbs = VERB_REPORT, .filter = true},
	{"container", 0, "NAME", OPTION_TEXT,
	 "trace this container: its name, namespace/pod/container, a beginning of its id, or a "
	 "unit of systemd",
	 .offset = AT(container), .verbs = TRACING, .filter = true},
	{"container", 0, "NAME", OPTION_TEXT,
	 "only stalls in this container: its name, a beginning of its id, or a unit of systemd",
	 .offset = AT(container), .verbs = VERB_REPORT, .filter = true},
	{"fs", 0, "TYPE[,TYPE...]", OPTION_WORDS,
	 "only requests to filesystems of these types: ext4, xfs, btrfs, blockdev, ...", .min = 1,
	 .max = 15, LIST(live.filter.fstypes, live.filter.nr_fstypes),
	 .verbs = TRACING | VERB_REPORT, .filter = true},
	{"mount", 0, "PATH", OPTION_TEXTS,
	 "only requests to the filesystem mounted here; may be given several times", .min = 1,
	 .max = 4095, LIST(live.filter.mounts, live.filter.nr_mounts),
	 .verbs = TRACING | VERB_REPORT, .filter = true},
	{"device", 0, "NAME[,NAME...]", OPTION_WORDS,
	 "only requests to filesystems on these devices, or to the devices: sda1 or /dev/sda1",
	 .min = 1, .max = 255, LIST(live.filter.devices, live.filter.nr_devices),
	 .verbs = TRACING | VERB_REPORT, .filter = true},
	{"api", 0, "NAME", OPTION_API, "only requests that are handed over so",
	 .offset = AT(live.filter.apis), .verbs = TRACING | VERB_REPORT | VERB_DIFF,
	 .filter = true},
	{"min", 'm', "TIME", OPTION_DURATION,
	 "shortest stall to give a cause to and to show, with its unit: 500us, 10ms; shorter ones "
	 "are only counted",
	 .max = DAY_NS, .offset = AT(live.filter.min_ns), .verbs = TRACING | VERB_REPORT,
	 .filter = true},
	{"duration", 'd', "TIME", OPTION_SECONDS,
	 "end after this time: 30, 30s, 5m; a bare number is seconds. Without it: until Ctrl-C",
	 .min = NSEC_PER_MSEC, .max = 365 * DAY_NS, .offset = AT(duration_ns), .verbs = TRACING},
	{"interval", 'i', "TIME", OPTION_SECONDS,
	 "a line of counters at this interval while tracing; a bare number is seconds",
	 .min = 10 * NSEC_PER_MSEC, .max = DAY_NS, .offset = AT(interval_ns), .verbs = VERB_STAT},
	{"interval", 'i', "TIME", OPTION_SECONDS,
	 "how often the screen changes; default 1s; a bare number is seconds",
	 .min = 100 * NSEC_PER_MSEC, .max = DAY_NS, .offset = AT(interval_ns), .verbs = VERB_TOP},
	{"batch", 'b', NULL, OPTION_FLAG,
	 "print lines instead of a screen, as is done where the output is no terminal",
	 .offset = AT(batch), .verbs = VERB_TOP},
	{"count", 'n', "N", OPTION_NUMBER, "with --batch: end after so many times", .min = 1,
	 .max = 1000000000, .offset = AT(count), .verbs = VERB_TOP},
	{"ascii", 0, NULL, OPTION_FLAG,
	 "show nothing but ASCII; else what the locale can: a ? stands for all other characters",
	 .offset = AT(ascii), .verbs = VERB_TOP},
	{"listen", 0, "ADDRESS", OPTION_TEXT,
	 "serve there instead of on 127.0.0.1:9758: an address and a port, or :PORT for every "
	 "address of the host; whoever can connect can read",
	 .offset = AT(listen), .verbs = VERB_SERVE},
	{"textfile", 0, "FILE", OPTION_TEXT,
	 "write the metrics there at each interval, for node_exporter; without --listen no port is "
	 "opened",
	 .offset = AT(textfile), .verbs = VERB_SERVE},
	{"interval", 'i', "TIME", OPTION_SECONDS,
	 "how often the text file is written; default 15s; a bare number is seconds",
	 .min = NSEC_PER_SEC, .max = DAY_NS, .offset = AT(interval_ns), .verbs = VERB_SERVE},
	{"max-cpu", 0, "SHARE", OPTION_SHARE,
	 "take the probes off, and say so, once tracing has cost more than this share of one CPU "
	 "for ten seconds",
	 .offset = AT(max_cpu), .verbs = VERB_SERVE},
	{"window", 0, "TIME", OPTION_SECONDS,
	 "what /report is of: the last half of it at least, all of it at most; default 10m; a bare "
	 "number is seconds",
	 .min = 2 * NSEC_PER_SEC, .max = DAY_NS, .offset = AT(window_ns), .verbs = VERB_SERVE},
	{"label", 0, "cgroup|comm[:N]", OPTION_TEXT,
	 "series of who sleeps, too, by cgroup or program: of the N that sleep most, default 20, "
	 "and of \"other\"",
	 .min = 1, .max = 16, .offset = AT(label), .verbs = VERB_SERVE},
	{"full", 0, NULL, OPTION_FLAG, "every row, not only the standard ones: some minutes",
	 .offset = AT(full), .verbs = VERB_QUALIFY},
	{"rows", 0, "LIST", OPTION_TEXTS,
	 "these rows: names, beginnings of names, or patterns of the shell; \"list\" prints all",
	 .min = 1, .max = 4095, LIST(rows, nr_rows), .verbs = VERB_QUALIFY},
	{"engine", 0, "LIST", OPTION_TEXTS,
	 "hand over by these; default aio, and all of them for four rows: aio, uring, uring-async, "
	 "uring-sqpoll, nowait, posix-aio, threads, or all",
	 .min = 1, .max = 4095, LIST(engines, nr_engines), .verbs = VERB_QUALIFY},
	{"fail-on", 0, "EXPR", OPTION_TEXTS,
	 "conditions that set exit status 1, separated by commas; may be given several times",
	 .min = 1, .max = 4095, LIST(fail_on, nr_fail_on), .verbs = VERB_DIFF},
	{"fail-on", 0, "LIST", OPTION_TEXTS,
	 "[ENGINE/]ROW:VERDICT[,...], exit status 1 if a row has this verdict; rare and blocks "
	 "hold "
	 "for worse too",
	 .min = 1, .max = 4095, LIST(fail_on, nr_fail_on), .verbs = VERB_QUALIFY},
	{"margin", 0, "PERCENT", OPTION_NUMBER, "differences up to this are none; default 5",
	 .max = 1000, .offset = AT(margin_percent), .verbs = VERB_DIFF},
	{"across", 0, "api", OPTION_TEXT,
	 "compare io_submit, in the first recording, with io_uring, in the others or the same",
	 .min = 1, .max = 8, .offset = AT(across), .verbs = VERB_DIFF},
	{"time", 0, "TIME", OPTION_SECONDS,
	 "that all submits together may take, default 45s; a bare number is seconds",
	 .min = NSEC_PER_SEC, .max = DAY_NS, .offset = AT(duration_ns), .verbs = VERB_QUALIFY},
	{"destructive", 0, NULL, OPTION_FLAG, "overwrite what is on DEVICE",
	 .offset = AT(destructive), .verbs = VERB_QUALIFY},
	{"no-trace", 0, NULL, OPTION_FLAG, "verdicts by getrusage alone, as without root",
	 .offset = AT(no_trace), .verbs = VERB_QUALIFY},
	{"label", 0, "TEXT", OPTION_TEXT, "name of the place in pages; default its type",
	 .offset = AT(label), .verbs = VERB_QUALIFY},
	{"page", 0, NULL, OPTION_FLAG,
	 "make a page of results in JSON: rows by kernels, what changed and why",
	 .offset = AT(page), .verbs = VERB_QUALIFY},
	{"intro", 0, "FILE", OPTION_TEXT, "text to stand at the top of the page",
	 .offset = AT(intro), .verbs = VERB_QUALIFY},
	{"explain", 0, NULL, OPTION_FLAG,
	 "read what people paste on stdin: stacks of any tool, hung-task messages, a whole dmesg, "
	 "a "
	 "mail; name the cause of each stack, and the tasks that may hold up the others",
	 .offset = AT(explain), .verbs = VERB_CAUSES},
	{"output", 'o', "FILE", OPTION_TEXT,
	 "write the results there; the file appears when it is complete", .offset = AT(output),
	 .verbs = VERB_STAT | VERB_TRACE | VERB_REPORT | VERB_DIFF | VERB_QUALIFY},
	{"output", 'o', "FILE", OPTION_TEXT,
	 "the recording; default aiostall.db. One that exists becomes FILE.old",
	 .offset = AT(output), .verbs = VERB_RECORD},
	{"format", 0, "NAME", OPTION_FORMAT, "how to print the report", .offset = AT(format),
	 .verbs = VERB_STAT, .views = VIEW_REPORT | VIEW_GROUPS},
	{"format", 0, "NAME", OPTION_FORMAT, "how to print it", .offset = AT(format),
	 .verbs = VERB_REPORT,
	 .views = VIEW_REPORT | VIEW_GROUPS | VIEW_INFO | VIEW_TIMELINE | VIEW_ROWS},
	{"format", 0, "NAME", OPTION_FORMAT, "how to print each line", .offset = AT(format),
	 .verbs = VERB_TRACE, .views = VIEW_LINES},
	{"format", 0, "NAME", OPTION_FORMAT, "how to print lines", .offset = AT(format),
	 .verbs = VERB_TOP, .views = VIEW_LINES},
	{"format", 0, "NAME", OPTION_FORMAT, "how to print it", .offset = AT(format),
	 .verbs = VERB_DIFF, .views = VIEW_DIFF},
	{"format", 0, "NAME", OPTION_FORMAT, "how to print it; of a page md or html",
	 .offset = AT(own_format), .verbs = VERB_QUALIFY, .views = VIEW_RESULT | VIEW_PAGE},
	{"format", 0, "NAME", OPTION_FORMAT, "how to print what --explain tells",
	 .offset = AT(own_format), .verbs = VERB_CAUSES, .views = VIEW_EXPLAIN},
	{"top", 0, "N", OPTION_NUMBER, "causes, files and stacks to show per filesystem", .min = 1,
	 .max = 1000000, .offset = AT(top), .verbs = VERB_STAT | VERB_REPORT | VERB_SERVE},
	{"top", 0, "N", OPTION_NUMBER, "causes to show per filesystem; default 8", .min = 1,
	 .max = 1000000, .offset = AT(top), .verbs = VERB_DIFF},
	{"full", 0, NULL, OPTION_FLAG,
	 "all causes of all filesystems, and all that is known of each", .offset = AT(full),
	 .verbs = VERB_STAT | VERB_REPORT},
	{"legend", 0, NULL, OPTION_FLAG, "say what the columns mean", .offset = AT(legend),
	 .verbs = VERB_STAT | VERB_REPORT},
	{"slow", 0, "TIME", OPTION_DURATION,
	 "list submits at least this long that did not sleep; default 1ms, 0 lists none",
	 .max = DAY_NS, .offset = AT(live.slow_ns), .verbs = VERB_STAT | VERB_RECORD | VERB_SERVE},
	{"submits", 0, NULL, OPTION_FLAG,
	 "with --format json: also one object per submit, blocked or not; costs an event each",
	 .offset = AT(live.all_submits), .verbs = VERB_TRACE},
	{"time", 0, "CLOCK", OPTION_TEXT,
	 "lines begin with the time of day, wall, or with seconds of CLOCK_MONOTONIC, mono; JSON "
	 "has both",
	 .offset = AT(clock), .verbs = VERB_TRACE},
	{"sample", 0, "HZ", OPTION_NUMBER,
	 "also take the stacks of calls that are on a CPU, so many times a second; for calls that "
	 "are slow without sleeping",
	 .min = 1, .max = 10000, .offset = AT(live.sample_hz), .verbs = VERB_STAT | VERB_RECORD},
	{"self", 0, NULL, OPTION_FLAG,
	 "in the end also what tracing itself cost: each BPF program, the reader, memory, the "
	 "ring buffer",
	 .offset = AT(live.self), .verbs = VERB_STAT},
	{"ring", 0, "SIZE", OPTION_SIZE,
	 "of the ring buffer of stalls, rounded up to a power of two; default 8M, on more than "
	 "8 CPUs 1M each up to 64M",
	 .min = 64 << 10, .max = 1 << 30, .offset = AT(live.ring_bytes), .verbs = TRACING},
	{"events", 0, NULL, OPTION_FLAG,
	 "keep every stall and submit, not only sums and the worst: for timelines, and for "
	 "--tid and --min of report",
	 .offset = AT(events), .verbs = VERB_RECORD},
	{"keep", 0, "TIME", OPTION_SECONDS,
	 "keep only the last so long, in a file that does not grow; a bare number is seconds",
	 .min = NSEC_PER_SEC, .max = 365 * DAY_NS, .offset = AT(keep_ns), .verbs = VERB_RECORD},
	{"trigger", 0, "TIME", OPTION_DURATION,
	 "keep only what surrounds a stall at least this long, --keep (or 10s) before and after "
	 "it",
	 .min = 1, .max = DAY_NS, .offset = AT(trigger_ns), .verbs = VERB_RECORD},
	{"rotate", 0, "TIME", OPTION_SECONDS,
	 "go on in another file so often, without a gap: FILE with the time in its name; a bare "
	 "number is seconds",
	 .min = NSEC_PER_SEC, .max = 365 * DAY_NS, .offset = AT(rotate_ns), .verbs = VERB_RECORD},
	{"retain", 0, "TIME", OPTION_SECONDS,
	 "with --rotate: remove files that ended so long ago; a bare number is seconds",
	 .min = NSEC_PER_SEC, .max = 3650 * DAY_NS, .offset = AT(retain_ns), .verbs = VERB_RECORD},
	{"by", 0, "WHAT[,WHAT...]", OPTION_BY, "a row for each of these instead of the report",
	 .offset = AT(by), .verbs = VERB_STAT | VERB_REPORT},
	{"severity", 0, "MEASURE=LOOK:HURTS[,...]", OPTION_LIMITS,
	 "from where on a filesystem is worth a look, and from where on it hurts; default "
	 "stall=10ms:100ms, share=1%:10%, ctxsw=0.1:0.5, inside=10%:never",
	 .offset = AT(limits), .verbs = VERB_STAT | VERB_REPORT},
	{"by", 0, "WHAT", OPTION_BY, "what a row is, fs if nothing else is said", .offset = AT(by),
	 .verbs = VERB_TOP},
	{"max-loss", 0, "SHARE", OPTION_SHARE,
	 "more than this share lost makes the data incomplete, and the exit status 3; default 0.1%",
	 .offset = AT(limits.max_loss),
	 .verbs = VERB_STAT | VERB_TRACE | VERB_RECORD | VERB_REPORT | VERB_DIFF},
	{"since", 0, "TIME", OPTION_SECONDS,
	 "only what came so long after recording began; a bare number is seconds",
	 .max = 365 * DAY_NS, .offset = AT(since_ns), .verbs = VERB_REPORT},
	{"until", 0, "TIME", OPTION_SECONDS, "only what came before that; a bare number is seconds",
	 .min = 1, .max = 365 * DAY_NS, .offset = AT(until_ns), .verbs = VERB_REPORT},
	{"info", 0, NULL, OPTION_FLAG, "say what is in the recordings, and of which host",
	 .offset = AT(info), .verbs = VERB_REPORT},
	{"user-stacks", 0, NULL, OPTION_FLAG, "also take the user stack of each stall",
	 .offset = AT(live.user_stacks), .verbs = TRACING},
	{"rules", 0, "FILE", OPTION_TEXT, "try the rules of this file before the built-in ones",
	 .offset = AT(rules), .verbs = TRACING | VERB_REPORT | VERB_CAUSES},
	{"probe", 0, "NEED=WAY", OPTION_PROBE,
	 "take this way of attaching instead of the best one that works; submit=none sees sleeps "
	 "alone: it counts no submits and costs quiet calls nothing",
	 .verbs = TRACING | VERB_CHECK},
	{"btf", 0, "FILE", OPTION_TEXT, "kernel type information, for kernels without their own",
	 .offset = AT(live.btf_path), .verbs = TRACING | VERB_CHECK},
	{"ready-file", 0, "FILE", OPTION_TEXT,
	 "written with the tracer's process id when the probes are attached",
	 .offset = AT(ready_file), .verbs = TRACING},
	{"user", 0, "NAME", OPTION_TEXT,
	 "run CMD as this user of /etc/passwd, or UID:GID; under sudo as the one who called it, "
	 "unless this says root",
	 .offset = AT(user), .verbs = VERB_STAT | VERB_TRACE | VERB_RECORD},
	{"verbose", 'v', NULL, OPTION_FLAG, "say on stderr what is tried and chosen",
	 .offset = AT(verbose), .verbs = ALL},
	{"help", 'h', NULL, OPTION_HELP, "this text", .verbs = ~0u},
};

const struct option *option__at(size_t i)
{
	return i < ARRAY_SIZE(options) ? &options[i] : NULL;
}

#define HELP_COLUMN 28
#define HELP_WIDTH 79

/* Print text word by word from column on; later lines begin at indent. */
static void print_wrapped(const char *text, size_t column, size_t indent)
{
	while (*text) {
		size_t len = strcspn(text, " ");

		if (column > indent && column + 1 + len > HELP_WIDTH) {
			printf("\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			putchar(' ');
			column++;
		}
		printf("%.*s", (int)len, text);
		column += len;
		text += len + strspn(text + len, " ");
	}
	putchar('\n');
}

/* "submit=fentry|kprobe, ...": each need with its ways. */
static const char *all_probes(char *buf, size_t size)
{
	const char *need;
	size_t used = 0;
	char ways[96];

	for (size_t i = 0; (need = probe_need__name(i)) && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s=%s", i ? ", " : "", need,
					 probe_need__ways(i, "|", ways, sizeof(ways)));
	return buf;
}

/* "aio, io_uring, all". */
const char *option__apis(char *buf, size_t size)
{
	size_t used = 0;

	for (unsigned int api = 0; api < APIS && used < size; api++)
		used += (size_t)snprintf(buf + used, size - used, "%s, ", api__name((enum api)api));
	if (used < size)
		snprintf(buf + used, size - used, "all");
	return buf;
}

static const char *values_of(const struct option *opt, char *buf, size_t size)
{
	if (opt->kind == OPTION_API)
		return option__apis(buf, size);
	if (opt->kind == OPTION_BY)
		return view_by__names(buf, size);
	return opt->kind == OPTION_PROBE ? all_probes(buf, size)
					 : format__names(opt->views, buf, size);
}

static void print_option(const struct option *opt)
{
	char left[80], help[768], list[384];
	const char *values = values_of(opt, list, sizeof(list));
	int n = snprintf(left, sizeof(left), opt->letter ? "  -%c, " : "      ", opt->letter);

	snprintf(left + n, sizeof(left) - n, "--%s%s%s", opt->name, opt->arg ? " " : "",
		 opt->arg ? opt->arg : "");
	snprintf(help, sizeof(help), "%s%s%s", opt->help, *values ? ": " : "", values);
	if (strlen(left) + 2 > HELP_COLUMN)
		printf("%s\n%*s", left, HELP_COLUMN, "");
	else
		printf("%-*s", HELP_COLUMN, left);
	print_wrapped(help, HELP_COLUMN, HELP_COLUMN);
}

void option__print_help(const struct cmd_spec *spec)
{
	printf("Usage: aiostall %s %s\n\n", spec->name, spec->synopsis);
	print_wrapped(spec->about, 0, 0);
	printf("\nOptions:\n");
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].verbs & spec->verb)
			print_option(&options[i]);
	putchar('\n');
	if (spec->more)
		spec->more();
	printf("Examples:\n%s", spec->examples);
}
