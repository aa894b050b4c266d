// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE /* setresuid */
#include "cmd/runas.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/caps.h"

#define ID_MAX (UINT32_MAX - 1) /* the last one means "leave it" to the kernel */

/*
 * The files themselves: the binary is static, and what else the C library would ask is loaded when
 * it is asked. Users whom only a directory service knows have numbers.
 */
static bool find_user(const char *name, uint64_t uid, struct runas *r)
{
	FILE *f = fopen("/etc/passwd", "re");
	const struct passwd *p = NULL;
	bool found = false;

	while (f && !found && (p = fgetpwent(f)))
		found = name ? !strcmp(p->pw_name, name) : p->pw_uid == uid;
	if (found) {
		r->uid = p->pw_uid;
		r->gid = p->pw_gid;
		snprintf(r->name, sizeof(r->name), "%s", p->pw_name);
		snprintf(r->home, sizeof(r->home), "%s", p->pw_dir);
	}
	if (f)
		fclose(f);
	return found;
}

static bool is_member(const struct group *g, const char *name)
{
	for (char **member = g->gr_mem; *member; member++)
		if (!strcmp(*member, name))
			return true;
	return false;
}

static int find_groups(struct runas *r, struct err *e)
{
	FILE *f = *r->name ? fopen("/etc/group", "re") : NULL;
	const struct group *g;
	int rc = 0;

	while (f && !rc && (g = fgetgrent(f))) {
		if (!is_member(g, r->name))
			continue;
		if (r->nr_groups == RUNAS_GROUPS_MAX)
			rc = err__set(e, -E2BIG, "--user %s: in more than %d groups", r->name,
				      RUNAS_GROUPS_MAX);
		else
			r->groups[r->nr_groups++] = g->gr_gid;
	}
	if (f)
		fclose(f);
	return rc;
}

/* "1000:1000", of a user whom nothing here knows. */
static bool take_pair(const char *user, struct runas *r)
{
	const char *colon = strchr(user, ':');
	uint64_t uid, gid;
	char text[32];

	if (!colon ||
	    snprintf(text, sizeof(text), "%.*s", (int)(colon - user), user) >= (int)sizeof(text))
		return false;
	if (parse__u64(text, 0, ID_MAX, &uid) || parse__u64(colon + 1, 0, ID_MAX, &gid))
		return false;
	find_user(NULL, uid, r);
	r->uid = (uid_t)uid;
	r->gid = (gid_t)gid;
	return true;
}

static bool take_user(const char *user, struct runas *r)
{
	uint64_t uid;

	if (find_user(user, 0, r) || take_pair(user, r))
		return true;
	return !parse__u64(user, 0, ID_MAX, &uid) && find_user(NULL, uid, r);
}

/* What sudo says of its caller, "UID:GID"; false if there is none, or it is root. */
static bool sudo_caller(char *text, size_t size)
{
	const char *uid = getenv("SUDO_UID"), *gid = getenv("SUDO_GID");

	if (geteuid() != 0 || !uid || !gid || !strcmp(uid, "0"))
		return false;
	return snprintf(text, size, "%s:%s", uid, gid) < (int)size;
}

int runas__find(const char *user, struct runas *r, struct err *e)
{
	char caller[64];

	*r = (struct runas){.other = false};
	if (!user) {
		if (!sudo_caller(caller, sizeof(caller)))
			return 0;
		user = caller;
	}
	if (!take_user(user, r)) {
		err__set(e, -ENOENT, "--user %s: there is no such user in /etc/passwd", user);
		err__hint(e, "One that only a directory service knows is named as UID:GID.");
		return -ENOENT;
	}
	r->other = r->uid != geteuid();
	return r->other ? find_groups(r, e) : 0;
}

static int set_environment(const struct runas *r)
{
	if (*r->name && (setenv("USER", r->name, 1) || setenv("LOGNAME", r->name, 1)))
		return -errno;
	return *r->home && setenv("HOME", r->home, 1) ? -errno : 0;
}

int runas__become(const struct runas *r)
{
	if (!r->other)
		return 0;
	if (setgroups(r->nr_groups, r->groups) || setresgid(r->gid, r->gid, r->gid) ||
	    setresuid(r->uid, r->uid, r->uid))
		return -errno;
	/* they go by themselves only where it was root that became somebody */
	if (r->uid && caps__keep_none())
		return -EPERM;
	return set_environment(r);
}
