/* SPDX-License-Identifier: GPL-2.0 */
/* Figures of a comparison as people read them; each returns buf. */
#ifndef AIOSTALL_DIFF_FIGURES_H
#define AIOSTALL_DIFF_FIGURES_H

#include "diff/diff.h"

/* "-" for what is no number. */
char *figures__value(const struct measure *m, double v, char *buf, size_t size);
/* "+21.7%", "x12.3" above ten times, "new" and "gone" where there is nothing to divide. */
char *figures__change(double ratio, char *buf, size_t size);
/* "+3.1%..+40.2%"; "" of what is not tested. */
char *figures__interval(const struct compared *c, char *buf, size_t size);
char *figures__p(const struct diff_row *row, char *buf, size_t size);
/* What is looked at of a recording, ", by io_submit"; "" = all of it. */
const char *figures__apis(const struct sample *s);

#endif
