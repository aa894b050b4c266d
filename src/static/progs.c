// SPDX-License-Identifier: GPL-2.0
/* How libbpf loads a program, in the static binary (ld --wrap): the big ones beside each other. */
#include "live/progload.h"

int __real_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license,
			 const struct bpf_insn *insns, size_t nr_insns, const void *opts);
int __wrap_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license,
			 const struct bpf_insn *insns, size_t nr_insns, const void *opts);

int __wrap_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license,
			 const struct bpf_insn *insns, size_t nr_insns, const void *opts)
{
	int fd = progload__beside(__real_bpf_prog_load, type, name, license, insns, nr_insns, opts);

	if (fd >= 0)
		return fd;
	return progload__now(__real_bpf_prog_load, type, name, license, insns, nr_insns, opts);
}
