// SPDX-License-Identifier: GPL-2.0
/* Names for kernel and user addresses: made-up tables, hostile ones, and this process. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "host/elfsyms.h"
#include "host/ksyms.h"
#include "host/usyms.h"
#include "unit/tmpfile.h"

/* ---- kernel symbols ---- */

static const char kallsyms[] = "0000000000000000 A fixed_percpu_data\n"
			       "ffffffff81000000 T _stext\n"
			       "ffffffff81000100 T __x64_sys_io_submit\n"
			       "ffffffff81000200 T __sched_text_start\n"
			       "ffffffff81000200 T io_schedule_timeout\n"
			       "ffffffff81000280 T noinstr_text_start\n"
			       "ffffffff81000280 t __local_function\n"
			       "ffffffff81000300 t local_alias\n"
			       "ffffffff81000300 T __global_alias\n"
			       "ffffffff81000400 T __plain\n"
			       "ffffffff81000400 T plain\n"
			       "ffffffff81000500 t __schedule\n"
			       "ffffffff81000600 T schedule\n"
			       "ffffffff81000700 t submit_bio_noacct\n"
			       "ffffffff816f0000 t bpf_trace_run4\n"
			       "ffffffff816f0100 T __bpf_trace_sched_switch\n"
			       "ffffffff816f0200 T __traceiter_sched_switch\n"
			       "ffffffff816f0300 T bpf_get_stack_raw_tp\n"
			       "ffffffff816f0400 T bpf_prog_create\n"
			       "ffffffff816f0500 t noreturn_caller\n"
			       "ffffffff816f0510 T behind_noreturn\n"
			       "ffffffff81700000 T _etext\n"
			       "ffffffff81800000 D some_data\n"
			       "ffffffffc0001000 t xfs_ilock\t[xfs]\n"
			       "ffffffffc0002000 t bpf_prog_0123456789abcdef_on_switch\t[bpf]\n"
			       "ffffffffc0003000 t bpf_trampoline_6442536\t[bpf]\n"
			       "ffffffffc0000800 t early_module\t[zfs]\n";

static struct ksyms *made_up(void)
{
	struct err e = {0};
	struct ksyms *k = ksyms__new(put_text("kallsyms", kallsyms), &e);

	assert_non_null(k);
	return k;
}

static void test_ksyms_copies(void **state)
{
	static const char renamed[] = "ffffffff81000000 t aio_read.constprop.0\n"
				      "ffffffff81000100 t io_submit_one.isra.0\n"
				      "ffffffff81000200 t io_submit_one.isra.0.cold\n"
				      "ffffffff81000300 t io_submit_one_more\n"
				      "ffffffff81000400 t aio_write.isra.0\n"
				      "ffffffff81000500 t aio_write.constprop.0\n"
				      "ffffffff81000600 T plain\n"
				      "ffffffff81000700 T _etext\n";
	struct err e = {0};
	struct ksyms *k = ksyms__new(put_text("kallsyms", renamed), &e);
	uint64_t start, end;

	(void)state;
	assert_non_null(k);
	assert_string_equal(ksyms__copy(k, "io_submit_one"), "io_submit_one.isra.0");
	assert_string_equal(ksyms__copy(k, "aio_read"), "aio_read.constprop.0");
	assert_string_equal(ksyms__copy(k, "plain"), "plain");
	assert_null(ksyms__copy(k, "aio_write"));
	assert_null(ksyms__copy(k, "io_submit"));
	assert_int_equal(ksyms__range(k, "io_submit_one", &start, &end), 0);
	assert_true(start == 0xffffffff81000100 && end == 0xffffffff81000200);
	ksyms__free(k);
}

static void test_ksyms_names(void **state)
{
	struct ksyms *k = made_up();

	(void)state;
	assert_string_equal(ksyms__name(k, 0xffffffff81000200), "io_schedule_timeout");
	assert_string_equal(ksyms__name(k, 0xffffffff8100027f), "io_schedule_timeout");
	assert_string_equal(ksyms__name(k, 0xffffffff81000280), "__local_function");
	assert_string_equal(ksyms__name(k, 0xffffffff81000301), "__global_alias");
	assert_string_equal(ksyms__name(k, 0xffffffff81000400), "plain");
	assert_string_equal(ksyms__name(k, 0xffffffffc0001010), "xfs_ilock");
	assert_string_equal(ksyms__name(k, 0xffffffffc0000900), "early_module");
	assert_null(ksyms__name(k, 0xffffffff80ffffff));
	assert_null(ksyms__name(k, 0xffffffff81700010));
	assert_null(ksyms__name(k, 0xffffffff81800010));
	assert_null(ksyms__name(k, 0xffffffffc0200000));
	assert_null(ksyms__name(k, 0));
	assert_null(ksyms__name(k, UINT64_MAX));
	ksyms__free(k);
}

