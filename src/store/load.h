/* SPDX-License-Identifier: GPL-2.0 */
/* Recordings, one or many, as what feeds a ledger. */
#ifndef AIOSTALL_STORE_LOAD_H
#define AIOSTALL_STORE_LOAD_H

#include "model/view.h"
#include "store/store.h"

/* For who wants to see the ledger slice by slice. */
struct load_slices {
	void *ctx;
	/* Before it is read; 0, or -errno with e set, and it is not. */
	int (*recording)(void *ctx, const struct store *s, struct err *e); /* NULL = any */
	/* The ledger has one slice more and has to be told to begin the next one. */
	void (*slice)(void *ctx, struct ledger *l);
	bool whole; /* all else is read, too, as without slices */
};

struct load_opts {
	struct view_filter filter; /* of events in full; of sums the view's own counts */
	struct store_range range;
	const struct causes *causes; /* rule set, to tell wait primitives from telling frames */
	bool rematch;		     /* name the causes anew from the stacks, not as recorded */
	bool distributions;	     /* of single keys: --by and filters of threads want them */
	const struct load_slices
		*slices; /* NULL = not wanted; with it sums alone are read, unless it is whole */
	const char *command; /* for the report */
};

struct load;

/* opts outlives it. NULL with e set. */
struct load *load__new(const struct load_opts *opts, struct err *e);
/* One more recording; in outlives l. 0, or -errno with e set: it is left out then, what came before stays. */
int load__add(struct load *l, struct store_input *in, struct err *e);
/* All of them as one; owned by the load. */
struct ledger *load__ledger(struct load *l);
/* The one that was added last. */
const struct store *load__store(const struct load *l);
const struct capture_info *load__capture(const struct load *l);
/* Why there is nothing, for people, if that is known; buf, or NULL. */
const char *load__nothing(const struct load *l, char *buf, size_t size);
/* Why some of them do not tell what each process submitted; NULL if all do. */
const char *load__no_submits(const struct load *l);
/* What the containers of all recordings so far were called. */
const struct container_names *load__containers(const struct load *l);
void load__free(struct load *l);

#endif
