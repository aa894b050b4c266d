// SPDX-License-Identifier: GPL-2.0
/* What is said against a cause besides its advice: remedies that were measured, settings of the programs that slept. */
#include <string.h>

#include "cause/causes.h"
#include "cause/programs.h"
#include "model/select.h"

/* Of programs that slept less often nothing is said. */
#define PROGRAMS_ASKED 8
#define SETTINGS_MAX 16

static bool is_known(const struct report_cause *c, const struct program *p)
{
	for (size_t i = 0; i < c->nr_settings; i++)
		if (c->settings[i].setting == p->setting)
			return true;
	return false;
}

static void add_settings(struct report_cause *c, const struct causes *causes, const char *comm)
{
	const struct program *p;

	for (size_t at = 0;
	     c->nr_settings < SETTINGS_MAX && (p = causes__program(causes, comm, c->id, &at));) {
		if (!is_known(c, p))
			c->settings[c->nr_settings++] =
				(struct report_setting){comm, p->setting, p->why, p->source};
	}
}

void remedies__build(struct selection *s, struct report_cause *c, const struct part *part)
{
	const struct causes *causes = s->ledger->opts.causes;
	/* a recording has the cause's texts as they were, the measurements are those of today's rules */
	const struct cause *rule = causes ? causes__find(causes, c->id) : NULL;
	const struct part *comms;
	size_t nr;

	if (!rule)
		return;
	c->tried = rule->tried;
	c->nr_tried = rule->nr_tried;
	comms = parts__of(s->pool, part->rows, part->nr, row__by_comm, PARTS_BY_SLEEPS, &nr);
	c->settings = pool__array(s->pool, SETTINGS_MAX, sizeof(*c->settings));
	for (size_t i = 0; c->settings && i < nr && i < PROGRAMS_ASKED; i++)
		add_settings(c, causes, comms[i].rows[0]->key.comm->text);
}
