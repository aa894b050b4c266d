// SPDX-License-Identifier: GPL-2.0
/* Names for addresses, mounts, devices, paths and cgroups: made-up tables, hostile ones, and this process. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "live/cgroups.h"
#include "live/devices.h"
#include "live/elfsyms.h"
#include "live/intern.h"
#include "live/ksyms.h"
#include "live/mounts.h"
#include "live/paths.h"
#include "live/procfile.h"
#include "live/usyms.h"

static char tmp[PATH_MAX];

static int make_tmp(void **state)
{
	const char *dir = getenv("TMPDIR");

	(void)state;
	snprintf(tmp, sizeof(tmp), "%s/resolve.XXXXXX", dir ? dir : "/tmp");
	return mkdtemp(tmp) ? 0 : -1;
}

static int drop_tmp(void **state)
{
	char cmd[PATH_MAX + 16];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", tmp);
	return system(cmd);
}

static char *in_tmp(const char *name)
{
	static char path[2][PATH_MAX + 300];
	static int turn;

	turn ^= 1;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", tmp, name);
	return path[turn];
}

static const char *put(const char *name, const void *data, size_t len)
{
	const char *path = in_tmp(name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	return path;
}

static const char *put_text(const char *name, const char *text)
{
	return put(name, text, strlen(text));
}

/* ---- interner, proc files ---- */

static void test_intern(void **state)
{
	struct intern *in = intern__new(1000);
	const char *a = intern__str(in, "alpha");
	char long_name[2000];

	(void)state;
	assert_string_equal(a, "alpha");
	assert_ptr_equal(intern__mem(in, "alphabet", 5), a);
	assert_ptr_equal(intern__mem(in, "alpha\0x", 7), a);
	assert_null(intern__str(in, NULL));
	assert_false(intern__full(in));
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	assert_string_equal(intern__str(in, long_name), INTERN_FULL);
	assert_true(intern__full(in));
	assert_ptr_equal(intern__str(in, "alpha"), a);
	intern__free(in);
	intern__free(NULL);
}

static void test_procfile(void **state)
{
	const char *s = "18446744073709551615x";
	char *buf, *pos, *end;
	uint64_t v;
	size_t len;

	(void)state;
	assert_int_equal(procfile__number(&s, 10, UINT64_MAX, &v), 0);
	assert_true(v == UINT64_MAX && *s == 'x');
	s = "18446744073709551616";
	assert_int_equal(procfile__number(&s, 10, UINT64_MAX, &v), -ERANGE);
	s = "-1";
	assert_int_equal(procfile__number(&s, 10, UINT64_MAX, &v), -EINVAL);

	assert_int_equal(procfile__read(put("f", "a\n\nb\0c", 6), 6, &buf, &len), 0);
	assert_int_equal(len, 6);
	pos = buf;
	end = buf + len;
	assert_string_equal(procfile__line(&pos, end), "a");
	assert_string_equal(procfile__line(&pos, end), "");
	assert_string_equal(procfile__line(&pos, end), "b");
	assert_null(procfile__line(&pos, end));
	free(buf);
	assert_int_equal(procfile__read(in_tmp("f"), 5, &buf, &len), -EFBIG);
	assert_int_equal(procfile__read(in_tmp("none"), 5, &buf, &len), -ENOENT);
}

/* ---- kernel symbols ---- */

static const char kallsyms[] =
	"0000000000000000 A fixed_percpu_data\n"
	"ffffffff81000000 T _stext\n"
	"ffffffff81000100 T __x64_sys_io_submit\n"
	"ffffffff81000200 T __sched_text_start\n"
	"ffffffff81000200 T io_schedule_timeout\n"
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
	struct err e = { 0 };
	struct ksyms *k = ksyms__new(put_text("kallsyms", kallsyms), &e);

	assert_non_null(k);
	return k;
}

