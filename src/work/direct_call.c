// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "work/direct_call.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/uio.h>
#include <unistd.h>

static int64_t read_or_write(const struct iocb *cb, int rw_flags)
{
	struct iovec one = {.iov_base = (void *)(uintptr_t)cb->aio_buf, .iov_len = cb->aio_nbytes};
	bool is_vector =
		cb->aio_lio_opcode == IOCB_CMD_PREADV || cb->aio_lio_opcode == IOCB_CMD_PWRITEV;
	bool is_read =
		cb->aio_lio_opcode == IOCB_CMD_PREAD || cb->aio_lio_opcode == IOCB_CMD_PREADV;
	const struct iovec *vec = is_vector ? (void *)(uintptr_t)cb->aio_buf : &one;
	int n = is_vector ? (int)cb->aio_nbytes : 1, flags = (int)cb->aio_rw_flags | rw_flags;

	if (is_read)
		return preadv2((int)cb->aio_fildes, vec, n, cb->aio_offset, flags);
	return pwritev2((int)cb->aio_fildes, vec, n, cb->aio_offset, flags);
}

static int64_t run(const struct iocb *cb, int rw_flags)
{
	struct pollfd pfd = {.fd = (int)cb->aio_fildes, .events = (short)cb->aio_buf};

	switch (cb->aio_lio_opcode) {
	case IOCB_CMD_FSYNC:
		return fsync((int)cb->aio_fildes);
	case IOCB_CMD_FDSYNC:
		return fdatasync((int)cb->aio_fildes);
	case IOCB_CMD_POLL:
		return poll(&pfd, 1, -1) < 0 ? -1 : pfd.revents;
	default:
		return read_or_write(cb, rw_flags);
	}
}

int64_t direct_call__run(const struct iocb *cb, int rw_flags)
{
	int64_t res = run(cb, rw_flags);

	return res < 0 ? -errno : res;
}
