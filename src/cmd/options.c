// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "cmd/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"
#include "cmd/cmd.h"
#include "cmd/option_table.h"
#include "cmd/output.h"
#include "diff/diff.h"
#include "report/format.h"

struct parse {
	struct cmd_opts *o;
	const struct cmd_spec *spec;
	struct err e;
};

static void *member(struct cmd_opts *o, size_t offset)
{
	return (char *)o + offset;
}

static int bad(struct parse *p, const struct option *opt, const char *value, const char *why)
{
	return err__set(&p->e, -EINVAL, "%s: --%s \"%s\": %s", p->spec->name, opt->name, value,
			why);
}

/* One of a list "a, b, c". */
static int bad_choice(struct parse *p, const struct option *opt, const char *value, const char *why,
		      const char *list)
{
	struct suggest s;
	char best[64];

	suggest__init(&s, value);
	suggest__offer_list(&s, list, best, sizeof(best));
	bad(p, opt, value, why);
	if (suggest__best(&s))
		err__hint(&p->e, "Did you mean %s?", suggest__best(&s));
	return -EINVAL;
}

static int set_duration(struct parse *p, const struct option *opt, const char *value)
{
	uint64_t *ns = member(p->o, opt->offset);
	size_t len = strlen(value);
	char why[96], min[16], max[16];

	if (opt->kind == OPTION_DURATION && len && isdigit((unsigned char)value[len - 1]) &&
	    strspn(value, "0") != len)
		return bad(p, opt, value, "needs a unit, as in 500us, 10ms, 2s");
	if (parse__duration(value, NSEC_PER_SEC, ns))
		return bad(p, opt, value, "not a duration; write 500us, 10ms, 30s, 5m, 1h, 7d");
	if (*ns < opt->min || *ns > opt->max) {
		snprintf(why, sizeof(why), "must be from %s to %s",
			 fmt__duration(opt->min, min, sizeof(min)),
			 fmt__duration(opt->max, max, sizeof(max)));
		return bad(p, opt, value, why);
	}
	return 0;
}

static int set_number(struct parse *p, const struct option *opt, const char *value, uint64_t *v)
{
	char why[96];

	if (!parse__u64(value, opt->min, opt->max, v))
		return 0;
	snprintf(why, sizeof(why), "must be a number from %llu to %llu",
		 (unsigned long long)opt->min, (unsigned long long)opt->max);
	return bad(p, opt, value, why);
}

static int set_size(struct parse *p, const struct option *opt, const char *value, uint64_t *v)
{
	char why[96], min[16], max[16];

	if (!parse__size(value, v) && *v >= opt->min && *v <= opt->max)
		return 0;
	snprintf(why, sizeof(why), "must be a size from %s to %s",
		 fmt__size(opt->min, min, sizeof(min)), fmt__size(opt->max, max, sizeof(max)));
	return bad(p, opt, value, why);
}

static int set_share(struct parse *p, const struct option *opt, const char *value)
{
	if (severity__parse_share(value, member(p->o, opt->offset)))
		return 0;
	return bad(p, opt, value, "must be a share from 0% to 100%, as in 0.1%");
}

static int set_format(struct parse *p, const struct option *opt, const char *value)
{
	const struct format *f = format__find(value);
	char why[160], names[128];

	if (f && format__prints(f, opt->views)) {
		*(const struct format **)member(p->o, opt->offset) = f;
		return 0;
	}
	snprintf(why, sizeof(why), "must be one of %s",
		 format__names(opt->views, names, sizeof(names)));
	return bad_choice(p, opt, value, why, names);
}

static int set_probe(struct parse *p, const struct option *opt, const char *value)
{
	size_t len = strcspn(value, "=");
	int need = value[len] ? probe_need__find(value, len) : -1;
	char why[160], list[96];
	const char *word, *way;

	if (need < 0)
		return bad(p, opt, value, "must be NEED=WAY; see --help for those that there are");
	word = value + len + 1;
	for (size_t i = 0; (way = probe_need__way(need, i)); i++) {
		if (strcmp(way, word) != 0)
			continue;
		p->o->live.probe[need] = way;
		return 0;
	}
	snprintf(why, sizeof(why), "%s must be one of %s", probe_need__name((size_t)need),
		 probe_need__ways(need, ", ", list, sizeof(list)));
	return bad_choice(p, opt, word, why, list);
}

static int set_api(struct parse *p, const struct option *opt, const char *value)
{
	char why[96], names[64];
	enum api api = api__find(value);

	if (api == APIS && strcmp(value, "all") != 0) {
		option__apis(names, sizeof(names));
		snprintf(why, sizeof(why), "must be one of %s", names);
		return bad_choice(p, opt, value, why, names);
	}
	*(unsigned int *)member(p->o, opt->offset) = api == APIS ? 0 : API_BIT(api);
	return 0;
}

