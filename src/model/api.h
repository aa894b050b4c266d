/* SPDX-License-Identifier: GPL-2.0 */
/* How requests were handed over to the kernel. */
#ifndef AIOSTALL_MODEL_API_H
#define AIOSTALL_MODEL_API_H

/* In recordings by name, so that the numbers are free to change. */
enum api { API_AIO, APIS }; /* io_submit(2) */

/* "aio". */
const char *api__name(enum api api);
/* API_AIO for "aio", APIS if there is none of that name. */
enum api api__find(const char *name);

#endif
