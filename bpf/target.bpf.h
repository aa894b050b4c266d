/* SPDX-License-Identifier: GPL-2.0 */
/* Who is traced, and which row of the report a file belongs to. */
#ifndef AIOSTALL_TARGET_BPF_H
#define AIOSTALL_TARGET_BPF_H

#include "shared.bpf.h"

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

static __always_inline bool comm_wanted(void)
{
	char comm[WIRE_COMM_LEN] = {};

	bpf_get_current_comm(comm, sizeof(comm));
	for (__u32 i = 0; i < 8; i++) {
		if (i >= filter_nr_comms)
			break;
		if (same_name(filter_comm[i], comm, WIRE_COMM_LEN))
			return true;
	}
	return false;
}

static __always_inline bool caller_wanted(__u32 pid, __u32 tid)
{
	if (pid == opt_own_pid)
		return false;
	if (opt_tree_only && !bpf_map_lookup_elem(&tree, &pid))
		return false;
	if (filter_pids && !bpf_map_lookup_elem(&want_pids, &pid))
		return false;
	if (filter_tids && !bpf_map_lookup_elem(&want_tids, &tid))
		return false;
	if (filter_cgroup && bpf_current_task_under_cgroup(&want_cgroup, 0) != 1)
		return false;
	if (filter_nr_comms && !comm_wanted())
		return false;
	return true;
}

/* The file behind a request, as far as rows and filters need it. */
struct target {
	struct wire_fs_key key;
	__u32 mnt_id;
	__u32 sb_dev;
	__u32 i_mode;
	char fstype[WIRE_FSTYPE_LEN];
};

static __always_inline bool want_has(__u32 kind, __u32 value)
{
	struct wire_want_key key = {.kind = kind, .value = value};

	return bpf_map_lookup_elem(&wants, &key) != NULL;
}

static __always_inline bool target_wanted(const struct target *t)
{
	bool found = filter_nr_fstypes == 0;

	for (__u32 i = 0; i < 8 && !found; i++) {
		if (i >= filter_nr_fstypes)
			break;
		found = same_name(filter_fstype[i], t->fstype, WIRE_FSTYPE_LEN);
	}
	if (!found)
		return false;
	if (!filter_wants)
		return true;
	return want_has(WIRE_WANT_DEV, t->key.dev) || want_has(WIRE_WANT_MOUNT, t->mnt_id);
}

#define FILTERING_FS (filter_nr_fstypes || filter_wants)

/* ---- from a file to its row ---- */

static __always_inline void target_of_file(struct file *file, struct target *t)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct super_block *sb = BPF_CORE_READ(inode, i_sb);
	struct vfsmount *mnt = BPF_CORE_READ(file, f_path.mnt);
	struct mount *m = (void *)mnt - bpf_core_field_offset(struct mount, mnt);

	t->sb_dev = BPF_CORE_READ(sb, s_dev);
	t->i_mode = BPF_CORE_READ(inode, i_mode);
	t->mnt_id = BPF_CORE_READ(m, mnt_id);
	if ((t->i_mode & S_IFMT) == S_IFBLK || (t->i_mode & S_IFMT) == S_IFCHR) {
		bool blk = (t->i_mode & S_IFMT) == S_IFBLK;

		t->key.kind = blk ? WIRE_FS_BLKDEV : WIRE_FS_CHRDEV;
		t->key.dev = BPF_CORE_READ(inode, i_rdev);
		__builtin_memcpy(t->fstype, blk ? "blockdev" : "chardev\0", 9);
		return;
	}
	t->key.kind = WIRE_FS_SUPER;
	t->key.dev = t->sb_dev;
	bpf_probe_read_kernel_str(t->fstype, sizeof(t->fstype), BPF_CORE_READ(sb, s_type, name));
}

static __always_inline struct file *file_of_fd(__u32 fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	struct file **table;
	struct file *file = NULL;

	if (fd >= BPF_CORE_READ(fdt, max_fds))
		return NULL;
	table = BPF_CORE_READ(fdt, fd);
	bpf_probe_read_kernel(&file, sizeof(file), table + fd);
	return file;
}

/* Index of the row in the call, new if need be; WIRE_FS_PER_CALL if there is no place. */
static __always_inline __u32 call_fs(struct wire_call *c, const struct target *t)
{
	struct wire_call_fs *f;
	__u32 i;

	for (i = 0; i < WIRE_FS_PER_CALL; i++) {
		if (i >= c->nr_fs)
			break;
		if (c->fs[i].key.dev == t->key.dev && c->fs[i].key.kind == t->key.kind)
			return i;
	}
	if (i >= WIRE_FS_PER_CALL)
		return WIRE_FS_PER_CALL;
	f = &c->fs[i];
	__builtin_memset(f, 0, sizeof(*f));
	f->key = t->key;
	f->mnt_id = t->mnt_id;
	__builtin_memcpy(f->fstype, t->fstype, sizeof(f->fstype));
	c->nr_fs = i + 1;
	return i;
}

#endif
