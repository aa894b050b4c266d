// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE /* strcasestr */
#include "model/moot.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Between what the operator can do and what the program's author can. */
#define IN_THE_PROGRAM " In the program: "
#define TEXT_SIZE 2048

/* ---- what is known ---- */

static bool has_fact(const struct report_cause *c, const char *part)
{
	return c->facts && strstr(c->facts, part);
}

static bool has_option(const struct fs_info *fs, const char *option, size_t len)
{
	const char *at = fs && fs->mount_options ? fs->mount_options : "";

	for (; *at; at += strcspn(at, ","), at += *at == ',')
		if (strcspn(at, ",") == len && !strncmp(at, option, len))
			return true;
	return false;
}

static bool is_mounted_with(const struct fs_info *fs, const char *option)
{
	return has_option(fs, option, strlen(option));
}

static bool is_type(const struct fs_info *fs, const char *type)
{
	return fs && fs->fstype && !strcmp(fs->fstype, type);
}

static bool knows_request(const struct report_cause *c)
{
	return c->worst_how == HOW_EXACT || c->worst_how == HOW_SCANNED;
}

static bool one_extent(const struct fs_info *fs, const struct report_cause *c)
{
	(void)fs;
	return has_fact(c, " and 1 extent\n") || has_fact(c, " and 0 extents\n");
}

static bool is_unwritten(const struct fs_info *fs, const struct report_cause *c)
{
	(void)fs;
	return has_fact(c, "preallocated but were never written");
}

static bool is_allocated_behind(const struct fs_info *fs, const struct report_cause *c)
{
	(void)fs;
	return has_fact(c, "are allocated behind its end") && !is_unwritten(fs, c);
}

static bool has_copies(const struct fs_info *fs, const struct report_cause *c)
{
	(void)fs;
	return has_fact(c, "the data profile is ") &&
	       (has_fact(c, "dup") || has_fact(c, "raid1") || has_fact(c, "raid5") ||
		has_fact(c, "raid6"));
}

static bool is_nodatacow(const struct fs_info *fs, const struct report_cause *c)
{
	(void)c;
	return is_mounted_with(fs, "nodatacow");
}

/* On ext4 it helped in none of four pairs of runs on 6.18. */
static bool lazytime_is_vain(const struct fs_info *fs, const struct report_cause *c)
{
	(void)c;
	return is_mounted_with(fs, "lazytime") || is_type(fs, "ext4");
}

static bool is_noatime(const struct fs_info *fs, const struct report_cause *c)
{
	(void)c;
	return is_mounted_with(fs, "noatime");
}

static bool is_direct(const struct fs_info *fs, const struct report_cause *c)
{
	(void)fs;
	return knows_request(c) && (c->worst_shape & SHAPE_DIRECT);
}

static bool is_direct_sync(const struct fs_info *fs, const struct report_cause *c)
{
	return is_direct(fs, c) && (c->worst_shape & SHAPE_DSYNC);
}

static bool is_aligned(const struct fs_info *fs, const struct report_cause *c)
{
	(void)fs;
	return knows_request(c) &&
	       !(c->worst_shape & (SHAPE_UNALIGNED | SHAPE_UNALIGNED_LB | SHAPE_UNALIGNED_MEM));
}

static bool scheduler_is_none(const struct fs_info *fs, const struct report_cause *c)
{
	(void)fs;
	return has_fact(c, "queue/scheduler is none") || has_fact(c, "[none]");
}

static bool wbt_is_off(const struct fs_info *fs, const struct report_cause *c)
{
	(void)fs;
	return has_fact(c, "queue/wbt_lat_usec is 0\n");
}

static bool zeroout_is_off(const struct fs_info *fs, const struct report_cause *c)
{
	(void)fs;
	return has_fact(c, "extent_max_zeroout_kb is 0\n");
}

static const struct moot moots[] = {
	{{"defragment", "xfs_fsr"}, one_extent, NULL},
	{{"preallocat"}, is_unwritten, "write the preallocated file once before it is used"},
	{{"preallocat"}, is_allocated_behind, "set the file's size to what is allocated for it"},
	{{"set nodatacow", "use nodatacow"},
	 has_copies,
	 "convert the data profile to single or raid0"},
	{{"set nodatacow", "use nodatacow"}, is_nodatacow, NULL},
	{{"mount with lazytime"}, lazytime_is_vain, NULL},
	{{"noatime helps", "noatime spares", "O_NOATIME"}, is_noatime, NULL},
	{{"O_DIRECT and O_DSYNC", "O_DIRECT with O_DSYNC"}, is_direct_sync, NULL},
	{{"use O_DIRECT", "write with O_DIRECT\n", "write with O_DIRECT."}, is_direct, NULL},
	{{"align requests", "align offset", "align them", "aligned blocks"}, is_aligned, NULL},
	{{"scheduler none"}, scheduler_is_none, NULL},
	{{"wbt_lat_usec to 0"}, wbt_is_off, NULL},
	{{"extent_max_zeroout_kb"}, zeroout_is_off, NULL},
};

const struct moot *moot__at(size_t i)
{
	return i < sizeof(moots) / sizeof(*moots) ? &moots[i] : NULL;
}

bool moot__names(const struct moot *m, const char *text)
{
	for (size_t i = 0; i < MOOT_WORDS && m->words[i]; i++)
		if (strcasestr(text, m->words[i]))
			return true;
	return false;
}

