/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's types: some five megabytes, read and parsed once for the plan and for libbpf. */
#ifndef AIOSTALL_LIVE_KERNELBTF_H
#define AIOSTALL_LIVE_KERNELBTF_H

struct btf;

/* The caller's, for btf__free(). NULL with errno, ENOENT = this kernel has none. */
struct btf *kernelbtf__read(void);

/*
 * From now on libbpf, when it looks for the kernel's types, may take *btf, and what was lent is
 * NULL then. kernelbtf__lend(NULL) ends that. Where libbpf is a shared library it reads its own.
 */
void kernelbtf__lend(struct btf **btf);

/*
 * For each type that the programs name libbpf compares the names of all structs, unions and enums of
 * the kernel. Here those that bear no name of the programs' types lose theirs, but for some, and are
 * passed over.
 */
void kernelbtf__forget_names(struct btf *kernel, const struct btf *programs);
/* What is lent, now the caller's; NULL if there is nothing. */
struct btf *kernelbtf__take(void);

#endif
