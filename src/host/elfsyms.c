// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "host/elfsyms.h"

#include <errno.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bounds of what a file can make us read and keep. */
#define MAX_SYMTAB (32u << 20)
#define MAX_STRTAB (64u << 20)
#define MAX_SECTIONS UINT16_MAX
#define MAX_SEGMENTS 64
#define MAX_SYMS (256u << 10)
#define MAX_NAMES (8u << 20)
#define MAX_NAME 255
/* A symbol without a size reaches to the next one, but not further than this. */
#define MAX_FUNC (1u << 20)
/* Entries to look back for one that encloses the address. */
#define MAX_NESTING 8

struct segment {
	uint64_t offset, addr, size;
};

struct func {
	uint64_t addr;
	uint32_t size;
	uint32_t name;
};

struct elfsyms {
	struct segment seg[MAX_SEGMENTS];
	size_t nr_segs;
	struct func *func;
	size_t nr, cap;
	char *names;
	size_t names_len, names_cap;
};

/*
 * What libelf would take from the file on trust: counts that do not fit in 16
 * bits are kept in section 0, up to 2^32, and libelf allocates for all of
 * them. No program needs that, and a sparse file is large enough to pass its checks.
 */
static int check_header(int fd)
{
	union {
		unsigned char ident[EI_NIDENT];
		Elf64_Ehdr e64;
		Elf32_Ehdr e32;
	} h;

	memset(&h, 0, sizeof(h));
	if (pread(fd, &h, sizeof(h), 0) < (ssize_t)sizeof(h.e32))
		return -ENOEXEC;
	if (memcmp(h.ident, ELFMAG, SELFMAG))
		return -ENOEXEC;
	/* Both tests hold in either byte order. */
	if (h.ident[EI_CLASS] == ELFCLASS64)
		return h.e64.e_phnum == PN_XNUM || (h.e64.e_shoff && !h.e64.e_shnum) ? -ENOEXEC : 0;
	return h.e32.e_phnum == PN_XNUM || (h.e32.e_shoff && !h.e32.e_shnum) ? -ENOEXEC : 0;
}

static void read_segments(struct elfsyms *s, Elf *elf)
{
	GElf_Phdr ph;
	size_t n, i;

	if (elf_getphdrnum(elf, &n))
		return;
	for (i = 0; i < n && s->nr_segs < MAX_SEGMENTS; i++) {
		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_LOAD)
			continue;
		s->seg[s->nr_segs++] = (struct segment){
			.offset = ph.p_offset,
			.addr = ph.p_vaddr,
			.size = ph.p_filesz,
		};
	}
}

static bool section_fits(const GElf_Shdr *sh, uint64_t max, uint64_t file_size)
{
	return sh->sh_type != SHT_NOBITS && !(sh->sh_flags & SHF_COMPRESSED) && sh->sh_size &&
	       sh->sh_size <= max && sh->sh_offset <= file_size &&
	       sh->sh_size <= file_size - sh->sh_offset;
}

/* .symtab is the fuller one, .dynsym what strip leaves. */
static Elf_Scn *find_symbols(Elf *elf, uint64_t file_size, GElf_Shdr *out)
{
	Elf_Scn *scn = NULL, *best = NULL;
	GElf_Shdr sh;
	int i;

	for (i = 0; i < MAX_SECTIONS && (scn = elf_nextscn(elf, scn)); i++) {
		if (!gelf_getshdr(scn, &sh) ||
		    (sh.sh_type != SHT_SYMTAB && sh.sh_type != SHT_DYNSYM) ||
		    !section_fits(&sh, MAX_SYMTAB, file_size))
			continue;
		if (best && sh.sh_type != SHT_SYMTAB)
			continue;
		best = scn;
		*out = sh;
	}
	return best;
}

static int add_name(struct elfsyms *s, const char *name, size_t len, uint32_t *off)
{
	size_t cap = s->names_cap ? s->names_cap : 4096;
	char *p;

	if (s->names_len + len + 1 > MAX_NAMES)
		return -EFBIG;
	while (cap < s->names_len + len + 1)
		cap *= 2;
	if (cap != s->names_cap) {
		p = realloc(s->names, cap);
		if (!p)
			return -ENOMEM;
		s->names = p;
		s->names_cap = cap;
	}
	*off = (uint32_t)s->names_len;
	memcpy(s->names + s->names_len, name, len);
	s->names[s->names_len + len] = '\0';
	s->names_len += len + 1;
	return 0;
}

static int add_func(struct elfsyms *s, const GElf_Sym *sym, const char *name, size_t len)
{
	struct func *f;
	size_t cap;
	int rc;

	if (s->nr == s->cap) {
		cap = s->cap ? s->cap * 2 : 256;
		if (cap > MAX_SYMS)
			return -EFBIG;
		f = realloc(s->func, cap * sizeof(*f));
		if (!f)
			return -ENOMEM;
		s->func = f;
		s->cap = cap;
	}
	f = &s->func[s->nr];
	f->addr = sym->st_value;
	f->size = sym->st_size > UINT32_MAX ? UINT32_MAX : (uint32_t)sym->st_size;
	rc = add_name(s, name, len, &f->name);
	if (!rc)
		s->nr++;
	return rc;
}

