// SPDX-License-Identifier: GPL-2.0
/* The check verb: every way of attaching, tried on this kernel. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/hostfacts.h"
#include "host/ksyms.h"
#include "live/live.h"
#include "live/probe.h"
#include "live/require.h"

static void add_fact(struct live_check *c, bool ok, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static void add_fact(struct live_check *c, bool ok, const char *name, const char *fmt, ...)
{
	va_list ap;

	if (c->nr_facts == ARRAY_SIZE(c->fact))
		return;
	c->fact[c->nr_facts].ok = ok;
	snprintf(c->fact[c->nr_facts].name, sizeof(c->fact[0].name), "%s", name);
	va_start(ap, fmt);
	vsnprintf(c->fact[c->nr_facts].value, sizeof(c->fact[0].value), fmt, ap);
	va_end(ap);
	c->nr_facts++;
}

static void check_facts(struct live_check *out, const struct probe_env *env,
			const struct live_opts *opts)
{
	struct err why = {0};
	struct ksyms *k;

	add_fact(out, true, "BTF", "%s",
		 opts->btf_path ? opts->btf_path : "/sys/kernel/btf/vmlinux");
	if (env->tracefs_fd >= 0)
		add_fact(out, true, "tracefs", "%s",
			 access("/sys/kernel/tracing/events", F_OK)
				 ? "not mounted; a private mount is used"
				 : "mounted");
	else
		add_fact(out, false, "tracefs", "%s", env->tracefs_why);
	add_fact(out, true, "task state", "%s",
		 env->has_prev_state ? "from sched_switch" : "from the task (before 5.18)");
	add_fact(out, env->has_run_delay, "accounts", "%s",
		 env->has_run_delay
			 ? "of running and of waiting for a CPU"
			 : "of running only (no CONFIG_SCHED_INFO): a return that no tracer was "
			   "shown counts its run-queue time as blocked if its wake-up was not "
			   "either");
	add_fact(out, env->counts_skips && env->counts_plain_skips, "skipped probes", "%s",
		 env->counts_plain_skips ? "counted by the kernel"
		 : env->counts_skips
			 ? "not counted for kprobes and tracepoints (before 6.7)"
			 : "not counted (before 5.12): how many calls they missed is not known");
	add_fact(out, true, "preemption", "%s",
		 !env->preemptible   ? "not inside the kernel: no probe is skipped for it"
		 : env->fentry_works ? "inside the kernel: io_submit is probed twice"
				     : "inside the kernel: calls may be skipped (no fentry)");
	k = ksyms__new(NULL, &why);
	if (k)
		add_fact(out, true, "kernel symbols", "%zu", ksyms__count(k));
	else
		add_fact(out, false, "kernel symbols", "%s", why.text);
	ksyms__free(k);
}

int live__check(const struct live_opts *opts, struct live_check *out, struct err *e)
{
	struct probe_plan plan;
	struct probe_env env;
	int rc = require__all(e);

	memset(out, 0, sizeof(*out));
	hostfacts__describe(&out->host);
	if (rc)
		return rc;
	rc = probe_env__init(&env, opts, e);
	if (rc)
		return rc;
	rc = probe_plan__make(&plan, &env, opts, true, e);
	for (int n = 0; n < NEED_MAX; n++)
		if (plan.need[n].name)
			out->need[out->nr_needs++] = plan.need[n];
	check_facts(out, &env, opts);
	probe_env__close(&env);
	return rc;
}