static void test_ksyms_gap(void **state)
{
	struct ksyms *k = ksyms__new(put_text("kallsyms", "1000 t a\n90000000 t b\n"), NULL);

	(void)state;
	assert_int_equal(ksyms__count(k), 2);
	assert_string_equal(ksyms__name(k, 0x100fff), "a");
	assert_null(ksyms__name(k, 0x1000 + (1 << 20) + 1));
	assert_string_equal(ksyms__name(k, 0x90000001), "b");
	ksyms__free(k);
}

static void test_ksyms_frames(void **state)
{
	static const uint64_t ip[] = {
		0xffffffffc0002010, 0xffffffff816f0010, 0xffffffff816f0110, 0xffffffff816f0210,
		0xffffffff81000510, 0xffffffff81000610, 0xffffffff81000710, 0xffffffff81000510,
		0xffffffffc0003010, 0xffffffffc0002010, 0xffffffff816f0510, 0x1234,
		0xffffffff816f0410, 0xffffffff81000110,
	};
	static const char *const want[] = {
		"schedule", "submit_bio_noacct", "__schedule",		"noreturn_caller",
		"0x1234",   "bpf_prog_create",	 "__x64_sys_io_submit",
	};
	struct ksyms *k = made_up();
	const char *out[ARRAY_SIZE(ip)];
	size_t n, i;

	(void)state;
	n = ksyms__frames(k, ip, ARRAY_SIZE(ip), out);
	assert_int_equal(n, ARRAY_SIZE(want));
	for (i = 0; i < n; i++)
		assert_string_equal(out[i], want[i]);
	/* Without __schedule only the tracer's frames go. */
	n = ksyms__frames(k, ip + 8, 3, out);
	assert_int_equal(n, 1);
	assert_string_equal(out[0], "noreturn_caller");
	assert_int_equal(ksyms__frames(k, ip, 0, out), 0);
	/* The innermost address is exact. */
	n = ksyms__frames(k, ip + 10, 1, out);
	assert_string_equal(out[0], "behind_noreturn");
	ksyms__free(k);
}

static void test_ksyms_hidden(void **state)
{
	struct err e = {0};

	(void)state;
	assert_null(ksyms__new(put_text("kallsyms", "0000000000000000 T schedule\n"
						    "0000000000000000 t __schedule\n"),
			       &e));
	assert_non_null(strstr(e.hint, "kptr_restrict"));
	assert_non_null(strstr(e.hint, "CAP_SYSLOG"));
	assert_null(ksyms__new(put_text("kallsyms", ""), &e));
	assert_null(ksyms__new(in_tmp("none"), &e));
	assert_non_null(strstr(e.text, "No such file"));
}

static void test_ksyms_hostile(void **state)
{
	size_t len = 700000;
	char *text = malloc(len);
	struct ksyms *k;
	size_t i;

	(void)state;
	assert_non_null(text);
	/* A line longer than any buffer, binary rubbish, cut lines, then one good symbol. */
	memset(text, 'a', len);
	srandom(7);
	for (i = 400000; i < 600000; i++)
		text[i] = (char)random();
	for (; i < len; i++)
		text[i] = i % 7 ? ' ' : '\n';
	memcpy(text + len - 300, "\nfff\nfff \nfff T\nfff T \n123456789012345678901 T x\n", 49);
	memcpy(text + len - 20, "\n5000 T good_one", 16);
	memset(text + len - 4, 'e', 4);
	put("kallsyms", text, len);
	free(text);
	k = ksyms__new(in_tmp("kallsyms"), NULL);
	assert_non_null(k);
	assert_string_equal(ksyms__name(k, 0x5001), "good_oneeeee");
	assert_null(ksyms__name(k, 0x100));
	ksyms__free(k);
}

/* ---- user symbols ---- */

__attribute__((noinline, noclone)) void resolve_me(void);
void resolve_me(void)
{
	__asm__ volatile("");
}

