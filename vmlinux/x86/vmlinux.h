/* SPDX-License-Identifier: GPL-2.0 */
/* Made by tools/vmlinux.sh: only what bpf/ uses, found by name when loaded. */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#include <linux/aio_abi.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
#endif

typedef unsigned char __u8;

typedef short unsigned int __u16;

typedef unsigned int __u32;

typedef long long int __s64;

typedef long long unsigned int __u64;

typedef __u8 u8;

typedef __u32 u32;

typedef __s64 s64;

typedef __u64 u64;

typedef int __kernel_pid_t;

typedef long long int __kernel_loff_t;

typedef u32 __kernel_dev_t;

typedef __kernel_dev_t dev_t;

typedef short unsigned int umode_t;

typedef __kernel_pid_t pid_t;

typedef __kernel_loff_t loff_t;

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	s64 counter;
} atomic64_t;

struct hlist_head {
	void *first;
};

struct thread_info {
	u32 status;
};

struct sched_entity {
	u64 sum_exec_runtime;
};

struct sched_info {
	long long unsigned int run_delay;
};

struct seccomp {
	int mode;
};

struct files_struct;

struct signal_struct;

struct task_struct {
	struct thread_info thread_info;
	unsigned int __state;
	void *stack;
	unsigned int ptrace;
	struct sched_entity se;
	struct sched_info sched_info;
	void *mm;
	unsigned int in_iowait: 1;
	pid_t pid;
	pid_t tgid;
	long unsigned int nvcsw;
	char comm[16];
	struct files_struct *files;
	struct signal_struct *signal;
	struct seccomp seccomp;
};

struct file_system_type {
	void *name;
};

struct pt_regs {
	long unsigned int bx;
	long unsigned int ax;
	long unsigned int cx;
	long unsigned int dx;
	long unsigned int si;
	long unsigned int di;
	long unsigned int orig_ax;
};

typedef atomic64_t atomic_long_t;

struct mutex {
	atomic_long_t owner;
};

struct refcount_struct {
	atomic_t refs;
};

typedef struct refcount_struct refcount_t;

struct inode;

struct address_space {
	struct inode *host;
};

struct signal_struct {
	atomic_t live;
};

struct request_queue;

struct gendisk {
	struct request_queue *queue;
	u64 diskseq;
};

struct rw_semaphore {
	atomic_long_t owner;
};

struct vfsmount;

struct dentry;

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	struct address_space *f_mapping;
	struct inode *f_inode;
	unsigned int f_flags;
	union {
		const struct path f_path;
	};
};

struct kiocb {
	struct file *ki_filp;
	int ki_flags;
};

struct hlist_bl_node {
	void *pprev;
};

struct qstr {
	void *name;
};

struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	union {
		const struct qstr d_name;
	};
};

struct super_block;

struct inode {
	umode_t i_mode;
	struct super_block *i_sb;
	long unsigned int i_ino;
	dev_t i_rdev;
	loff_t i_size;
	u32 i_generation;
	u8 i_blkbits;
};

struct block_device;

typedef __s64 time64_t;

struct timespec64 {
	time64_t tv_sec;
};

typedef struct {
	__u8 b[16];
} uuid_t;

struct backing_dev_info {
	u64 id;
};

struct super_block {
	dev_t s_dev;
	struct file_system_type *s_type;
	struct dentry *s_root;
	struct block_device *s_bdev;
	struct backing_dev_info *s_bdi;
	uuid_t s_uuid;
};

struct vfsmount {
};

struct queue_limits {
	unsigned int logical_block_size;
};

struct request_queue {
	struct queue_limits limits;
};

struct block_device {
	struct gendisk *bd_disk;
};

struct fdtable;

struct files_struct {
	struct fdtable *fdt;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct rt_mutex_base {
	struct task_struct *owner;
};

struct trace_event_raw_sys_enter {
	long unsigned int args[6];
};

struct trace_event_raw_sys_exit {
	long int ret;
};

typedef int __kernel_rwf_t;

struct mount {
	struct vfsmount mnt;
	int mnt_id;
};

struct kioctx {
	long unsigned int user_id;
	unsigned int nr_events;
};

struct aio_kiocb {
	union {
		struct file *ki_filp;
	};
	struct kioctx *ki_ctx;
	struct io_event ki_res;
	refcount_t ki_refcnt;
};

struct bdev_inode {
	struct block_device bdev;
	struct inode vfs_inode;
};

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute pop
#endif

#endif /* __VMLINUX_H__ */