/* "mount with OPTION", which it is mounted with. */
static bool is_mounted_so(const struct fs_info *fs, const char *clause)
{
	const char *at = strcasestr(clause, "mount with ");

	if (!at || strcasestr(clause, "not mount with"))
		return false;
	at += strlen("mount with ");
	return has_option(fs, at, strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789_"));
}

/* ---- texts ---- */

struct editing {
	const struct fs_info *fs;
	const struct report_cause *cause; /* its facts end in a newline each */
	const char *instead;
	bool cut; /* something was taken out */
};

static bool is_moot(struct editing *e, const char *clause)
{
	for (size_t i = 0; i < sizeof(moots) / sizeof(*moots); i++) {
		if (!moot__names(&moots[i], clause) || !moots[i].is(e->fs, e->cause))
			continue;
		e->instead = moots[i].instead ? moots[i].instead : e->instead;
		return true;
	}
	return is_mounted_so(e->fs, clause);
}

static const char *const ends[] = {". ", "; ", ", or ", ", and "};

/* Where the clause ends; *len of what stands between it and the next one. */
static size_t clause_len(const char *s, size_t *between)
{
	for (size_t i = 0; s[i]; i++) {
		for (size_t e = 0; e < sizeof(ends) / sizeof(*ends); e++) {
			*between = strlen(ends[e]);
			if (!strncmp(s + i, ends[e], *between))
				return i;
		}
	}
	*between = 0;
	return strlen(s);
}

static void append(char *buf, const char *text, size_t len)
{
	size_t used = strlen(buf);

	snprintf(buf + used, TEXT_SIZE - used, "%.*s", (int)len, text);
}

/* One more clause that holds; between: what stood before it, in a sentence that has lost its beginning or not. */
static void keep(char *buf, const char *clause, size_t len, const char *between, size_t between_len,
		 bool has_begun, bool capitals)
{
	size_t used = strlen(buf);

	if (used && (has_begun || !capitals))
		append(buf, between, between_len);
	else if (used)
		append(buf, ". ", 2);
	used = strlen(buf);
	append(buf, clause, len);
	if (!has_begun && capitals)
		buf[used] = (char)toupper((unsigned char)buf[used]);
}

/* The clauses that hold, into buf; a sentence of a text with capitals keeps its capital. */
static void edit(struct editing *e, const char *text, char *buf)
{
	bool capitals = isupper((unsigned char)*text), has_begun = false;
	size_t len, between, before_len = 0, whole = strlen(text);
	const char *at = text, *before = "";
	char clause[TEXT_SIZE];

	buf[0] = '\0';
	for (; *at; before = at + len, before_len = between, at += len + between) {
		len = clause_len(at, &between);
		if (*before == '.')
			has_begun = false;
		/* with its end, so that a row may mean the last words */
		snprintf(clause, sizeof(clause), "%.*s\n", (int)len, at);
		if (is_moot(e, clause)) {
			e->cut = true;
			continue;
		}
		keep(buf, at, len, before, before_len, has_begun, capitals);
		has_begun = true;
	}
	len = strlen(buf);
	if (len && whole && text[whole - 1] == '.' && buf[len - 1] != '.')
		append(buf, ".", 1);
}

/* What the operator can do, what the author can, and what to do instead of what is moot. */
static const char *edit_advice(struct pool *p, struct editing *e, const char *advice)
{
	const char *author = strstr(advice, IN_THE_PROGRAM);
	char host[TEXT_SIZE], operator_text[TEXT_SIZE], program[TEXT_SIZE] = "", all[3 * TEXT_SIZE];

	snprintf(host, sizeof(host), "%.*s",
		 (int)(author ? (size_t)(author - advice) : strlen(advice)), advice);
	edit(e, host, operator_text);
	if (author)
		edit(e, author + strlen(IN_THE_PROGRAM), program);
	if (!e->cut)
		return advice;
	snprintf(all, sizeof(all), "%s%s%s", operator_text,
		 !*program	  ? ""
		 : *operator_text ? IN_THE_PROGRAM
				  : &IN_THE_PROGRAM[1],
		 program);
	if (e->instead) {
		size_t used = strlen(all);

		snprintf(all + used, sizeof(all) - used, "%s%c%s.", used ? " " : "",
			 toupper((unsigned char)*e->instead), e->instead + 1);
	}
	return pool__str(p, all);
}

static const char *edit_todo(struct pool *p, struct editing *e, const char *todo)
{
	char text[TEXT_SIZE];

	e->cut = false;
	e->instead = NULL;
	edit(e, todo, text);
	if (!e->cut)
		return todo;
	return *text ? pool__str(p, text) : e->instead ? e->instead : "";
}

/* What was measured of a remedy speaks for it, too. */
static void leave_out_tried(struct pool *p, struct editing *e, struct report_cause *c)
{
	const char **kept = pool__array(p, c->nr_tried, sizeof(*kept));
	size_t n = 0;

	for (size_t i = 0; kept && i < c->nr_tried; i++)
		if (!is_moot(e, c->tried[i]))
			kept[n++] = c->tried[i];
	if (kept && n < c->nr_tried) {
		c->tried = kept;
		c->nr_tried = n;
	}
}

void moot__apply(struct pool *p, const struct fs_info *fs, struct report_cause *c)
{
	struct report_cause known = *c;
	struct editing e = {.fs = fs, .cause = &known};
	size_t size = c->facts ? strlen(c->facts) + 2 : 2;
	char *facts = pool__array(p, size, 1);

	if (!facts || !c->advice || !c->todo)
		return;
	snprintf(facts, size, "%s\n", c->facts ? c->facts : "");
	known.facts = facts;
	c->advice = edit_advice(p, &e, c->advice);
	c->todo = edit_todo(p, &e, c->todo);
	leave_out_tried(p, &e, c);
}