static void test_usyms_self(void **state)
{
	struct usyms *u = usyms__new(NULL);
	void *anon = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t ip[4] = {
		(uintptr_t)resolve_me,
		(uintptr_t)resolve_me + 1,
		(uintptr_t)anon + 8,
		1,
	};
	const char *out[4];

	(void)state;
	assert_int_equal(usyms__frames(u, getpid(), ip, 4, out), 4);
	assert_string_equal(out[0], "test_symbols`resolve_me");
	assert_ptr_equal(out[1], out[0]);
	assert_string_equal(out[2], "[unknown]");
	assert_string_equal(out[3], "[unknown]");
	ip[0] = (uintptr_t)getppid;
	usyms__frames(u, getpid(), ip, 1, out);
	assert_non_null(strstr(out[0], "getppid"));
	munmap(anon, 4096);
	usyms__free(u);
	usyms__free(NULL);
}

static void test_usyms_no_process(void **state)
{
	struct usyms *u = usyms__new(NULL);
	const uint64_t ip = 0x400000;
	const char *out = NULL;

	(void)state;
	assert_int_equal(usyms__frames(u, INT_MAX, &ip, 1, &out), 1);
	assert_string_equal(out, "[unknown]");
	usyms__free(u);
}

/* The last stacks of a process are resolved when it is gone already. */
static void test_usyms_after_exit(void **state)
{
	const uint64_t ip = (uintptr_t)resolve_me;
	struct usyms *u = usyms__new(NULL);
	const char *out;
	int release;
	pid_t pid = sleeper(&release);

	(void)state;
	usyms__frames(u, pid, &ip, 1, &out);
	assert_string_equal(out, "test_symbols`resolve_me");
	close(release);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	usyms__frames(u, pid, &ip, 1, &out);
	assert_string_equal(out, "test_symbols`resolve_me");
	usyms__free(u);
}

static int load_elf(const void *data, size_t len, struct elfsyms **s)
{
	int fd = open(put("elf", data, len), O_RDONLY | O_CLOEXEC), rc;

	assert_true(fd >= 0);
	rc = elfsyms__new(fd, s);
	close(fd);
	return rc;
}

/* Header, one segment, symbols, strings, section headers: as small as it gets. */
struct tiny {
	Elf64_Ehdr eh;
	Elf64_Phdr ph;
	Elf64_Sym sym[5];
	char str[32];
	Elf64_Shdr sh[3];
};

static struct tiny tiny_elf(void)
{
	struct tiny t = {.str = "\0outer\0inner\0nosize\0unended"};
	unsigned char func = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);

	memset(t.str + 20, 'z', sizeof(t.str) - 20);
	memcpy(t.eh.e_ident, ELFMAG, SELFMAG);
	t.eh.e_ident[EI_CLASS] = ELFCLASS64;
	t.eh.e_ident[EI_DATA] = ELFDATA2LSB;
	t.eh.e_ident[EI_VERSION] = EV_CURRENT;
	t.eh.e_type = ET_DYN;
	t.eh.e_version = EV_CURRENT;
	t.eh.e_ehsize = sizeof(t.eh);
	t.eh.e_phoff = offsetof(struct tiny, ph);
	t.eh.e_phentsize = sizeof(t.ph);
	t.eh.e_phnum = 1;
	t.eh.e_shoff = offsetof(struct tiny, sh);
	t.eh.e_shentsize = sizeof(t.sh[0]);
	t.eh.e_shnum = 3;
	t.ph = (Elf64_Phdr){.p_type = PT_LOAD,
			    .p_offset = 0x1000,
			    .p_vaddr = 0x3000,
			    .p_filesz = 0x800,
			    .p_memsz = 0x1000};
	t.sym[1] = (Elf64_Sym){
		.st_name = 1, .st_info = func, .st_shndx = 1, .st_value = 0x3000, .st_size = 0x100};
	t.sym[2] = (Elf64_Sym){
		.st_name = 7, .st_info = func, .st_shndx = 1, .st_value = 0x3010, .st_size = 0x10};
	t.sym[3] = (Elf64_Sym){.st_name = 13, .st_info = func, .st_shndx = 1, .st_value = 0x3200};
	t.sym[4] = (Elf64_Sym){
		.st_name = 20, .st_info = func, .st_shndx = 1, .st_value = 0x3300, .st_size = 1};
	t.sh[1] = (Elf64_Shdr){.sh_type = SHT_SYMTAB,
			       .sh_offset = offsetof(struct tiny, sym),
			       .sh_size = sizeof(t.sym),
			       .sh_link = 2,
			       .sh_entsize = sizeof(t.sym[0])};
	t.sh[2] = (Elf64_Shdr){.sh_type = SHT_STRTAB,
			       .sh_offset = offsetof(struct tiny, str),
			       .sh_size = sizeof(t.str)};
	return t;
}

