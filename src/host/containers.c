// SPDX-License-Identifier: GPL-2.0
#include "host/containers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "host/cgroups.h"
#include "host/mountns.h"
#include "host/procfile.h"

#define MAX_NAMES 4096
#define MAX_JSON_BYTES (4 << 20)
#define MAX_ARGS (64 << 10)
#define MAX_WALK 20000
#define MAX_DEPTH 16
#define LOOK_AGAIN_NS NSEC_PER_SEC

struct known {
	UT_hash_handle hh;
	char id[CONTAINER_ID_MAX + 1];
	char name[256];
};

struct containers {
	char root[256];
	bool is_host;
	struct known *known;
	uint64_t looked_ns; /* 0 = not yet */
	struct container_names names;
};

static void add(struct containers *c, const char *id, const char *name)
{
	struct known *k;

	HASH_FIND_STR(c->known, id, k);
	if (k || !*name || strlen(id) > CONTAINER_ID_MAX || HASH_COUNT(c->known) >= MAX_NAMES)
		return;
	k = calloc(1, sizeof(*k));
	if (!k)
		return;
	snprintf(k->id, sizeof(k->id), "%s", id);
	snprintf(k->name, sizeof(k->name), "%s", name);
	HASH_ADD_STR(c->known, id, k);
	if (!k->hh.tbl)
		free(k);
}

static DIR *open_folder(const struct containers *c, const char *path)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s", c->root, path);
	return opendir(full);
}

/* ---- what the runtimes write ---- */

/* "pod_namespace_container-id.log", as the kubelet names its links, whatever the runtime. */
static void read_log_name(struct containers *c, const char *file)
{
	const char *namespace = strchr(file, '_');
	const char *container = namespace ? strchr(namespace + 1, '_') : NULL;
	const char *dash = container ? strrchr(container, '-') : NULL;
	size_t digits = dash ? strcspn(dash + 1, ".") : 0;
	char id[CONTAINER_ID_MAX + 1], name[256];

	if (digits != CONTAINER_ID_MAX || strcmp(dash + 1 + digits, ".log") != 0)
		return;
	snprintf(id, sizeof(id), "%.*s", (int)digits, dash + 1);
	snprintf(name, sizeof(name), "%.*s/%.*s/%.*s", (int)(container - namespace - 1),
		 namespace + 1, (int)(namespace - file), file, (int)(dash - container - 1),
		 container + 1);
	add(c, id, name);
}

static void read_kubelet(struct containers *c)
{
	DIR *dir = open_folder(c, "/var/log/containers");
	const struct dirent *d;

	while (dir && (d = readdir(dir)))
		read_log_name(c, d->d_name);
	if (dir)
		closedir(dir);
}

static json_t *read_json(const char *path)
{
	struct stat st;

	if (stat(path, &st) || !S_ISREG(st.st_mode) || st.st_size > MAX_JSON_BYTES)
		return NULL;
	return json_load_file(path, 0, NULL);
}

static void read_docker(struct containers *c)
{
	DIR *dir = open_folder(c, "/var/lib/docker/containers");
	const struct dirent *d;
	char path[PATH_MAX];

	while (dir && (d = readdir(dir))) {
		const char *name;
		json_t *json;

		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/var/lib/docker/containers/%s/config.v2.json",
			 c->root, d->d_name);
		json = read_json(path);
		name = json_string_value(json_object_get(json, "Name"));
		if (name)
			add(c, d->d_name, name + strspn(name, "/"));
		json_decref(json);
	}
	if (dir)
		closedir(dir);
}

/* Called with each entry of a folder below the root. */
typedef void (*entry_fn)(struct containers *c, const char *folder, const char *entry);

static void for_each(struct containers *c, const char *folder, entry_fn fn)
{
	DIR *dir = open_folder(c, folder);
	const struct dirent *d;

	for (size_t i = 0; dir && i < MAX_WALK && (d = readdir(dir)); i++)
		if (d->d_name[0] != '.')
			fn(c, folder, d->d_name);
	if (dir)
		closedir(dir);
}