/* One element of a list option; word is owned by the options. */
static int add_element(struct parse *p, const struct option *opt, char *word)
{
	size_t *count = member(p->o, opt->count_offset);
	uint64_t id;

	if (*count >= LIVE_FILTER_MAX)
		return bad(p, opt, word, "more values than can be filtered on");
	if (opt->kind == OPTION_IDS) {
		int rc = set_number(p, opt, word, &id);

		if (rc)
			return rc;
		((uint32_t *)member(p->o, opt->offset))[(*count)++] = (uint32_t)id;
		return 0;
	}
	if (strlen(word) < opt->min)
		return bad(p, opt, word, "must not be empty");
	if (strlen(word) > opt->max)
		return bad(p, opt, word, "too long to match anything");
	((const char **)member(p->o, opt->offset))[(*count)++] = word;
	return 0;
}

static int add_list(struct parse *p, const struct option *opt, const char *value)
{
	char *copy, *word, *rest;
	int rc = 0;

	if (p->o->nr_owned >= ARRAY_SIZE(p->o->owned))
		return bad(p, opt, value, "more values than can be filtered on");
	copy = strdup(value);
	if (!copy)
		return err__set(&p->e, -ENOMEM, "out of memory");
	p->o->owned[p->o->nr_owned++] = copy;
	if (opt->kind == OPTION_TEXTS)
		return add_element(p, opt, copy);
	rest = copy;
	while (!rc && (word = strsep(&rest, ",")))
		rc = add_element(p, opt, word);
	return rc;
}

static void note_filter(struct cmd_opts *o, const struct option *opt, const char *value)
{
	size_t len = strlen(o->filters);

	if (len < sizeof(o->filters))
		snprintf(o->filters + len, sizeof(o->filters) - len, "%s%s=%s", len ? " " : "",
			 opt->name, value);
}

static int set_value(struct parse *p, const struct option *opt, const char *value)
{
	if (opt->filter)
		note_filter(p->o, opt, value);
	switch (opt->kind) {
	case OPTION_SECONDS:
	case OPTION_DURATION:
		return set_duration(p, opt, value);
	case OPTION_NUMBER:
		return set_number(p, opt, value, member(p->o, opt->offset));
	case OPTION_SIZE:
		return set_size(p, opt, value, member(p->o, opt->offset));
	case OPTION_FORMAT:
		return set_format(p, opt, value);
	case OPTION_SHARE:
		return set_share(p, opt, value);
	case OPTION_LIMITS:
		return severity__parse(value, member(p->o, opt->offset), &p->e);
	case OPTION_PROBE:
		return set_probe(p, opt, value);
	case OPTION_API:
		return set_api(p, opt, value);
	case OPTION_IDS:
	case OPTION_WORDS:
	case OPTION_TEXTS:
		return add_list(p, opt, value);
	default:
		if (!*value)
			return bad(p, opt, value, "must not be empty");
		*(const char **)member(p->o, opt->offset) = value;
		return 0;
	}
}

static const struct option *find(const struct cmd_spec *spec, const char *name, size_t len,
				 char letter)
{
	const struct option *opt;

	for (size_t i = 0; (opt = option__at(i)); i++) {
		if (!(opt->verbs & spec->verb))
			continue;
		if (letter ? opt->letter == letter
			   : strlen(opt->name) == len && !strncmp(opt->name, name, len))
			return opt;
	}
	return NULL;
}

/* Mistyped, or of another verb. */
static int unknown_option(struct parse *p, const char *word, size_t len)
{
	bool is_long = word[1] == '-';
	const struct option *opt;
	struct suggest s;
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)(is_long ? len - 2 : 0),
		 word + (is_long ? 2 : 1));
	suggest__init(&s, name);
	for (size_t i = 0; is_long && (opt = option__at(i)); i++)
		if (opt->verbs & p->spec->verb)
			suggest__offer(&s, opt->name);
	err__set(&p->e, -EINVAL, "%s: unknown option %s", p->spec->name, word);
	if (suggest__best(&s))
		err__hint(&p->e, "Did you mean --%s?", suggest__best(&s));
	return -EINVAL;
}

/*
 * One option at argv[*i], "--name=value", "--name value", "-x value" or
 * "-xvalue". Returns 0, 1 if help was asked for, or -EINVAL.
 */
