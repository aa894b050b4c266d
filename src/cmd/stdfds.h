/* SPDX-License-Identifier: GPL-2.0 */
#ifndef AIOSTALL_CMD_STDFDS_H
#define AIOSTALL_CMD_STDFDS_H

/*
 * Put something into standard input, output and error that the caller has closed: else the next file
 * that is opened takes their number, and gets what is meant for them. Reading and writing them
 * fails as before. 0 or -errno.
 */
int stdfds__fill(void);

#endif
