/* SPDX-License-Identifier: GPL-2.0 */
/* Who is traced, and which row of the report a file belongs to. */
#ifndef AIOSTALL_TARGET_BPF_H
#define AIOSTALL_TARGET_BPF_H

#include "shared.bpf.h"

struct want_pids_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u8);
};
extern struct want_pids_map want_pids SEC(".maps");

struct want_tids_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u8);
};
extern struct want_tids_map want_tids SEC(".maps");

/* Processes of the traced command. */
struct tree_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, __u8);
};
extern struct tree_map tree SEC(".maps");

struct want_cgroup_map {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
};
extern struct want_cgroup_map want_cgroup SEC(".maps");

struct wants_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct wire_want_key);
	__type(value, __u8);
};
extern struct wants_map wants SEC(".maps");

/* ---- filters ---- */

static __always_inline bool same_name(const volatile char *a, const char *b, int len)
{
	for (int i = 0; i < len; i++) {
		if (a[i] != b[i])
			return false;
		if (!a[i])
			return true;
	}
	return true;
}

static __always_inline bool comm_wanted(const char *comm)
{
	for (__u32 i = 0; i < 8; i++) {
		if (i >= filter_nr_comms)
			break;
		if (same_name(filter_comm[i], comm, WIRE_COMM_LEN))
			return true;
	}
	return false;
}

/*
 * True if the process of this thread is a child of one that is traced, which it is from now on: a
 * preemptible kernel skips the program of a fork while another thread is preempted in it on the CPU.
 */
int adopt(__u32 pid);

/* By all but its name. */
static __always_inline bool thread_wanted(__u32 pid, __u32 tid)
{
	if (pid == opt_own_pid)
		return false;
	if (opt_tree_only && !bpf_map_lookup_elem(&tree, &pid) && !adopt(pid))
		return false;
	if (filter_pids && !bpf_map_lookup_elem(&want_pids, &pid))
		return false;
	if (filter_tids && !bpf_map_lookup_elem(&want_tids, &tid))
		return false;
	if (filter_cgroup && bpf_current_task_under_cgroup(&want_cgroup, 0) != 1)
		return false;
	return true;
}

static __always_inline bool caller_wanted(__u32 pid, __u32 tid)
{
	char comm[WIRE_COMM_LEN] = {};

	if (!thread_wanted(pid, tid))
		return false;
	if (!filter_nr_comms)
		return true;
	bpf_get_current_comm(comm, sizeof(comm));
	return comm_wanted(comm);
}

/* The file behind a request, as far as rows and filters need it. */
struct target {
	struct wire_fs_key key;
	__u32 mnt_id;
	__u32 sb_dev;
	__u64 type; /* struct file_system_type, 0 for device nodes */
};