static int parse_one(struct parse *p, int argc, char **argv, int *i)
{
	const char *word = argv[*i], *value = NULL;
	bool is_long = word[1] == '-';
	size_t len = strcspn(word, "=");
	const struct option *opt;

	opt = is_long ? find(p->spec, word + 2, len - 2, 0) : find(p->spec, NULL, 0, word[1]);
	if (!opt)
		return unknown_option(p, word, len);
	if (is_long && word[len])
		value = word + len + 1;
	else if (!is_long && word[2])
		value = word + 2;
	if (!opt->arg) {
		if (value)
			return bad(p, opt, value, "takes no value");
		if (opt->kind == OPTION_HELP)
			return 1;
		*(bool *)member(p->o, opt->offset) = true;
		return 0;
	}
	if (!value) {
		if (*i + 1 >= argc)
			return err__set(&p->e, -EINVAL, "%s: --%s needs a value: %s", p->spec->name,
					opt->name, opt->arg);
		value = argv[++*i];
	}
	return set_value(p, opt, value);
}

/* At a place that was looked at already. */
static void take_file(struct parse *p, char **argv, char *file)
{
	p->o->files = argv + 1;
	p->o->files[p->o->nr_files++] = file;
}

/* The rest after "--" is a command, or files whose names may begin with a "-". */
static int take_rest(struct parse *p, int argc, char **argv, int i)
{
	if (!p->spec->takes_child && p->spec->takes_files) {
		while (i < argc)
			take_file(p, argv, argv[i++]);
		return 0;
	}
	if (!p->spec->takes_child)
		return err__set(&p->e, -EINVAL, "%s: runs no command", p->spec->name);
	if (i >= argc)
		return err__set(&p->e, -EINVAL, "%s: a command must follow --", p->spec->name);
	p->o->child = argv + i;
	return 0;
}

static int parse_all(struct parse *p, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		int rc;

		if (!strcmp(argv[i], "--"))
			return take_rest(p, argc, argv, i + 1);
		if (argv[i][0] != '-' && p->spec->takes_files) {
			take_file(p, argv, argv[i]);
			continue;
		}
		if (argv[i][0] != '-' || !argv[i][1]) {
			err__set(&p->e, -EINVAL, "%s: unexpected argument \"%s\"", p->spec->name,
				 argv[i]);
			if (p->spec->takes_child)
				err__hint(
					&p->e,
					"To trace a command, put -- before it: aiostall %s -- %s%s",
					p->spec->name, argv[i], i + 1 < argc ? " ..." : "");
			return -EINVAL;
		}
		rc = parse_one(p, argc, argv, &i);
		if (rc)
			return rc;
	}
	return 0;
}

static void note_command(struct cmd_opts *o, int argc, char **argv)
{
	size_t len = (size_t)snprintf(o->command, sizeof(o->command), "aiostall");

	for (int i = 0; i < argc && len < sizeof(o->command); i++)
		len += (size_t)snprintf(o->command + len, sizeof(o->command) - len, " %s", argv[i]);
}

/* What needs calls to be watched cannot be asked for together with watching none. */
static int check_probes(struct parse *p)
{
	const struct live_opts *o = &p->o->live;
	const char *what = o->all_submits ? "--submits" : o->sample_hz ? "--sample" : NULL;

	if (!what || !o->probe[NEED_SUBMIT] || strcmp(o->probe[NEED_SUBMIT], "none") != 0)
		return 0;
	err__set(&p->e, -EINVAL, "%s: %s and --probe submit=none exclude each other", p->spec->name,
		 what);
	err__hint(&p->e, "With submit=none no calls are seen, only their sleeps.");
	return -EINVAL;
}

static int check_user(struct parse *p)
{
	if (!p->o->user || p->o->child)
		return 0;
	return err__set(&p->e, -EINVAL, "%s: --user is for a command, which must follow --",
			p->spec->name);
}

int options__misused(const struct cmd_spec *spec, const struct err *e)
{
	cmd__fail(e);
	fprintf(stderr, "  See aiostall %s --help.\n", spec->name);
	return CMD_USAGE;
}

int options__parse(struct cmd_opts *o, const struct cmd_spec *spec, int argc, char **argv)
{
	struct parse p = {.o = o, .spec = spec};
	int rc;

	memset(o, 0, sizeof(*o));
	o->format = format__find("text");
	o->live.slow_ns = NSEC_PER_MSEC;
	o->limits = severity_defaults;
	o->margin_percent = (uint64_t)(DIFF_MARGIN * 100);
	note_command(o, argc, argv);
	rc = parse_all(&p, argc, argv);
	if (!rc)
		rc = check_probes(&p);
	if (!rc)
		rc = check_user(&p);
	if (rc == 1) {
		option__print_help(spec);
		return output__finish_stdout();
	}
	if (rc)
		return options__misused(spec, &p.e);
	o->live.tree_only = o->child != NULL;
	o->live.command = o->command;
	o->live.filters_text = o->filters;
	log__set_level(o->verbose ? LOG_DEBUG : LOG_WARN);
	return OPTIONS_GO;
}

void options__free(struct cmd_opts *o)
{
	while (o->nr_owned)
		free(o->owned[--o->nr_owned]);
}
