// SPDX-License-Identifier: GPL-2.0
#include "host/ksyms.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_PATH "/proc/kallsyms"
#define READ_BYTES (256 * 1024)
/* Far above any kernel; a made-up file must not eat the memory. */
#define MAX_SYMS (4u << 20)
#define MAX_ARENA (256u << 20)
/* No function is as long: what lies further behind its start is not in it. */
#define MAX_FUNC (1u << 20)
/* Addresses without a name that one stack can have. */
#define UNKNOWN_MAX 256
#define UNKNOWN_LEN 20
#define UNKNOWN_REST "0x?"
/* Offset 0 of the arena is the empty string: "no function starts here". */
#define NO_NAME 0

struct sym {
	uint64_t addr;
	uint32_t name;
	uint32_t rank; /* lower wins among the names of one address */
};

struct ksyms {
	uint64_t *addr;
	uint32_t *name;
	size_t nr;
	char *arena;
	char (*unknown)[UNKNOWN_LEN]; /* names that the last ksyms__frames made up */
};

struct loader {
	struct sym *sym;
	size_t nr, cap;
	char *arena;
	size_t arena_len, arena_cap;
	bool sorted;
};

static bool has_suffix(const char *s, size_t len, const char *suffix)
{
	size_t n = strlen(suffix);

	return len >= n && !memcmp(s + len - n, suffix, n);
}

/* The linker script's marks of where sections begin and end. */
static bool is_mark(const char *s, size_t len)
{
	static const char *const marks[] = {
		"_text", "_stext", "_etext", "_sinittext", "_einittext", "_start", "_end", "_begin",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(marks); i++)
		if (has_suffix(s, len, marks[i]))
			return true;
	return false;
}

/* Padding before a function and the assembler's local marks. */
static bool is_noise(const char *s)
{
	return s[0] == '$' || s[0] == '.' || !strncmp(s, "__pfx_", 6) || !strncmp(s, "__cfi_", 6);
}

static bool is_text(char type)
{
	return type == 't' || type == 'T' || type == 'w' || type == 'W';
}

static uint32_t rank_of(const char *s, size_t len, char type)
{
	return (is_mark(s, len) ? 4u : 0) + (type == 't' || type == 'w' ? 2u : 0) +
	       (s[0] == '_' ? 1u : 0);
}

static int grow(void **p, size_t *cap, size_t item, size_t first, size_t max)
{
	size_t want = *cap ? *cap * 2 : first;
	void *n;

	if (want > max)
		return -EFBIG;
	n = realloc(*p, want * item);
	if (!n)
		return -ENOMEM;
	*p = n;
	*cap = want;
	return 0;
}

static int loader__intern(struct loader *l, const char *s, size_t len, uint32_t *off)
{
	int rc;

	while (l->arena_cap - l->arena_len < len + 1) {
		rc = grow((void **)&l->arena, &l->arena_cap, 1, 1u << 20, MAX_ARENA);
		if (rc)
			return rc;
	}
	*off = (uint32_t)l->arena_len;
	memcpy(l->arena + l->arena_len, s, len);
	l->arena[l->arena_len + len] = '\0';
	l->arena_len += len + 1;
	return 0;
}

/* Symbols that are not text are kept without a name: they bound the text before them. */
static int loader__add(struct loader *l, uint64_t addr, char type, const char *s, size_t len)
{
	struct sym *y;
	int rc;

	if (l->nr == l->cap) {
		rc = grow((void **)&l->sym, &l->cap, sizeof(*l->sym), 1u << 16, MAX_SYMS);
		if (rc)
			return rc;
	}
	y = &l->sym[l->nr];
	*y = (struct sym){.addr = addr, .name = NO_NAME, .rank = UINT32_MAX};
	if (is_text(type)) {
		rc = loader__intern(l, s, len, &y->name);
		if (rc)
			return rc;
		y->rank = rank_of(s, len, type);
	}
	if (l->nr && l->sym[l->nr - 1].addr > addr)
		l->sorted = false;
	l->nr++;
	return 0;
}

