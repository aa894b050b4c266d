// SPDX-License-Identifier: GPL-2.0
/* Who submitted, and the errors of calls that failed. */
#include "report/jsonw.h"
#include "report/names.h"

void jsonw__errors(struct jsonw *w, json_t *o, const struct report *r)
{
	json_t *list = jsonw__array(w, o, "errors");
	char name[32];

	for (size_t i = 0; i < r->nr_failures; i++) {
		json_t *item = jsonw__item(w, list);

		if (r->failures[i].err)
			jsonw__str(w, item, "errno",
				   names__errno(r->failures[i].err, name, sizeof(name)));
		else
			jsonw__null(w, item, "errno");
		jsonw__int(w, item, "number", r->failures[i].err);
		jsonw__u64(w, item, "submits", r->failures[i].calls);
	}
}

static void put_process(struct jsonw *w, json_t *o, const struct report_process *p)
{
	char unit[256];

	jsonw__u64(w, o, "pid", p->pid);
	if (*p->host)
		jsonw__str(w, o, "host", p->host);
	jsonw__str(w, o, "comm", p->comm);
	jsonw__str(w, o, "cgroup", p->cgroup);
	jsonw__str(w, o, "unit", names__unit(p->cgroup, unit, sizeof(unit)));
	jsonw__u64_if(w, o, "submits", p->has_submits, p->submits);
	jsonw__u64_if(w, o, "submits_blocked", p->has_submits, p->submits_blocked);
	jsonw__u64_if(w, o, "requests", p->has_submits, p->requests);
	jsonw__u64(w, o, "sleeps", p->sleeps);
	jsonw__u64(w, o, "blocked_ns", p->blocked_ns);
	jsonw__u64_if(w, o, "max_ns", p->cause_id || !p->sleeps, p->max_ns);
	jsonw__real_if(w, o, "blocked_share", p->has_submits, p->blocked_share);
	jsonw__real_if(w, o, "ctxsw_per_io", p->has_submits, p->ctxsw_per_io);
	if (p->cause_id)
		jsonw__str(w, o, "cause", p->cause_id);
	else
		jsonw__null(w, o, "cause");
	if (p->fs)
		jsonw__fs(w, jsonw__object(w, o, "on"), p->fs);
	else
		jsonw__null(w, o, "on");
}

void jsonw__processes(struct jsonw *w, json_t *root, const struct report *r, const char *no_submits)
{
	json_t *list = jsonw__array(w, root, "processes");

	for (size_t i = 0; i < r->nr_processes; i++)
		put_process(w, jsonw__item(w, list), &r->processes[i]);
	if (no_submits)
		jsonw__str(w, root, "processes_only_slept", no_submits);
	else
		jsonw__null(w, root, "processes_only_slept");
}