static void test_ksyms_names(void **state)
{
	struct ksyms *k = made_up();

	(void)state;
	assert_string_equal(ksyms__name(k, 0xffffffff81000200), "io_schedule_timeout");
	assert_string_equal(ksyms__name(k, 0xffffffff810002ff), "io_schedule_timeout");
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
		"schedule", "submit_bio_noacct", "__schedule", "noreturn_caller", "0x1234",
		"bpf_prog_create", "__x64_sys_io_submit",
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
	struct err e = { 0 };

	(void)state;
	assert_null(ksyms__new(put_text("kallsyms", "0000000000000000 T schedule\n"
						    "0000000000000000 t __schedule\n"), &e));
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
	struct usyms *u = usyms__new();
	void *anon = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t ip[4] = {
		(uintptr_t)resolve_me, (uintptr_t)resolve_me + 1, (uintptr_t)anon + 8, 1,
	};
	const char *out[4];

	(void)state;
	assert_int_equal(usyms__frames(u, getpid(), ip, 4, out), 4);
	assert_string_equal(out[0], "test_resolve`resolve_me");
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
	struct usyms *u = usyms__new();
	const uint64_t ip = 0x400000;
	const char *out = NULL;

	(void)state;
	assert_int_equal(usyms__frames(u, INT_MAX, &ip, 1, &out), 1);
	assert_string_equal(out, "[unknown]");
	usyms__free(u);
}

static pid_t sleeper(int *release)
{
	int p[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(p), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		close(p[1]);
		_exit(read(p[0], &c, 1) < 0);
	}
	close(p[0]);
	*release = p[1];
	return pid;
}

