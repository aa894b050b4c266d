// SPDX-License-Identifier: GPL-2.0
#include "host/caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct __user_cap_header_struct header(void)
{
	return (struct __user_cap_header_struct){.version = _LINUX_CAPABILITY_VERSION_3};
}

int caps__get(uint64_t *effective, uint64_t *permitted)
{
	struct __user_cap_header_struct hdr = header();
	struct __user_cap_data_struct data[2] = {0};

	if (syscall(SYS_capget, &hdr, data))
		return -errno;
	*effective = data[0].effective | (uint64_t)data[1].effective << 32;
	*permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	return 0;
}

static int set(uint64_t effective, uint64_t permitted)
{
	struct __user_cap_header_struct hdr = header();
	const struct __user_cap_data_struct data[2] = {
		{(uint32_t)effective, (uint32_t)permitted, 0},
		{(uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), 0},
	};

	return syscall(SYS_capset, &hdr, data) ? -errno : 0;
}

int caps__keep(uint64_t keep, uint64_t aside)
{
	uint64_t effective, permitted;
	int rc = caps__get(&effective, &permitted);

	if (rc)
		return rc;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	/* ambient ones go with the permitted */
	return set(effective & keep, permitted & (keep | aside));
}

int caps__keep_none(void)
{
	return set(0, 0);
}

static bool change(int cap, bool raise)
{
	uint64_t effective, permitted, bit = CAPS_BIT(cap);

	if (caps__get(&effective, &permitted) || !(permitted & bit) || !!(effective & bit) == raise)
		return false;
	return !set(raise ? effective | bit : effective & ~bit, permitted);
}

bool caps__raise(int cap)
{
	return change(cap, true);
}

void caps__lower(int cap)
{
	change(cap, false);
}
