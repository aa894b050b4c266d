// SPDX-License-Identifier: GPL-2.0
/* Causes and filesystems of sleeps about which not everything is known. */
#include "model/pseudo.h"

#include <string.h>

#include "model/ledger.h"

static const struct cause causes[] = {
	[PSEUDO_UNKNOWN] = {.id = CAUSE_UNKNOWN,
			    .name = "no rule knows the stack",
			    .operator_advice = ""},
	[PSEUDO_NO_STACK] = {.id = CAUSE_NO_STACK,
			     .name = "the stack is not available",
			     .operator_advice = ""},
	[PSEUDO_BELOW_MIN] = {.id = "below_min",
			      .name = "the sleeps were shorter than -m",
			      .operator_advice = "Lower -m to see their causes."},
	[PSEUDO_LOST] = {.id = "lost",
			 .name = "the records of the sleeps were lost",
			 .operator_advice =
				 "Raise -m or filter more, so that fewer records are sent."},
	[PSEUDO_BEYOND] = {.id = "beyond",
			   .name = "the records of the sleeps are not in what was read",
			   .operator_advice =
				   "Of a recording, include the files, or the time, before and "
				   "after it. Of a device whose number another filesystem has "
				   "taken, look at the rows of that number."},
	[PSEUDO_OTHER] = {.id = LEDGER_OTHER,
			  .name = "there are more causes than are told apart",
			  .operator_advice = ""},
};

const struct fs_info pseudo_fs_unknown = {
	.fstype = "(unknown)", .device_name = "", .mount = "", .mount_options = ""};
const struct fs_info pseudo_fs_other = {
	.fstype = LEDGER_OTHER, .device_name = "", .mount = "", .mount_options = ""};

const struct cause *pseudo__find(const char *id)
{
	for (size_t i = 0; i < PSEUDO_CAUSES; i++)
		if (!strcmp(causes[i].id, id))
			return &causes[i];
	return NULL;
}

const struct cause *pseudo__cause(enum pseudo which)
{
	return &causes[which];
}
