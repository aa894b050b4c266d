// SPDX-License-Identifier: GPL-2.0
/* What is in a recording, in words or for programs: schema aiostall-info/1. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "report/formats.h"
#include "report/jsonw.h"
#include "report/print.h"
#include "store/store.h"

static void time_text(int64_t unix_ns, char *buf, size_t size)
{
	time_t secs = (time_t)(unix_ns / (int64_t)NSEC_PER_SEC);
	struct tm tm;

	if (unix_ns < 0 || !gmtime_r(&secs, &tm) || !strftime(buf, size, "%Y-%m-%dT%H:%M:%SZ", &tm))
		snprintf(buf, size, "unknown");
}

static void print_how(struct print *p, const struct store *s)
{
	const struct store_info *i = store__info(s);
	char text[160] = "sums of each second, and the worst stalls", time[16];

	if (i->events)
		snprintf(text, sizeof(text), "sums of each second, and every stall and submit");
	print__line(p, PRINT_PLAIN, "  kept:     %s", text);
	if (i->trigger_ns)
		print__line(p, PRINT_PLAIN, "            only around stalls of %s and more",
			    fmt__duration(i->trigger_ns, time, sizeof(time)));
	if (i->keep_ns)
		print__line(p, PRINT_PLAIN, "            only the last %s",
			    fmt__duration(i->keep_ns, time, sizeof(time)));
	if (!i->complete)
		print__para(p, PRINT_ALARM, "            ",
			    "it was not ended: killed, out of room, or still recording");
}

static void print_facts(struct print *p, const struct store *s)
{
	const struct store_fact *f;

	for (size_t i = 0; (f = store__fact(s, i)); i++)
		print__line(p, PRINT_PLAIN, "  %s %s: %s", print__safe(p, f->what),
			    print__safe(p, f->of), print__safe(p, f->value));
}

int info_text__print(FILE *out, const struct store *s, const struct format_opts *o)
{
	const struct capture_info *c = store__capture(s);
	const struct store_info *i = store__info(s);
	char size[16], time[16], started[40], kept[4][40];
	struct print p;

	print__init(&p, out, o);
	time_text(c->started_unix_ns, started, sizeof(started));
	print__line(&p, PRINT_BOLD, "%s", print__safe(&p, store__path(s)));
	print__line(&p, PRINT_PLAIN, "  file:     %s, schema %u, by aiostall %s",
		    fmt__size(i->size_bytes, size, sizeof(size)), i->schema,
		    print__safe(&p, i->tool_version));
	print__line(&p, PRINT_PLAIN, "  host:     %s, kernel %s %s, %u CPU%s",
		    print__safe(&p, c->host.hostname), print__safe(&p, c->host.kernel),
		    print__safe(&p, c->host.arch), c->host.cpus, plural(c->host.cpus));
	print__line(&p, PRINT_PLAIN, "  build:    %s", print__safe(&p, i->kernel_build));
	print__line(&p, PRINT_PLAIN, "  boot:     %s", print__safe(&p, i->boot_id));
	print__line(&p, PRINT_PLAIN, "  recorded: %s, for %s", started,
		    fmt__duration(c->duration_ns, time, sizeof(time)));
	print__para(&p, PRINT_PLAIN, "  command:  ", "%s", print__safe(&p, c->command));
	print__para(&p, PRINT_PLAIN, "  probes:   ", "%s", print__probes(&p, c));
	print_how(&p, s);
	print__line(&p, PRINT_PLAIN, "  holds:    %s, %s, %s, %s",
		    fmt__many(i->nr_slices, "slice{|s}", kept[0], sizeof(kept[0])),
		    fmt__many(i->nr_keys, "key{|s}", kept[1], sizeof(kept[1])),
		    fmt__many(i->nr_stacks, "stack{|s}", kept[2], sizeof(kept[2])),
		    fmt__many(i->nr_stalls, "single stall{|s}", kept[3], sizeof(kept[3])));
	print_facts(&p, s);
	return print__finish(&p);
}

static void put_info(struct jsonw *w, json_t *o, const struct store *s)
{
	const struct store_info *i = store__info(s);

	jsonw__u64(w, o, "file_schema", i->schema);
	jsonw__str(w, o, "tool_version", i->tool_version);
	jsonw__str(w, o, "kernel_build", i->kernel_build);
	jsonw__str(w, o, "boot_id", i->boot_id);
	jsonw__u64(w, o, "started_mono_ns", i->started_mono_ns);
	jsonw__u64(w, o, "slow_ns", i->slow_ns);
	jsonw__u64(w, o, "keep_ns", i->keep_ns);
	jsonw__u64(w, o, "trigger_ns", i->trigger_ns);
	jsonw__bool(w, o, "events", i->events);
	jsonw__bool(w, o, "complete", i->complete);
	jsonw__u64(w, o, "size", i->size_bytes);
	jsonw__u64(w, o, "slices", i->nr_slices);
	jsonw__u64(w, o, "keys", i->nr_keys);
	jsonw__u64(w, o, "stacks", i->nr_stacks);
	jsonw__u64(w, o, "stalls", i->nr_stalls);
	jsonw__u64(w, o, "submits", i->nr_submits);
}

int info_json__print(FILE *out, const struct store *s, const struct format_opts *o)
{
	const struct capture_info *c = store__capture(s);
	json_t *root = json_object(), *facts;
	const struct store_fact *f;
	struct jsonw w = {0};

	(void)o;
	jsonw__str(&w, root, "schema", "aiostall-info/1");
	jsonw__str(&w, root, "file", store__path(s));
	jsonw__str(&w, root, "hostname", c->host.hostname);
	jsonw__str(&w, root, "kernel", c->host.kernel);
	jsonw__str(&w, root, "arch", c->host.arch);
	jsonw__u64(&w, root, "cpus", c->host.cpus);
	jsonw__int(&w, root, "started_unix_ns", c->started_unix_ns);
	jsonw__u64(&w, root, "duration_ns", c->duration_ns);
	jsonw__str(&w, root, "command", c->command);
	jsonw__str(&w, root, "filters", c->filters);
	put_info(&w, root, s);
	facts = jsonw__array(&w, root, "facts");
	for (size_t i = 0; (f = store__fact(s, i)); i++) {
		json_t *fact = jsonw__item(&w, facts);

		jsonw__str(&w, fact, "what", f->what);
		jsonw__str(&w, fact, "of", f->of);
		jsonw__str(&w, fact, "value", f->value);
	}
	return jsonw__finish(&w, root, out, JSON_INDENT(1));
}