static const char *hex(const char *p, uint64_t *v)
{
	static const int8_t val[256] = {
		['0'] = 1,  ['1'] = 2,	['2'] = 3,  ['3'] = 4,	['4'] = 5,  ['5'] = 6,
		['6'] = 7,  ['7'] = 8,	['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
		['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
	};
	uint64_t n = 0;
	int digits = 0;

	for (; val[(unsigned char)*p]; p++, digits++)
		n = n << 4 | (uint64_t)(val[(unsigned char)*p] - 1);
	*v = n;
	return digits && digits <= 16 ? p : NULL;
}

/* "ffffffff81000000 T name\t[module]"; a line that is not like it is skipped. */
static int loader__line(struct loader *l, const char *line)
{
	const char *p, *name;
	uint64_t addr;
	size_t len;

	p = hex(line, &addr);
	if (!p || p[0] != ' ' || !isalpha((unsigned char)p[1]) || p[2] != ' ')
		return 0;
	name = p + 3;
	len = strcspn(name, "\t ");
	if (!addr || !len || is_noise(name))
		return 0;
	return loader__add(l, addr, p[1], name, len);
}

static int loader__lines(struct loader *l, char *buf, size_t *len)
{
	char *p = buf, *end = buf + *len, *nl;
	int rc;

	while ((nl = memchr(p, '\n', (size_t)(end - p)))) {
		*nl = '\0';
		rc = loader__line(l, p);
		if (rc)
			return rc;
		p = nl + 1;
	}
	/* A line longer than the whole buffer is no symbol. */
	if (p == buf && *len == READ_BYTES)
		p = end;
	*len = (size_t)(end - p);
	memmove(buf, p, *len);
	return 0;
}

/* The kernel hands out one page per read(2): nothing is gained by reading all of it first. */
static int loader__read(struct loader *l, int fd)
{
	char *buf = malloc(READ_BYTES + 1);
	size_t len = 0;
	ssize_t got;
	int rc = 0;

	if (!buf)
		return -ENOMEM;
	while ((got = read(fd, buf + len, READ_BYTES - len)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			rc = -errno;
			goto out;
		}
		len += (size_t)got;
		rc = loader__lines(l, buf, &len);
		if (rc)
			goto out;
	}
	buf[len] = '\0';
	rc = loader__line(l, buf);
out:
	free(buf);
	return rc;
}

static int cmp_sym(const void *a, const void *b)
{
	const struct sym *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name;
}

/* One entry per address, one nameless entry per run of them. */
static void loader__compact(struct loader *l)
{
	size_t i, n = 0;

	for (i = 0; i < l->nr; i++) {
		struct sym s = l->sym[i];

		if (n && l->sym[n - 1].addr == s.addr)
			continue;
		/* The end of the text: nothing starts here, though its type is text. */
		if (s.name && has_suffix(l->arena + s.name, strlen(l->arena + s.name), "_etext"))
			s.name = NO_NAME;
		if (!s.name && (!n || !l->sym[n - 1].name))
			continue;
		l->sym[n++] = s;
	}
	l->nr = n;
}

static int loader__finish(struct loader *l, struct ksyms *k)
{
	char *arena;
	size_t i;

	k->addr = malloc((l->nr ? l->nr : 1) * sizeof(*k->addr));
	k->name = malloc((l->nr ? l->nr : 1) * sizeof(*k->name));
	k->unknown = calloc(UNKNOWN_MAX, sizeof(*k->unknown));
	if (!k->addr || !k->name || !k->unknown)
		return -ENOMEM;
	for (i = 0; i < l->nr; i++) {
		k->addr[i] = l->sym[i].addr;
		k->name[i] = l->sym[i].name;
	}
	k->nr = l->nr;
	arena = realloc(l->arena, l->arena_len);
	k->arena = arena ? arena : l->arena;
	l->arena = NULL;
	return 0;
}

static int ksyms__load(struct ksyms *k, int fd)
{
	struct loader l = {.sorted = true};
	uint32_t empty;
	int rc;

	rc = loader__intern(&l, "", 0, &empty);
	if (!rc)
		rc = loader__read(&l, fd);
	if (rc)
		goto out;
	/* The order among aliases of one address is not the file's, so sort in any case. */
	if (l.nr)
		qsort(l.sym, l.nr, sizeof(*l.sym), cmp_sym);
	loader__compact(&l);
	rc = loader__finish(&l, k);
out:
	free(l.sym);
	free(l.arena);
	return rc;
}

struct ksyms *ksyms__new(const char *kallsyms_path, struct err *e)
{
	const char *path = kallsyms_path ? kallsyms_path : DEFAULT_PATH;
	struct ksyms *k = calloc(1, sizeof(*k));
	int fd, rc;

	if (!k) {
		err__set(e, -ENOMEM, "cannot read %s: out of memory", path);
		return NULL;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	rc = fd < 0 ? -errno : ksyms__load(k, fd);
	if (fd >= 0)
		close(fd);
	if (rc) {
		err__set(e, rc, "cannot read %s: %s", path, strerror(-rc));
		goto fail;
	}
	if (!k->nr) {
		err__set(e, -EPERM, "%s shows no kernel addresses", path);
		err__hint(e, "run as root with CAP_SYSLOG, or: sysctl kernel.kptr_restrict=1");
		goto fail;
	}
	return k;
fail:
	ksyms__free(k);
	return NULL;
}

void ksyms__free(struct ksyms *k)
{
	if (!k)
		return;
	free(k->unknown);
	free(k->arena);
	free(k->name);
	free(k->addr);
	free(k);
}

size_t ksyms__count(const struct ksyms *k)
{
	size_t i, n = 0;

	for (i = 0; i < k->nr; i++)
		n += k->name[i] != NO_NAME;
	return n;
}

/* Index of the last entry at or before addr, or nr. */
static size_t ksyms__find(const struct ksyms *k, uint64_t addr)
{
	size_t lo = 0, hi = k->nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (k->addr[mid] <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? lo - 1 : k->nr;
}

const char *ksyms__name(const struct ksyms *k, uint64_t addr)
{
	size_t i = ksyms__find(k, addr);

	if (i == k->nr || k->name[i] == NO_NAME || addr - k->addr[i] > MAX_FUNC)
		return NULL;
	return k->arena + k->name[i];
}

/* Index of the function's only copy, k->nr if there is none or several. */
static size_t only_copy(const struct ksyms *k, const char *name)
{
	size_t len = strlen(name), found = k->nr, nr = 0;

	for (size_t i = 0; i + 1 < k->nr; i++) {
		const char *s = k->arena + k->name[i];

		if (*s != *name || strncmp(s, name, len) || (s[len] && s[len] != '.') ||
		    strstr(s + len, ".cold"))
			continue;
		found = i;
		nr++;
	}
	return nr == 1 ? found : k->nr;
}

int ksyms__range(const struct ksyms *k, const char *name, uint64_t *start, uint64_t *end)
{
	size_t found = only_copy(k, name);

	if (found == k->nr)
		return -ENOENT;
	*start = k->addr[found];
	*end = k->addr[found + 1];
	return 0;
}

const char *ksyms__copy(const struct ksyms *k, const char *name)
{
	size_t found = only_copy(k, name);

	return found == k->nr ? NULL : k->arena + k->name[found];
}

/* Probe machinery that a stack can show between the kernel's own frames. */
static bool is_tracer(const char *s)
{
	static const struct {
		const char *prefix;
		const char *next; /* characters of which one must follow */
	} own[] = {
		{"bpf_prog_", "0123456789abcdef"},
		{"bpf_trampoline_", "0123456789"},
		{"bpf_trace_run", "0123456789"},
		{"bpf_get_stack", NULL},
		{"bpf_dispatcher_", NULL},
		{"__bpf_trace_", NULL},
		{"__traceiter_", NULL},
		{"arch_rethook_trampoline", NULL},
		{"kretprobe_trampoline", NULL},
		{"__kretprobe_trampoline", NULL},
	};
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(own); i++) {
		n = strlen(own[i].prefix);
		if (strncmp(s, own[i].prefix, n))
			continue;
		if (!own[i].next || (s[n] && strchr(own[i].next, s[n])))
			return true;
	}
	return false;
}

/* A program's name is its tag, 16 digits; bpf_prog_create and the like are the kernel's. */
static bool is_kernel_bpf(const char *s)
{
	return !strncmp(s, "bpf_prog_", 9) && strspn(s + 9, "0123456789abcdef") < 16;
}

/* "__schedule", also as a compiler's copy of it ("__schedule.constprop.0"). */
static bool is_schedule(const char *s)
{
	return !strncmp(s, "__schedule", 10) && (s[10] == '\0' || s[10] == '.');
}

/*
 * All but the innermost are return addresses: behind a call that never
 * returns they are already in the next function, so look one byte before.
 */
static const char *ksyms__frame(const struct ksyms *k, uint64_t ip, bool innermost)
{
	const char *at = ksyms__name(k, ip);
	const char *before;

	if (innermost || !ip || (at && is_tracer(at)))
		return at;
	before = ksyms__name(k, ip - 1);
	return before ? before : at;
}

static const char *ksyms__unknown(const struct ksyms *k, size_t i, uint64_t ip)
{
	if (i >= UNKNOWN_MAX)
		return UNKNOWN_REST;
	snprintf(k->unknown[i], sizeof(k->unknown[i]), "0x%" PRIx64, ip);
	return k->unknown[i];
}

size_t ksyms__frames(const struct ksyms *k, const uint64_t *ip, size_t n, const char **out)
{
	bool switched = false;
	size_t i, nr = 0;

	for (i = 0; i < n; i++) {
		const char *s = ksyms__frame(k, ip[i], i == 0);

		if (s && is_schedule(s) && !switched) {
			switched = true;
			nr = 0;
			continue;
		}
		if (s && is_tracer(s) && !is_kernel_bpf(s))
			continue;
		out[nr++] = s ? s : ksyms__unknown(k, i, ip[i]);
	}
	return nr;
}