static void test_elf(void **state)
{
	struct tiny t = tiny_elf();
	struct elfsyms *s = NULL;
	uint64_t a;

	(void)state;
	assert_int_equal(load_elf(&t, sizeof(t), &s), 0);
	assert_int_equal(elfsyms__address(s, 0x1015, &a), 0);
	assert_int_equal(a, 0x3015);
	assert_int_equal(elfsyms__address(s, 0x1800, &a), -ENOENT);
	assert_int_equal(elfsyms__address(s, 0, &a), -ENOENT);
	assert_string_equal(elfsyms__name(s, 0x3015), "inner");
	assert_string_equal(elfsyms__name(s, 0x3050), "outer");
	assert_null(elfsyms__name(s, 0x3100));
	assert_string_equal(elfsyms__name(s, 0x32ff), "nosize");
	/* The string table ends without a NUL. */
	assert_string_equal(elfsyms__name(s, 0x3300), "zzzzzzzzzzzz");
	assert_null(elfsyms__name(s, 0x3301));
	assert_null(elfsyms__name(s, 0x10));
	elfsyms__free(s);
}

static void test_elf_hostile(void **state)
{
	struct tiny t = tiny_elf();
	struct elfsyms *s = NULL;
	int fd;

	(void)state;
	assert_int_equal(load_elf("", 0, &s), -ENOEXEC);
	assert_int_equal(load_elf("\177ELF", 4, &s), -ENOEXEC);
	assert_int_equal(
		load_elf("!<arch>\n012345678901234567890123456789012345678901234567", 56, &s),
		-ENOEXEC);
	/* Counts that libelf would take from section 0 of a file that claims to be huge. */
	t.eh.e_shnum = 0;
	t.sh[0].sh_size = 1ull << 33;
	put("elf", &t, sizeof(t));
	assert_int_equal(truncate(in_tmp("elf"), 1ll << 40), 0);
	fd = open(in_tmp("elf"), O_RDONLY);
	assert_int_equal(elfsyms__new(fd, &s), -ENOEXEC);
	close(fd);
	t = tiny_elf();
	t.eh.e_phnum = PN_XNUM;
	assert_int_equal(load_elf(&t, sizeof(t), &s), -ENOEXEC);
	/* A symbol table larger than the file has no symbols. */
	t = tiny_elf();
	t.sh[1].sh_size = UINT64_MAX - 63;
	assert_int_equal(load_elf(&t, sizeof(t), &s), 0);
	assert_null(elfsyms__name(s, 0x3015));
	elfsyms__free(s);
	/* One that is larger than the bound, in a sparse file. */
	t.sh[1].sh_size = 1500000 * sizeof(t.sym[0]);
	put("elf", &t, sizeof(t));
	assert_int_equal(truncate(in_tmp("elf"), 64 << 20), 0);
	fd = open(in_tmp("elf"), O_RDONLY);
	assert_int_equal(elfsyms__new(fd, &s), 0);
	assert_null(elfsyms__name(s, 0x3015));
	elfsyms__free(s);
	close(fd);
}

static void test_elf_flipped(void **state)
{
	struct tiny t;
	unsigned char *bytes = (unsigned char *)&t;
	struct elfsyms *s;
	uint64_t a;
	size_t i;
	int k;

	(void)state;
	srandom(11);
	for (k = 0; k < 3000; k++) {
		t = tiny_elf();
		for (i = 0; i < 1 + (size_t)k % 8; i++)
			bytes[(size_t)random() % sizeof(t)] ^= (unsigned char)random();
		s = NULL;
		if (load_elf(&t, sizeof(t) - (k % 5 ? 0 : (size_t)random() % sizeof(t)), &s))
			continue;
		for (a = 0x2ff0; a < 0x3400; a += 7) {
			const char *name = elfsyms__name(s, a);

			assert_true(!name || strlen(name) < 256);
		}
		(void)elfsyms__address(s, 0x1010, &a);
		elfsyms__free(s);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ksyms_names),	 cmocka_unit_test(test_ksyms_copies),
		cmocka_unit_test(test_ksyms_gap),	 cmocka_unit_test(test_ksyms_frames),
		cmocka_unit_test(test_ksyms_hidden),	 cmocka_unit_test(test_ksyms_hostile),
		cmocka_unit_test(test_usyms_self),	 cmocka_unit_test(test_usyms_no_process),
		cmocka_unit_test(test_usyms_after_exit), cmocka_unit_test(test_elf),
		cmocka_unit_test(test_elf_hostile),	 cmocka_unit_test(test_elf_flipped),
	};

	return cmocka_run_group_tests(tests, make_tmp, drop_tmp);
}