/* The last stacks of a process are resolved when it is gone already. */
static void test_usyms_after_exit(void **state)
{
	const uint64_t ip = (uintptr_t)resolve_me;
	struct usyms *u = usyms__new();
	const char *out;
	int release;
	pid_t pid = sleeper(&release);

	(void)state;
	usyms__frames(u, pid, &ip, 1, &out);
	assert_string_equal(out, "test_resolve`resolve_me");
	close(release);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	usyms__frames(u, pid, &ip, 1, &out);
	assert_string_equal(out, "test_resolve`resolve_me");
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
	struct tiny t = { .str = "\0outer\0inner\0nosize\0unended" };
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
	t.ph = (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = 0x1000, .p_vaddr = 0x3000,
			     .p_filesz = 0x800, .p_memsz = 0x1000 };
	t.sym[1] = (Elf64_Sym){ .st_name = 1, .st_info = func, .st_shndx = 1,
				.st_value = 0x3000, .st_size = 0x100 };
	t.sym[2] = (Elf64_Sym){ .st_name = 7, .st_info = func, .st_shndx = 1,
				.st_value = 0x3010, .st_size = 0x10 };
	t.sym[3] = (Elf64_Sym){ .st_name = 13, .st_info = func, .st_shndx = 1,
				.st_value = 0x3200 };
	t.sym[4] = (Elf64_Sym){ .st_name = 20, .st_info = func, .st_shndx = 1,
				.st_value = 0x3300, .st_size = 1 };
	t.sh[1] = (Elf64_Shdr){ .sh_type = SHT_SYMTAB, .sh_offset = offsetof(struct tiny, sym),
				.sh_size = sizeof(t.sym), .sh_link = 2,
				.sh_entsize = sizeof(t.sym[0]) };
	t.sh[2] = (Elf64_Shdr){ .sh_type = SHT_STRTAB, .sh_offset = offsetof(struct tiny, str),
				.sh_size = sizeof(t.str) };
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
	assert_int_equal(load_elf("!<arch>\n0123456789012345678901234567890123456789012345", 54, &s),
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
	t.sh[1].sh_size = 1ull << 38;
	put("elf", &t, sizeof(t));
	assert_int_equal(truncate(in_tmp("elf"), 1ll << 40), 0);
	fd = open(in_tmp("elf"), O_RDONLY);
	assert_int_equal(elfsyms__new(fd, &s), 0);
	assert_null(elfsyms__name(s, 0x3015));
	elfsyms__free(s);
	close(fd);
}

static void test_elf_flipped(void **state)
{
	struct tiny t;
	struct elfsyms *s;
	uint64_t a;
	size_t i;
	int k;

	(void)state;
	srandom(11);
	for (k = 0; k < 3000; k++) {
		t = tiny_elf();
		for (i = 0; i < 1 + (size_t)k % 8; i++)
			((unsigned char *)&t)[(size_t)random() % sizeof(t)] ^= (unsigned char)random();
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

/* ---- mounts ---- */

static const char mountinfo[] =
	"20 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard\n"
	"21 20 8:1 / /data\\040disk rw,noatime shared:2 master:3 - xfs /dev/sda1 rw,inode64\n"
	"22 20 8:1 /sub/dir /b rw - xfs /dev/sda1 rw\n"
	"23 20 0:45 /vol /btr rw - btrfs /dev/loop1 rw,subvol=/vol\n"
	"24 20 0:45 / /very/long/place rw - btrfs /dev/loop1 rw\n"
	"25 20 0:46 / /data\\040disk/odd\\134\\011x rw - tmpfs  rw\n"
	"26 20 8:2 /was//deleted /c rw - ext4 /dev/sda2 rw\n";

static void test_mounts(void **state)
{
	struct mounts *m = mounts__new(put_text("mi", mountinfo), NULL);
	const struct mount_entry *e;

	(void)state;
	assert_non_null(m);
	assert_int_equal(mounts__count(m), 7);
	assert_int_equal(mounts__dropped(m), 0);
	e = mounts__at(m, 1);
	assert_int_equal(e->id, 21);
	assert_int_equal(e->parent, 20);
	assert_string_equal(e->mount_point, "/data disk");
	assert_string_equal(e->options, "rw,noatime");
	assert_string_equal(e->fstype, "xfs");
	assert_string_equal(e->source, "/dev/sda1");
	assert_string_equal(e->super_options, "rw,inode64");
	e = mounts__at(m, 5);
	assert_string_equal(e->source, "");
	assert_string_equal(e->mount_point, "/data disk/odd\\\tx");
	assert_null(mounts__at(m, 7));

	assert_string_equal(mounts__by_id(m, 22, 8, 1)->root, "/sub/dir");
	assert_null(mounts__by_id(m, 22, 8, 2));
	assert_string_equal(mounts__by_dev(m, 0, 45)->mount_point, "/very/long/place");
	assert_string_equal(mounts__by_dev(m, 8, 1)->mount_point, "/data disk");
	assert_null(mounts__by_dev(m, 9, 9));
	assert_int_equal(mounts__by_path(m, "/data disk/x")->id, 21);
	assert_int_equal(mounts__by_path(m, "/data diskette")->id, 20);
	assert_int_equal(mounts__by_path(m, "/b")->id, 22);
	assert_null(mounts__by_path(m, "relative"));
	mounts__free(m);
	mounts__free(NULL);
}

static void test_mounts_hostile(void **state)
{
	struct err e = { 0 };
	struct mounts *m;
	size_t len = 20000, i;
	char *text = malloc(len + 1);

	(void)state;
	assert_non_null(text);
	memset(text, 'o', len);
	text[len] = '\0';
	memcpy(text, "30 1 0:9 / /m rw - overlay none lowerdir=", 41);
	text[9000] = '\n';
	memcpy(text + 9001, "31\n31 1\n31 1 8\n31 1 8:\n31 1 8:x / /p rw - a b c\n\n-\n \n", 54);
	memcpy(text + 9055, "99999999999 1 8:1 / /p rw - a b c\n31 1 8:1 / rel rw - a b c\n", 60);
	memcpy(text + 9115, "32 1 8:1 / /p rw shared:1\n33 1 8:1 / /q rw - ext4 s\n", 52);
	srandom(3);
	for (i = 9168; i < len; i++)
		text[i] = (char)random();
	text[9167] = '\n';
	m = mounts__new(put("mi", text, len), NULL);
	free(text);
	assert_non_null(m);
	assert_int_equal(mounts__count(m), 2);
	assert_int_equal(strlen(mounts__at(m, 0)->super_options), 9000 - 32);
	assert_int_equal(mounts__at(m, 1)->id, 33);
	assert_string_equal(mounts__at(m, 1)->super_options, "");
	mounts__free(m);
	assert_null(mounts__new(in_tmp("none"), &e));
	assert_non_null(strstr(e.text, "No such file"));
}

static void test_mounts_self(void **state)
{
	struct mounts *m = mounts__new(NULL, NULL);
	int release;
	pid_t pid = sleeper(&release);

	(void)state;
	assert_non_null(m);
	assert_non_null(mounts__by_path(m, "/proc/self"));
	assert_string_equal(mounts__by_path(m, "/proc/self")->fstype, "proc");
	assert_int_equal(mounts__refresh(m), 0);
	assert_ptr_equal(mounts__for_pid(m, pid), m);
	close(release);
	waitpid(pid, NULL, 0);
	assert_ptr_equal(mounts__for_pid(m, pid), m);
	mounts__free(m);
}

/* ---- paths ---- */

static const char *build(uint32_t id, const char *const *parts, size_t n, bool complete,
			 bool deleted)
{
	static char buf[PATH_MAX];
	struct mounts *m = mounts__new(put_text("mi", mountinfo), NULL);
	const struct mount_entry *e = NULL;
	size_t i;

	for (i = 0; i < mounts__count(m); i++)
		if (mounts__at(m, i)->id == id)
			e = mounts__at(m, i);
	paths__build(e, parts, n, complete, deleted, buf, sizeof(buf));
	mounts__free(m);
	return buf;
}

static void test_paths_build(void **state)
{
	static const char *const bind[] = { "file", "d", "dir", "sub" };
	static const char *const vol[] = { "file", "vol", "/" };
	static const char *const was[] = { "file", "was" };
	char small[32];

	(void)state;
	assert_string_equal(build(20, bind, 4, true, false), "/sub/dir/d/file");
	assert_string_equal(build(21, bind, 4, true, false), "/data disk/sub/dir/d/file");
	assert_string_equal(build(22, bind, 4, true, false), "/b/d/file");
	assert_string_equal(build(22, bind, 4, true, true), "/b/d/file (deleted)");
	assert_string_equal(build(22, bind, 2, false, false), ".../d/file");
	assert_string_equal(build(22, bind, 2, true, false), ".../d/file");
	assert_string_equal(build(22, bind + 2, 2, true, false), "/b");
	assert_string_equal(build(23, vol, 3, true, false), "/btr/file");
	assert_string_equal(build(24, vol, 3, true, false), "/very/long/place/vol/file");
	assert_string_equal(build(20, vol + 2, 1, true, false), "/");
	assert_string_equal(build(26, was, 2, true, false), "/c/file");
	assert_string_equal(build(99, bind, 4, true, false), ".../sub/dir/d/file");
	assert_string_equal(paths__build(NULL, bind, 0, true, false, small, sizeof(small)), "...");
	assert_string_equal(paths__build(NULL, bind, 4, false, true, small, sizeof(small)),
			    ".../sub/dir/d/file (deleted)");
	assert_string_equal(paths__build(NULL, bind, 4, false, true, small, 20),
			    ".../file (deleted)");
	assert_string_equal(paths__build(NULL, bind, 4, false, true, small, 3), "");
}

static void test_paths_build_sizes(void **state)
{
	static const char *const parts[] = { "file", "d", "dir", "sub" };
	char *buf;
	size_t size;

	(void)state;
	for (size = 1; size < 64; size++) {
		buf = malloc(size);
		paths__build(NULL, parts, 4, true, size & 1, buf, size);
		assert_true(strlen(buf) < size);
		free(buf);
	}
}

static void test_paths_from_fd(void **state)
{
	int fd = open(put_text("some file", "x"), O_RDONLY | O_CLOEXEC), p[2];
	char buf[PATH_MAX], want[PATH_MAX];
	struct stat st;

	(void)state;
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(paths__from_fd(getpid(), fd, major(st.st_dev), minor(st.st_dev),
					st.st_ino, false, buf, sizeof(buf)), 0);
	assert_non_null(realpath(in_tmp("some file"), want));
	assert_string_equal(buf, want);
	assert_int_equal(paths__from_fd(getpid(), fd, 4095, 1, st.st_ino, false, buf, sizeof(buf)),
			 -ENOENT);
	assert_int_equal(paths__from_fd(getpid(), fd, 4095, 1, st.st_ino, true, buf, sizeof(buf)), 0);
	assert_int_equal(paths__from_fd(getpid(), fd, major(st.st_dev), minor(st.st_dev),
					st.st_ino + 1, true, buf, sizeof(buf)), -ENOENT);
	assert_int_equal(paths__from_fd(getpid(), fd, major(st.st_dev), minor(st.st_dev),
					st.st_ino, false, buf, 4), -ENAMETOOLONG);
	close(fd);
	assert_int_equal(paths__from_fd(getpid(), fd, 0, 0, 1, true, buf, sizeof(buf)), -ENOENT);

	assert_int_equal(pipe(p), 0);
	assert_int_equal(fstat(p[0], &st), 0);
	snprintf(want, sizeof(want), "pipe:[%llu]", (unsigned long long)st.st_ino);
	assert_int_equal(paths__from_fd(getpid(), p[0], major(st.st_dev), minor(st.st_dev),
					st.st_ino, false, buf, sizeof(buf)), 0);
	assert_string_equal(buf, want);
	close(p[0]);
	close(p[1]);

	fd = open("/dev/null", O_RDONLY);
	assert_int_equal(paths__from_fd(getpid(), fd, 1, 3, 0, false, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "/dev/null");
	close(fd);
}

/* ---- devices ---- */

static void make_sysfs(void)
{
	static const char *const dirs[] = {
		"sys", "sys/dev", "sys/dev/block", "sys/dev/char", "sys/class", "sys/class/block",
		"sys/class/block/loop1", "sys/class/block/loop2", "sys/class/block/loop3",
		"sys/fs", "sys/fs/btrfs", "sys/fs/btrfs/features", "sys/fs/btrfs/1111-22",
		"sys/fs/btrfs/1111-22/devices", "sys/fs/btrfs/1111-22/devices/loop1",
		"sys/fs/btrfs/1111-22/devices/loop2", "sys/fs/btrfs/1111-22/devices/broken",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(dirs); i++)
		if (mkdir(in_tmp(dirs[i]), 0755))
			assert_int_equal(errno, EEXIST);
	put_text("sys/class/block/loop1/dev", "7:1\n");
	put_text("sys/class/block/loop2/dev", "7:2\n");
	put_text("sys/class/block/loop3/dev", "7:3\n");
	(void)!symlink("../../devices/virtual/block/loop1", in_tmp("sys/dev/block/7:1"));
	(void)!symlink("../../devices/cciss!c0d0", in_tmp("sys/dev/block/104:0"));
	(void)!symlink("../../devices/virtual/mem/null", in_tmp("sys/dev/char/1:3"));
}

static void test_devices(void **state)
{
	const struct mount_entry *out[4];
	struct devices *d;
	struct mounts *m = mounts__new(put_text("mi", mountinfo), NULL);

	(void)state;
	make_sysfs();
	d = devices__new(in_tmp("sys"));
	assert_string_equal(devices__name(d, 7, 1), "loop1");
	assert_string_equal(devices__name(d, 104, 0), "cciss/c0d0");
	assert_string_equal(devices__name(d, 0, 45), "0:45");
	assert_string_equal(devices__char_name(d, 1, 3), "null");
	/* loop2 is the sibling that no mount names. */
	assert_int_equal(devices__btrfs_mounts(d, m, 7, 2, out, 4), 1);
	assert_int_equal(out[0]->minor, 45);
	assert_int_equal(devices__btrfs_mounts(d, m, 7, 1, out, 4), 1);
	assert_int_equal(devices__btrfs_mounts(d, m, 7, 3, out, 4), 0);
	devices__free(d);
	devices__free(NULL);
	mounts__free(m);
}

static void test_devices_parse(void **state)
{
	uint32_t maj = 0, min = 0;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(devices__parse("8:17", &maj, &min, &e), 0);
	assert_int_equal(maj, 8);
	assert_int_equal(min, 17);
	assert_int_equal(devices__parse("/dev/null", &maj, &min, &e), -ENOTBLK);
	assert_non_null(strstr(e.hint, "--mount"));
	assert_int_equal(devices__parse("no_such_disk", &maj, &min, &e), -ENOENT);
	assert_non_null(strstr(e.text, "no_such_disk"));
	assert_int_equal(devices__parse("/dev/no_such_disk", &maj, &min, &e), -ENOENT);
	assert_int_not_equal(devices__parse("..", &maj, &min, &e), 0);
	assert_int_not_equal(devices__parse("", &maj, &min, &e), 0);
	assert_int_not_equal(devices__parse("8:", &maj, &min, &e), 0);
	assert_int_not_equal(devices__parse("8:99999999999", &maj, &min, &e), 0);
}

/* Whatever block device this host has: its name leads back to its number. */
static void test_devices_host(void **state)
{
	struct devices *d = devices__new(NULL);
	DIR *dir = opendir("/sys/class/block");
	uint32_t maj, min;
	struct dirent *de;

	(void)state;
	while (dir && (de = readdir(dir))) {
		if (de->d_name[0] == '.' || strchr(de->d_name, '!'))
			continue;
		assert_int_equal(devices__parse(de->d_name, &maj, &min, NULL), 0);
		assert_string_equal(devices__name(d, maj, min), de->d_name);
	}
	if (dir)
		closedir(dir);
	devices__free(d);
}

/* ---- cgroups ---- */

static void test_cgroups(void **state)
{
	struct cgroups *c = cgroups__new();
	const char *path = cgroups__path(c, UINT64_MAX);

	(void)state;
	assert_string_equal(path, "cgroup:18446744073709551615");
	assert_ptr_equal(cgroups__path(c, UINT64_MAX), path);
	assert_string_equal(cgroups__path(c, 0), "cgroup:0");
	cgroups__free(c);
	cgroups__free(NULL);
}

static void test_cgroups_open(void **state)
{
	struct cgroups *c = cgroups__new();
	struct err e = { 0 };
	struct stat st;
	int fd;

	(void)state;
	assert_true(cgroups__open(tmp, &e) < 0);
	assert_non_null(strstr(e.text, tmp));
	assert_true(cgroups__open("/no/such/group", &e) < 0);
	assert_true(cgroups__open("no_such_group", &e) < 0);
	assert_true(e.hint[0]);
	fd = cgroups__open("/", &e);
	if (fd == -ENODEV) {
		assert_non_null(strstr(e.text, "not mounted"));
	} else {
		assert_true(fd >= 0);
		assert_int_equal(fstat(fd, &st), 0);
		assert_string_equal(cgroups__path(c, st.st_ino), "/");
		close(fd);
	}
	cgroups__free(c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_intern),
		cmocka_unit_test(test_procfile),
		cmocka_unit_test(test_ksyms_names),
		cmocka_unit_test(test_ksyms_gap),
		cmocka_unit_test(test_ksyms_frames),
		cmocka_unit_test(test_ksyms_hidden),
		cmocka_unit_test(test_ksyms_hostile),
		cmocka_unit_test(test_usyms_self),
		cmocka_unit_test(test_usyms_no_process),
		cmocka_unit_test(test_usyms_after_exit),
		cmocka_unit_test(test_elf),
		cmocka_unit_test(test_elf_hostile),
		cmocka_unit_test(test_elf_flipped),
		cmocka_unit_test(test_mounts),
		cmocka_unit_test(test_mounts_hostile),
		cmocka_unit_test(test_mounts_self),
		cmocka_unit_test(test_paths_build),
		cmocka_unit_test(test_paths_build_sizes),
		cmocka_unit_test(test_paths_from_fd),
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_devices_parse),
		cmocka_unit_test(test_devices_host),
		cmocka_unit_test(test_cgroups),
		cmocka_unit_test(test_cgroups_open),
	};

	return cmocka_run_group_tests(tests, make_tmp, drop_tmp);
}