static bool is_of_storage(const char *entry)
{
	const char *end = strrchr(entry, '-');

	return end && !strcmp(end, "-containers");
}

/*
 * What a runtime was told to start is in memory as long as it runs: a bundle with a config.json, in which
 * containerd and CRI-O keep what the kubelet calls it.
 */
static void read_bundle(struct containers *c, const char *folder, const char *id, const char *file)
{
	static const char *const keys[][3] = {
		{"io.kubernetes.cri.sandbox-namespace", "io.kubernetes.cri.sandbox-name",
		 "io.kubernetes.cri.container-name"},
		{"io.kubernetes.pod.namespace", "io.kubernetes.pod.name",
		 "io.kubernetes.container.name"},
	};
	json_t *json, *all;
	char path[PATH_MAX];
	struct known *k;

	HASH_FIND_STR(c->known, id, k);
	if (k)
		return;
	snprintf(path, sizeof(path), "%s%s/%s/%s", c->root, folder, id, file);
	json = read_json(path);
	all = json_object_get(json, "annotations");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *namespace = json_string_value(json_object_get(all, keys[i][0]));
		const char *pod = json_string_value(json_object_get(all, keys[i][1]));
		const char *container = json_string_value(json_object_get(all, keys[i][2]));
		char name[256];

		if (!namespace || !pod || !container)
			continue;
		snprintf(name, sizeof(name), "%s/%s/%s", namespace, pod, container);
		add(c, id, name);
	}
	json_decref(json);
}

static void read_task(struct containers *c, const char *folder, const char *id)
{
	read_bundle(c, folder, id, "config.json");
}

static void read_tasks(struct containers *c, const char *folder, const char *namespace)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", folder, namespace);
	for_each(c, path, read_task);
}

static void read_userdata(struct containers *c, const char *folder, const char *id)
{
	read_bundle(c, folder, id, "userdata/config.json");
}

static void read_running(struct containers *c, const char *folder, const char *entry)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", folder, entry);
	if (is_of_storage(entry))
		for_each(c, path, read_userdata);
}

/* A driver's folder, "overlay-containers", of root's storage. */
static void read_storage(struct containers *c, const char *folder, const char *entry)
{
	char path[PATH_MAX];
	json_t *all, *one;
	size_t i;

	if (!is_of_storage(entry))
		return;
	snprintf(path, sizeof(path), "%s%s/%s/containers.json", c->root, folder, entry);
	all = read_json(path);
	json_array_foreach(all, i, one)
	{
		const char *id = json_string_value(json_object_get(one, "id"));
		const char *name =
			json_string_value(json_array_get(json_object_get(one, "names"), 0));

		if (id && name)
			add(c, id, name);
	}
	json_decref(all);
}

/* 0 = not known. What a user may have put there instead must not hold us up. */
static unsigned long pid_in(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	char text[32] = "";
	struct stat st;

	if (fd < 0)
		return 0;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || read(fd, text, sizeof(text) - 1) < 1)
		*text = '\0';
	close(fd);
	return strtoul(text, NULL, 10);
}

/*
 * A user's storage is below their home, which may be a server that does not answer. What is in /run is
 * in memory: a folder for each container that runs, with the process id of conmon, which is given its name.
 */
static void read_conmon(struct containers *c, const char *folder, const char *id)
{
	char path[PATH_MAX], *args;
	unsigned long pid;
	size_t len;

	snprintf(path, sizeof(path), "%s%s/%s/userdata/conmon.pid", c->root, folder, id);
	pid = pid_in(path);
	snprintf(path, sizeof(path), "%s/proc/%lu/cmdline", c->root, pid);
	if (!pid || procfile__read(path, MAX_ARGS, &args, &len))
		return;
	for (size_t at = 0; at < len; at += strlen(args + at) + 1)
		if (!strcmp(args + at, "-n") && at + 3 < len)
			add(c, id, args + at + 3);
	free(args);
}

static void read_user_storage(struct containers *c, const char *folder, const char *entry)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", folder, entry);
	if (is_of_storage(entry))
		for_each(c, path, read_conmon);
}

