// SPDX-License-Identifier: GPL-2.0
#include "cmd/privileges.h"

#include <linux/capability.h>
#include <string.h>

#include "host/caps.h"

static uint64_t kept(const struct cmd_opts *opts)
{
	/* maps are read by bpf(2); paths, mounts, maps and symbols are those of other users' processes */
	uint64_t keep =
		CAPS_BIT(CAP_BPF) | CAPS_BIT(CAP_SYS_PTRACE) | CAPS_BIT(CAP_DAC_READ_SEARCH);

	/* /proc/PID/map_files */
	if (opts->live.user_stacks)
		keep |= CAPS_BIT(CAP_CHECKPOINT_RESTORE);
	/* signals that are for the command, whoever it has become */
	if (opts->child)
		keep |= CAPS_BIT(CAP_KILL);
	/* the folder may be another user's, and a file that is replaced keeps its owner */
	if (opts->output || opts->textfile)
		keep |= CAPS_BIT(CAP_DAC_OVERRIDE) | CAPS_BIT(CAP_CHOWN) | CAPS_BIT(CAP_FOWNER);
	return keep;
}

/* Without them tracing goes on, and knows less. */
static void name_missing(const struct cmd_opts *opts, uint64_t permitted)
{
	if (!(permitted & CAPS_BIT(CAP_SYS_PTRACE)))
		log__print(LOG_ERROR,
			   "without CAP_SYS_PTRACE there are no paths, mounts and symbols "
			   "of other users' programs");
	if (!(permitted & CAPS_BIT(CAP_DAC_READ_SEARCH)))
		log__print(LOG_WARN, "without CAP_DAC_READ_SEARCH there are no symbols of files "
				     "that this user may not read");
	if (opts->live.user_stacks &&
	    !(permitted & (CAPS_BIT(CAP_CHECKPOINT_RESTORE) | CAPS_BIT(CAP_SYS_ADMIN))))
		log__print(LOG_ERROR,
			   "without CAP_CHECKPOINT_RESTORE there are no symbols of files "
			   "that were deleted");
}

int privileges__drop(const struct cmd_opts *opts, struct err *e)
{
	uint64_t effective, permitted, keep = kept(opts), aside = CAPS_BIT(CAP_SYS_ADMIN);
	int rc = caps__get(&effective, &permitted);

	if (!rc)
		name_missing(opts, permitted);
	/* it stands for CAP_BPF where that is not there */
	if (!rc && !(permitted & CAPS_BIT(CAP_BPF)))
		keep |= aside;
	if (!rc)
		rc = caps__keep(keep, aside);
	return rc ? err__set(e, rc, "cannot give up privileges: %s", strerror(-rc)) : 0;
}
