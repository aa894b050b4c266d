// SPDX-License-Identifier: GPL-2.0
#include "report/jsonw.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "model/queued.h"
#include "report/names.h"
#include "report/print.h"

/* jansson refuses NULL parents and values with -1 and drops the value then. */
static void keep(struct jsonw *w, int rc)
{
	if (rc)
		w->err = -ENOMEM;
}

json_t *jsonw__object(struct jsonw *w, json_t *parent, const char *key)
{
	keep(w, json_object_set_new(parent, key, json_object()));
	return json_object_get(parent, key);
}

json_t *jsonw__array(struct jsonw *w, json_t *parent, const char *key)
{
	keep(w, json_object_set_new(parent, key, json_array()));
	return json_object_get(parent, key);
}

json_t *jsonw__item(struct jsonw *w, json_t *array)
{
	json_t *item = json_object();

	keep(w, json_array_append_new(array, item));
	return w->err ? NULL : item;
}

static json_t *integer(uint64_t v)
{
	return json_integer(v > INT64_MAX ? INT64_MAX : (json_int_t)v);
}

/* Each invalid byte may become the three bytes of U+FFFD. */
static json_t *string(const char *s)
{
	size_t size;
	char *clean;
	json_t *v;

	s = s ? s : "";
	size = 3 * strlen(s) + 1;
	clean = malloc(size);
	if (!clean)
		return NULL;
	v = json_string(esc__utf8(s, clean, size));
	free(clean);
	return v;
}

void jsonw__u64(struct jsonw *w, json_t *o, const char *key, uint64_t v)
{
	keep(w, json_object_set_new(o, key, integer(v)));
}

void jsonw__int(struct jsonw *w, json_t *o, const char *key, int64_t v)
{
	keep(w, json_object_set_new(o, key, json_integer(v)));
}

/* JSON has no NaN and no infinity. */
void jsonw__real(struct jsonw *w, json_t *o, const char *key, double v)
{
	keep(w, json_object_set_new(o, key, json_real(v - v == 0 ? v : 0)));
}

void jsonw__bool(struct jsonw *w, json_t *o, const char *key, bool v)
{
	keep(w, json_object_set_new(o, key, json_boolean(v)));
}

void jsonw__null(struct jsonw *w, json_t *o, const char *key)
{
	keep(w, json_object_set_new(o, key, json_null()));
}

void jsonw__u64_if(struct jsonw *w, json_t *o, const char *key, bool known, uint64_t v)
{
	if (known)
		jsonw__u64(w, o, key, v);
	else
		jsonw__null(w, o, key);
}

void jsonw__real_if(struct jsonw *w, json_t *o, const char *key, bool known, double v)
{
	if (known)
		jsonw__real(w, o, key, v);
	else
		jsonw__null(w, o, key);
}

void jsonw__str(struct jsonw *w, json_t *o, const char *key, const char *s)
{
	keep(w, json_object_set_new(o, key, string(s)));
}

void jsonw__add_str(struct jsonw *w, json_t *array, const char *s)
{
	keep(w, json_array_append_new(array, string(s)));
}

void jsonw__add_u64(struct jsonw *w, json_t *array, uint64_t v)
{
	keep(w, json_array_append_new(array, integer(v)));
}

void jsonw__fs(struct jsonw *w, json_t *o, const struct fs_info *fs)
{
	static const struct fs_info unknown = {.fstype = "(unknown)"};
	char device[32];

	if (!fs)
		fs = &unknown;
	snprintf(device, sizeof(device), "%u:%u", fs->major, fs->minor);
	jsonw__str(w, o, "api", api__name(fs->api));
	jsonw__str(w, o, "fstype", fs->fstype);
	jsonw__str(w, o, "device", device);
	jsonw__str(w, o, "device_name", fs->device_name);
	jsonw__str(w, o, "mount", fs->mount);
	jsonw__str(w, o, "mount_options", fs->mount_options);
	if (fs->generation)
		jsonw__u64(w, o, "generation", fs->generation + 1ULL);
}

void jsonw__who(struct jsonw *w, json_t *o, const struct who *who)
{
	jsonw__u64(w, o, "pid", who->pid);
	jsonw__u64(w, o, "tid", who->tid);
	jsonw__str(w, o, "comm", who->comm);
	jsonw__u64(w, o, "cgroup_id", who->cgroup_id);
	jsonw__str(w, o, "cgroup", who->cgroup);
}

void jsonw__frames(struct jsonw *w, json_t *o, const char *key, const struct stack *s)
{
	json_t *frames = jsonw__array(w, o, key);

	for (uint32_t i = 0; s && i < s->depth; i++)
		jsonw__add_str(w, frames, s->frames[i]);
}

void jsonw__shape(struct jsonw *w, json_t *o, uint32_t shape)
{
	json_t *words = jsonw__array(w, o, "shape");
	const struct names_shape *s;

	for (size_t i = 0; (s = names__shape(i)); i++) {
		if (shape & s->bit)
			jsonw__add_str(w, words, s->key);
	}
	if (shape__memory_align(shape))
		jsonw__u64(w, o, "memory_alignment", shape__memory_align(shape));
	else
		jsonw__null(w, o, "memory_alignment");
}

void jsonw__index(struct jsonw *w, json_t *o, enum request_how how, uint32_t index, uint32_t nr)
{
	if (nr && (how == HOW_EXACT || how == HOW_SCANNED))
		jsonw__u64(w, o, "index", index);
	else
		jsonw__null(w, o, "index");
	jsonw__u64(w, o, "nr", nr);
}

void jsonw__submitter(struct jsonw *w, json_t *o, enum plane plane, uint32_t tid)
{
	if (plane == PLANE_WORKER || plane == PLANE_SQPOLL)
		jsonw__u64_if(w, o, "submitter_tid", tid != 0, tid);
}

int jsonw__finish(struct jsonw *w, json_t *root, FILE *out, size_t flags)
{
	int rc = root ? w->err : -ENOMEM;

	if (!rc) {
		errno = 0;
		if (json_dumpf(root, out, flags) != 0)
			rc = errno ? -errno : -EIO;
		else if (fputc('\n', out) == EOF)
			rc = errno ? -errno : -EIO;
		else
			rc = print__flush(out);
	}
	json_decref(root);
	return rc;
}

void jsonw__queued(struct jsonw *w, json_t *o, bool known, const struct counters *c)
{
	struct queued ops[QUEUED_OPS];
	json_t *all, *one;

	if (!queued__of(c, ops) || !known) {
		jsonw__null(w, o, "queue_delay_ops");
		return;
	}
	all = jsonw__object(w, o, "queue_delay_ops");
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		one = jsonw__object(w, all, ops[i].op);
		jsonw__u64(w, one, "requests", ops[i].requests);
		jsonw__u64(w, one, "delay_ns", ops[i].delay_ns);
	}
}
