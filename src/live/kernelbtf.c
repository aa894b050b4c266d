// SPDX-License-Identifier: GPL-2.0
#include "live/kernelbtf.h"

#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

static struct btf **lent;

/* From 6.16 on it can be mapped. NULL with errno. */
static struct btf *read_mapped(int fd)
{
	struct btf *btf;
	struct stat st;
	void *at;
	int err;

	if (fstat(fd, &st))
		return NULL;
	at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED)
		return NULL;
	btf = btf__new(at, (__u32)st.st_size);
	err = errno;
	munmap(at, (size_t)st.st_size);
	errno = err;
	return btf;
}

struct btf *kernelbtf__read(void)
{
	int fd = open(KERNEL_BTF, O_RDONLY | O_CLOEXEC);
	struct btf *btf;

	if (fd < 0)
		return NULL;
	btf = read_mapped(fd);
	close(fd);
	/* the file gives a page for each read(2), and there is no other way */
	return btf ? btf : btf__parse_raw(KERNEL_BTF);
}

/* Of hashes: what is not among them is no name of the programs'. */
struct names {
	uint64_t bits[1024];
};

/* Of a name without its flavour, as libbpf compares them: what follows a last "___" is none of it. */
static uint32_t hash_of(const char *name)
{
	const char *flavour = NULL, *at = name;
	uint32_t h = 2166136261u;

	while ((at = strstr(at, "___")))
		flavour = at++;
	for (at = name; *at && at != flavour; at++)
		h = (h ^ (uint8_t)*at) * 16777619u;
	return h ^ h >> 16;
}

static bool has_name(const struct btf_type *t)
{
	return t->name_off && (btf_is_composite(t) || btf_is_any_enum(t));
}

static uint64_t *word_of(struct names *n, uint32_t hash)
{
	return &n->bits[hash / 64 % ARRAY_SIZE(n->bits)];
}

static void collect(struct names *n, const struct btf *btf)
{
	for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		uint32_t h = hash_of(btf__name_by_offset(btf, t->name_off));

		if (has_name(t))
			*word_of(n, h) |= 1ull << h % 64;
	}
}

void kernelbtf__forget_names(struct btf *kernel, const struct btf *programs)
{
	struct names n = {0};

	collect(&n, programs);
	for (uint32_t id = 1; id < btf__type_cnt(kernel); id++) {
		/* what was parsed is a copy of its own, which nobody else has */
		struct btf_type *t = (struct btf_type *)btf__type_by_id(kernel, id);
		uint32_t h;

		if (!has_name(t))
			continue;
		h = hash_of(btf__name_by_offset(kernel, t->name_off));
		if (!(*word_of(&n, h) & 1ull << h % 64))
			t->name_off = 0;
	}
}

void kernelbtf__lend(struct btf **btf)
{
	lent = btf;
}

struct btf *kernelbtf__take(void)
{
	struct btf *btf = lent ? *lent : NULL;

	if (btf)
		*lent = NULL;
	return btf;
}
