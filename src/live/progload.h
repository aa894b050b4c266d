/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The verifier takes most of the start, one program at a time, since libbpf loads one after the
 * other. Here the big ones are kept back until libbpf is through, and then loaded side by side.
 */
#ifndef AIOSTALL_LIVE_PROGLOAD_H
#define AIOSTALL_LIVE_PROGLOAD_H

#include <bpf/bpf.h>
#include <stddef.h>

/* bpf_prog_load(), whose options are const or not from one libbpf to the next. */
typedef int progload_fn(enum bpf_prog_type type, const char *name, const char *license,
			const struct bpf_insn *insns, size_t nr_insns, const void *opts);

/* From now on big programs are kept back. */
void progload__begin(void);
/* Begin to load them, if all went well so far. */
void progload__start(void);
/* Returns with all loaded: 0, or -errno of the first that the kernel refused. */
int progload__end(void);
/*
 * Instead of fn: >= 0 is the descriptor, which is the program's once progload__end() has
 * returned 0. < 0: this one is to be loaded as ever. (src/static/progs.c; a shared libbpf does
 * not ask.)
 */
int progload__beside(progload_fn *fn, enum bpf_prog_type type, const char *name,
		     const char *license, const struct bpf_insn *insns, size_t nr_insns,
		     const struct bpf_prog_load_opts *opts);

/*
 * fn, whatever signals come meanwhile. The verifier gives up with EAGAIN when one is pending, and a
 * stop is, for all threads of a process; libbpf tries five times. After these the program is loaded
 * by a child, which nobody knows to send signals to.
 */
int progload__now(progload_fn *fn, enum bpf_prog_type type, const char *name, const char *license,
		  const struct bpf_insn *insns, size_t nr_insns, const void *opts);

#endif
