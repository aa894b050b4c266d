// SPDX-License-Identifier: GPL-2.0
#include "model/container.h"

#include <stdio.h>
#include <string.h>

#define ID_DIGITS 64
#define ID_SHOWN 12
/* A word this short is no beginning of an id: "web" is a name, "dead" may be. */
#define ID_WORD_MIN 6

struct container {
	const char *runtime; /* "docker", "containerd", "crio", "podman", "lxc", "nspawn" */
	char id[CONTAINER_ID_MAX + 1];
};

/* What stands around the id in the last parts of paths, as the runtimes' drivers for systemd and for plain cgroups have it. */
static const struct {
	const char *before, *after, *runtime;
	bool by_name; /* and not by digits */
} forms[] = {
	{"docker-", ".scope", "docker", false},
	{"cri-containerd-", ".scope", "containerd", false},
	{"nerdctl-", ".scope", "containerd", false},
	{"crio-", ".scope", "crio", false},
	{"libpod-", ".scope", "podman", false},
	{"cri-containerd:", "", "containerd", false},
	{"crio-", "", "crio", false},
	{"libpod-", "", "podman", false},
	{"lxc.payload.", "", "lxc", true},
	{"machine-", ".scope", "nspawn", true},
	{"", "", "container", false},
};

static bool is_hex(const char *s, size_t len)
{
	return strspn(s, "0123456789abcdef") >= len;
}

static bool has_form(const char *part, size_t len, size_t i, struct container *c)
{
	size_t before = strlen(forms[i].before), after = strlen(forms[i].after);
	size_t id = len - before - after;

	if (len <= before + after || memcmp(part, forms[i].before, before) != 0 ||
	    memcmp(part + len - after, forms[i].after, after) != 0)
		return false;
	if (forms[i].by_name ? id > CONTAINER_ID_MAX
			     : id != ID_DIGITS || !is_hex(part + before, id))
		return false;
	c->runtime = forms[i].runtime;
	memcpy(c->id, part + before, id);
	c->id[id] = '\0';
	return true;
}

/* Whose folder a bare id stands in. */
static const char *runtime_of_folder(const char *cgroup, const char *part)
{
	static const char *const folders[] = {"docker", "kubepods"};

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		const char *at = strstr(cgroup, folders[i]);

		if (at && at < part && at != cgroup && at[-1] == '/')
			return folders[i];
	}
	return "container";
}

/* The innermost one of a cgroup's path; false if it is in none. */
static bool find_container(const char *cgroup, struct container *c)
{
	bool found = false;
	const char *part = cgroup ? cgroup : "";

	for (part += strspn(part, "/"); *part; part += strspn(part, "/")) {
		size_t len = strcspn(part, "/");

		for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
			if (!has_form(part, len, i, c))
				continue;
			if (!*forms[i].before)
				c->runtime = runtime_of_folder(cgroup, part);
			found = true;
			break;
		}
		part += len;
	}
	return found;
}

static bool ends_in(const char *s, size_t len, const char *tail)
{
	size_t n = strlen(tail);

	return len > n && !memcmp(s + len - n, tail, n);
}

size_t container__kind_of_unit(const char *part, size_t len)
{
	return ends_in(part, len, ".service") ? strlen(".service")
	       : ends_in(part, len, ".scope") ? strlen(".scope")
					      : 0;
}

const char *container__unit(const char *cgroup, size_t *len)
{
	const char *unit = NULL, *last = "", *part = cgroup ? cgroup : "";
	size_t last_len = 0;

	*len = 0;
	for (part += strspn(part, "/"); *part; part += strspn(part, "/")) {
		size_t n = strcspn(part, "/");

		last = part;
		last_len = n;
		if (container__kind_of_unit(part, n)) {
			unit = part;
			*len = n;
		}
		part += n;
	}
	if (!unit)
		*len = last_len;
	return unit ? unit : last;
}

const char *container__name(const char *cgroup, const struct container_names *names, char *buf,
			    size_t size)
{
	const char *name = NULL, *unit;
	struct container c;
	size_t len;

	if (find_container(cgroup, &c)) {
		name = names ? names->name(names->ctx, c.id) : NULL;
		if (name)
			snprintf(buf, size, "%s", name);
		else
			snprintf(buf, size, "%s:%.*s", c.runtime,
				 is_hex(c.id, ID_DIGITS) ? ID_SHOWN : CONTAINER_ID_MAX, c.id);
		return buf;
	}
	unit = container__unit(cgroup, &len);
	snprintf(buf, size, "%.*s", container__kind_of_unit(unit, len) ? (int)len : 0, unit);
	return buf;
}

bool container__is(const char *cgroup, const char *word, const struct container_names *names)
{
	size_t len = strlen(word);
	struct container c;
	char name[512];

	if (!strcmp(container__name(cgroup, names, name, sizeof(name)), word))
		return true;
	if (!find_container(cgroup, &c))
		return false;
	/* the pod, with all that is in it */
	if (!strncmp(name, word, len) && name[len] == '/' && strchr(word, '/'))
		return true;
	return !strcmp(c.id, word) || (len >= ID_WORD_MIN && !strncmp(c.id, word, len));
}
