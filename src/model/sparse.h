/* SPDX-License-Identifier: GPL-2.0 */
/* A histogram of few buckets: most keys sleep alike. The same buckets as struct hist. */
#ifndef AIOSTALL_MODEL_SPARSE_H
#define AIOSTALL_MODEL_SPARSE_H

#include "model/hist.h"

struct sparse_pair {
	uint32_t bucket;
	uint64_t count;
};

struct sparse {
	struct sparse_pair *pair;
	uint32_t nr, room;
};

/* Count values that fall into a bucket; saturates. 0 or -ENOMEM. */
int sparse__add(struct sparse *s, uint32_t bucket, uint64_t count);
/* Add all of a histogram, or of another one. 0, or -ENOMEM with a part of it added. */
int sparse__add_hist(struct sparse *s, const struct hist *h);
int sparse__merge(struct sparse *s, const struct sparse *from);
void sparse__sort(struct sparse *s);
void hist__add_sparse(struct hist *h, const struct sparse *s);
void sparse__free(struct sparse *s);

#endif