/* Eight characters, of which the first is the lowest byte: machines are little-endian. */
#define WORD(a, b, c, d, e, f, g, h)                                                               \
	((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24 | (__u64)(e) << 32 |   \
	 (__u64)(f) << 40 | (__u64)(g) << 48 | (__u64)(h) << 56)

/*
 * The name of a target's filesystem type: text from the kernel, wanted seldom. All places for it are
 * aligned, and written in words: the compiler would write each character by itself.
 */
static __always_inline void read_fstype(const struct target *t, char *to)
{
	__u64 *words = (void *)to;

	words[0] = t->key.kind == WIRE_FS_BLKDEV   ? WORD('b', 'l', 'o', 'c', 'k', 'd', 'e', 'v')
		   : t->key.kind == WIRE_FS_CHRDEV ? WORD('c', 'h', 'a', 'r', 'd', 'e', 'v', 0)
						   : 0;
	words[1] = 0;
	if (!words[0] && t->type)
		bpf_probe_read_kernel_str(to, WIRE_FSTYPE_LEN,
					  READ(file_system_type, t->type, name));
}

static __always_inline bool fstype_wanted(const struct target *t)
{
	char name[WIRE_FSTYPE_LEN] __attribute__((aligned(8)));

	read_fstype(t, name);
	for (__u32 i = 0; i < 8; i++) {
		if (i >= filter_nr_fstypes)
			break;
		if (same_name(filter_fstype[i], name, WIRE_FSTYPE_LEN))
			return true;
	}
	return false;
}

static __always_inline bool want_has(__u32 kind, __u32 value)
{
	struct wire_want_key key = {.kind = kind, .value = value};

	return bpf_map_lookup_elem(&wants, &key) != NULL;
}

static __always_inline bool target_wanted(const struct target *t)
{
	if (filter_nr_fstypes && !fstype_wanted(t))
		return false;
	if (!filter_wants)
		return true;
	return want_has(WIRE_WANT_DEV, t->key.dev) || want_has(WIRE_WANT_MOUNT, t->mnt_id);
}

#define FILTERING_FS (filter_nr_fstypes || filter_wants)

/* ---- from a file to its row ---- */

/*
 * A device's number is used again: for the next image on a loop device, say, which may be a copy of
 * the one before. The upper half is of the UUID, 0 where the type has none. The lower one tells
 * which disk the device was, or which mount, where no device is below: the same while it is
 * mounted again there; else where the superblock and its root lie: the first alone is given away
 * to the next one at once. What of them is one row, user space decides.
 */
static __always_inline __u64 super_id(const void *inode, const void *sb)
{
	__u64 uuid = read_number(sb + bpf_core_field_offset(struct super_block, s_uuid));
	const void *bdev = READ(super_block, sb, s_bdev);
	__u64 n = bdev ? disk_sequence(bdev)
		       : READ(backing_dev_info, READ(super_block, sb, s_bdi), id);

	if (!n) {
		__u64 root = read_number(sb + bpf_core_field_offset(struct super_block, s_root));

		n = (read_number(inode + bpf_core_field_offset(struct inode, i_sb)) >> 6) +
		    0x9e3779b1 * (root >> 6);
	}
	return (uuid ^ uuid >> 32) << 32 | (__u32)n;
}

/* By the type of file, four bits each: a shift, see aio_opcode_of(). */
#define KIND_OF(type, kind) ((__u64)((kind) ^ WIRE_FS_SUPER) << (4 * ((type) >> 12)))

static __always_inline __u32 kind_of_mode(__u32 mode)
{
	const __u64 kinds = KIND_OF(S_IFBLK, WIRE_FS_BLKDEV) | KIND_OF(S_IFCHR, WIRE_FS_CHRDEV);

	return (kinds >> (4 * (mode >> 12 & 15)) & 15) ^ WIRE_FS_SUPER;
}

static __always_inline void target_of_file(struct file *file, struct target *t)
{
	struct inode *inode = READ(file, file, f_inode);
	struct super_block *sb = READ(inode, inode, i_sb);
	void *mnt = READ(file, file, f_path.mnt);

	t->sb_dev = READ(super_block, sb, s_dev);
	t->mnt_id = READ(mount, mnt - bpf_core_field_offset(struct mount, mnt), mnt_id);
	t->key.kind = kind_of_mode(READ(inode, inode, i_mode));
	if (t->key.kind != WIRE_FS_SUPER) {
		t->key.dev = READ(inode, inode, i_rdev);
		return;
	}
	t->key.dev = t->sb_dev;
	t->key.super = super_id(inode, sb);
	t->type = (__u64)READ(super_block, sb, s_type);
}

static __always_inline bool same_fs(const struct wire_fs_key *a, const struct wire_fs_key *b)
{
	return a->dev == b->dev && a->kind == b->kind && a->super == b->super;
}

static __always_inline struct file *file_of_fd(__u32 fd)
{
	void *files = READ(task_struct, bpf_get_current_task(), files);
	void *fdt = READ(files_struct, files, fdt);

	if (fd >= READ(fdtable, fdt, max_fds))
		return NULL;
	return read_pointer(READ(fdtable, fdt, fd) + fd);
}

/* What is counted in a row of a call. */
#define COUNTED_FROM offsetof(struct wire_call_fs, requests)
_Static_assert(COUNTED_FROM % sizeof(__u64) == 0, "cleared in words");

/* A row of a call begins empty; what an earlier call of the thread has left there may hold the name. */
static __always_inline void start_row(struct wire_call_fs *f, const struct target *t)
{
	if (!f->fstype[0] || f->type != t->type || f->key.kind != t->key.kind)
		read_fstype(t, f->fstype);
	f->key = t->key;
	f->type = t->type;
	f->mnt_id = t->mnt_id;
	for (__u32 i = 0; i < sizeof(*f) - COUNTED_FROM; i += sizeof(__u64))
		*(__u64 *)((void *)f + COUNTED_FROM + i) = 0;
}

/* Number of the row in the call, nr_fs if it has none of that filesystem. */
static __always_inline __u32 find_row(struct call *c, const struct target *t)
{
	__u32 i;

	for (i = 0; i < WIRE_FS_PER_CALL; i++) {
		if (i >= c->nr_fs)
			break;
		if (same_fs(&c->fs[i].key, &t->key))
			break;
	}
	/*
	 * By way of memory: for the verifier it is some number then, and not one in each round,
	 * for each of which it would look at all that follows.
	 */
	*(volatile __u32 *)&c->row = i;
	return *(volatile __u32 *)&c->row;
}

/* Index of the row in the call, new if need be; WIRE_FS_PER_CALL if there is no place. */
static __always_inline __u32 call_fs(struct call *c, const struct target *t)
{
	__u32 i = find_row(c, t);

	if (i >= WIRE_FS_PER_CALL)
		return WIRE_FS_PER_CALL;
	if (i >= c->nr_fs) {
		start_row(&c->fs[BOUNDED(i, WIRE_FS_PER_CALL)], t);
		c->nr_fs = i + 1;
	}
	return i;
}

#endif
