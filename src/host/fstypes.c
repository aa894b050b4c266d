// SPDX-License-Identifier: GPL-2.0
#include "host/fstypes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/suggest.h"
#include "host/mountns.h"
#include "host/procfile.h"

#define FILE_MAX_BYTES (16 << 20)

/* Names that aiostall gives to what has no filesystem of its own. */
static const char *const own_types[] = {"blockdev", "chardev"};

/* Worth naming though no block device is behind them. */
static const char *const without_device[] = {"tmpfs", "overlay", "nfs", "nfs4", "cifs", "zfs"};

struct list {
	char *text; /* of the file that the names are in */
	const char *name[256];
	bool nodev[256];
	size_t nr;
};

static bool any_of(const char *const *words, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(words[i], word))
			return true;
	return false;
}

static char *read_below(const char *root, const char *path, size_t *len)
{
	char full[512], *text;

	if (snprintf(full, sizeof(full), "%s%s", root, path) >= (int)sizeof(full))
		return NULL;
	return procfile__read(full, FILE_MAX_BYTES, &text, len) ? NULL : text;
}

/* "nodev\ttmpfs" or "\text4". */
static bool read_registered(const char *root, struct list *l)
{
	size_t len;
	char *pos, *line;

	l->text = read_below(root, "/proc/filesystems", &len);
	pos = l->text;
	while (pos && l->nr < ARRAY_SIZE(l->name) && (line = procfile__line(&pos, l->text + len))) {
		char *tab = strchr(line, '\t');

		if (!tab)
			continue;
		l->nodev[l->nr] = tab != line;
		l->name[l->nr++] = tab + 1;
	}
	return l->nr > 0;
}

static bool is_nodev(const struct list *l, const char *type)
{
	for (size_t i = 0; i < l->nr; i++)
		if (!strcmp(l->name[i], type))
			return l->nodev[i];
	return true;
}

/* The types of mountinfo that a device or a server is behind, and those that are well known without. */
static void read_mounted(const char *root, const struct list *registered, struct list *l)
{
	char path[256], *pos, *line;
	size_t len;

	l->text = read_below("", mountns__path(root, path, sizeof(path)), &len);
	pos = l->text;
	while (pos && l->nr < ARRAY_SIZE(l->name) && (line = procfile__line(&pos, l->text + len))) {
		char *type = strstr(line, " - ");

		if (!type)
			continue;
		type += 3;
		type[strcspn(type, " ")] = '\0';
		if (any_of(l->name, l->nr, type))
			continue;
		if (!is_nodev(registered, type) ||
		    any_of(without_device, ARRAY_SIZE(without_device), type))
			l->name[l->nr++] = type;
	}
}

/* Line "alias fs-xfs xfs": the kernel loads it at the first mount. */
static bool is_module(const char *root, const char *type)
{
	char path[256], alias[64];
	struct utsname u;
	size_t len;
	char *text;
	bool found;

	if (uname(&u))
		return true;
	snprintf(path, sizeof(path), "/lib/modules/%s/modules.alias", u.release);
	text = read_below(root, path, &len);
	if (!text)
		return false;
	snprintf(alias, sizeof(alias), "alias fs-%.40s ", type);
	found = strstr(text, alias) != NULL;
	free(text);
	return found;
}

static int no_such(const char *type, const struct list *registered, const struct list *mounted,
		   struct err *e)
{
	char names[256] = "";
	struct suggest s;
	size_t used = 0;

	suggest__init(&s, type);
	for (size_t i = 0; i < mounted->nr; i++)
		suggest__offer(&s, mounted->name[i]);
	for (size_t i = 0; i < registered->nr; i++)
		suggest__offer(&s, registered->name[i]);
	for (size_t i = 0; i < ARRAY_SIZE(own_types); i++)
		suggest__offer(&s, own_types[i]);
	for (size_t i = 0; i < mounted->nr && used < sizeof(names); i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s, ",
					 mounted->name[i]);
	err__set(e, -ENODEV, "--fs %s: no such type of filesystem on this host", type);
	err__hint(e, "%s%s%sMounted here: %sand blockdev for devices used directly.",
		  suggest__best(&s) ? "Did you mean " : "",
		  suggest__best(&s) ? suggest__best(&s) : "", suggest__best(&s) ? "? " : "", names);
	return -ENODEV;
}

int fstypes__check(const char *root, const char *type, struct err *e)
{
	struct list *lists = calloc(2, sizeof(*lists));
	struct list *registered = lists, *mounted = lists + 1;
	int rc = 0;

	if (!lists)
		return err__set(e, -ENOMEM, "out of memory");
	if (!any_of(own_types, ARRAY_SIZE(own_types), type) && read_registered(root, registered) &&
	    !any_of(registered->name, registered->nr, type)) {
		read_mounted(root, registered, mounted);
		if (!any_of(mounted->name, mounted->nr, type) && !is_module(root, type))
			rc = no_such(type, registered, mounted, e);
	}
	free(registered->text);
	free(mounted->text);
	free(lists);
	return rc;
}