static bool is_func(const GElf_Sym *sym)
{
	int type = GELF_ST_TYPE(sym->st_info);

	return (type == STT_FUNC || type == STT_GNU_IFUNC) && sym->st_shndx != SHN_UNDEF &&
	       sym->st_value;
}

/* What is beyond a bound is left out: some names are better than none. */
static int read_funcs(struct elfsyms *s, Elf_Data *syms, Elf_Data *strs, size_t count)
{
	GElf_Sym sym;
	size_t i, len;
	int rc = 0;

	for (i = 0; i < count && !rc; i++) {
		const char *name;

		if (!gelf_getsym(syms, (int)i, &sym) || !is_func(&sym) ||
		    sym.st_name >= strs->d_size)
			continue;
		name = (const char *)strs->d_buf + sym.st_name;
		len = strnlen(name, strs->d_size - sym.st_name);
		if (len)
			rc = add_func(s, &sym, name, len < MAX_NAME ? len : MAX_NAME);
	}
	return rc == -EFBIG ? 0 : rc;
}

static int read_symbols(struct elfsyms *s, Elf *elf, uint64_t file_size)
{
	Elf_Data *syms, *strs;
	GElf_Shdr sh, str_sh;
	Elf_Scn *scn, *str_scn;
	size_t entry;

	scn = find_symbols(elf, file_size, &sh);
	if (!scn)
		return 0;
	str_scn = elf_getscn(elf, sh.sh_link);
	if (!str_scn || !gelf_getshdr(str_scn, &str_sh) || str_sh.sh_type != SHT_STRTAB ||
	    !section_fits(&str_sh, MAX_STRTAB, file_size))
		return 0;
	syms = elf_getdata(scn, NULL);
	strs = elf_getdata(str_scn, NULL);
	entry = gelf_fsize(elf, ELF_T_SYM, 1, EV_CURRENT);
	if (!syms || !syms->d_buf || !strs || !strs->d_buf || !entry)
		return 0;
	return read_funcs(s, syms, strs, syms->d_size / entry);
}

static int cmp_func(const void *a, const void *b)
{
	const struct func *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name;
}

static int elfsyms__load(struct elfsyms *s, int fd)
{
	struct stat st;
	Elf *elf;
	int rc;

	if (fstat(fd, &st))
		return -errno;
	rc = check_header(fd);
	if (rc)
		return rc;
	if (elf_version(EV_CURRENT) == EV_NONE)
		return -ENOEXEC;
	/* Not mapped: a file that is cut short while it is read must be an error, not a SIGBUS. */
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf)
		return -ENOEXEC;
	rc = elf_kind(elf) == ELF_K_ELF ? 0 : -ENOEXEC;
	if (!rc) {
		read_segments(s, elf);
		rc = read_symbols(s, elf, (uint64_t)st.st_size);
	}
	elf_end(elf);
	if (s->nr)
		qsort(s->func, s->nr, sizeof(*s->func), cmp_func);
	return rc;
}

int elfsyms__new(int fd, struct elfsyms **out)
{
	struct elfsyms *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return -ENOMEM;
	rc = elfsyms__load(s, fd);
	if (rc) {
		elfsyms__free(s);
		return rc;
	}
	*out = s;
	return 0;
}

void elfsyms__free(struct elfsyms *s)
{
	if (!s)
		return;
	free(s->func);
	free(s->names);
	free(s);
}

int elfsyms__address(const struct elfsyms *s, uint64_t offset, uint64_t *addr)
{
	size_t i;

	for (i = 0; i < s->nr_segs; i++) {
		const struct segment *g = &s->seg[i];

		if (offset < g->offset || offset - g->offset >= g->size)
			continue;
		*addr = offset - g->offset + g->addr;
		return 0;
	}
	return -ENOENT;
}

static bool func_holds(const struct elfsyms *s, size_t i, uint64_t addr)
{
	const struct func *f = &s->func[i];
	bool last = i + 1 == s->nr;

	if (f->size)
		return addr - f->addr < f->size;
	return addr - f->addr < MAX_FUNC && (last || addr < s->func[i + 1].addr);
}

const char *elfsyms__name(const struct elfsyms *s, uint64_t addr)
{
	size_t lo = 0, hi = s->nr, back;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->func[mid].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (back = 0; lo > 0 && back < MAX_NESTING; back++) {
		lo--;
		if (func_holds(s, lo, addr))
			return s->names + s->func[lo].name;
	}
	return NULL;
}

size_t elfsyms__bytes(const struct elfsyms *s)
{
	return sizeof(*s) + s->cap * sizeof(*s->func) + s->names_cap;
}