static void read_user(struct containers *c, const char *folder, const char *user)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s/containers", folder, user);
	for_each(c, path, read_user_storage);
}

static void look(struct containers *c)
{
	uint64_t now_ns = clock__mono_ns();

	if (c->looked_ns && now_ns - c->looked_ns < LOOK_AGAIN_NS)
		return;
	c->looked_ns = now_ns;
	/* the kubelet's first: other runtimes' names of the same are longer and say less */
	read_kubelet(c);
	read_docker(c);
	for_each(c, "/run/containerd/io.containerd.runtime.v2.task", read_tasks);
	for_each(c, "/run/containers/storage", read_running);
	for_each(c, "/var/lib/containers/storage", read_storage);
	for_each(c, "/run/user", read_user);
}

static const char *name_of(void *ctx, const char *id)
{
	struct containers *c = ctx;
	struct known *k;

	HASH_FIND_STR(c->known, id, k);
	if (k)
		return k->name;
	look(c);
	HASH_FIND_STR(c->known, id, k);
	return k ? k->name : NULL;
}

struct containers *containers__new(const char *root)
{
	struct containers *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->is_host = !root;
	if (root)
		snprintf(c->root, sizeof(c->root), "%s", root);
	else
		mountns__files("", c->root, sizeof(c->root));
	c->names = (struct container_names){name_of, c};
	return c;
}

void containers__free(struct containers *c)
{
	struct known *k, *next;

	if (!c)
		return;
	HASH_ITER(hh, c->known, k, next)
	{
		HASH_DEL(c->known, k);
		free(k);
	}
	free(c);
}

const struct container_names *containers__names(struct containers *c)
{
	return &c->names;
}

void containers__each(struct containers *c, void (*fn)(void *ctx, const char *id, const char *name),
		      void *ctx)
{
	look(c);
	for (struct known *k = c->known; k; k = k->hh.next)
		fn(ctx, k->id, k->name);
}

/* ---- from the name to the cgroup ---- */

struct search {
	struct containers *containers;
	const char *word;
	size_t root; /* length of the mount point */
	char *found;
	size_t size, nr_found, nr_looked;
};

static void search_below(struct search *s, char *path, size_t len, unsigned int depth)
{
	DIR *dir = depth < MAX_DEPTH ? opendir(path) : NULL;
	const struct dirent *d;

	while (dir && (d = readdir(dir)) && s->nr_looked < MAX_WALK) {
		int n;

		if (d->d_type != DT_DIR || d->d_name[0] == '.')
			continue;
		s->nr_looked++;
		n = snprintf(path + len, PATH_MAX - len, "/%s", d->d_name);
		if (n < 0 || (size_t)n >= PATH_MAX - len)
			continue;
		/* what is below it is of it, too */
		if (container__is(path + s->root, s->word, &s->containers->names)) {
			s->nr_found++;
			snprintf(s->found, s->size, "%s", path + s->root);
		} else {
			search_below(s, path, len + (size_t)n, depth + 1);
		}
	}
	path[len] = '\0';
	if (dir)
		closedir(dir);
}

int containers__cgroup(struct containers *c, const char *word, char *found, size_t size,
		       struct err *e)
{
	struct search s = {.containers = c, .word = word, .found = found, .size = size};
	char path[PATH_MAX], *mount = c->is_host ? cgroups__mount_point() : NULL;

	if (c->is_host && !mount)
		return err__set(e, -ENOENT, "--container %s: cgroup v2 is not mounted", word);
	s.root = mount ? (size_t)snprintf(path, sizeof(path), "%s", mount)
		       : (size_t)snprintf(path, sizeof(path), "%s/sys/fs/cgroup", c->root);
	free(mount);
	search_below(&s, path, s.root, 0);
	if (s.nr_found == 1)
		return 0;
	if (s.nr_found)
		return err__set(e, -EINVAL, "--container %s: %zu are called so", word, s.nr_found);
	err__set(e, -ENOENT, "--container %s: there is none of that name or id", word);
	err__hint(e, "A name as its runtime has it, namespace/pod/container of Kubernetes, a "
		     "beginning of the id, or a unit of systemd.");
	return -ENOENT;
}
