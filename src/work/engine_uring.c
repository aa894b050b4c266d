// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "work/engine.h"

/* How long the kernel's thread of SQPOLL looks for work before it sleeps. */
#define SQPOLL_IDLE_MS 50

struct engine {
	struct io_uring ring;
	bool is_open;
	unsigned int sqe_flags;
};

static int uring__init(struct engine **out, unsigned int depth, unsigned int setup_flags,
		       unsigned int sqe_flags)
{
	struct io_uring_params params = {.flags = setup_flags, .sq_thread_idle = SQPOLL_IDLE_MS};
	struct engine *e = *out = calloc(1, sizeof(*e));
	int err;

	if (!e)
		return -ENOMEM;
	e->sqe_flags = sqe_flags;
	err = io_uring_queue_init_params(depth, &e->ring, &params);
	e->is_open = !err;
	return err;
}

static int uring__open(struct engine **out, unsigned int depth)
{
	return uring__init(out, depth, 0, 0);
}

static int uring_async__open(struct engine **out, unsigned int depth)
{
	return uring__init(out, depth, 0, IOSQE_ASYNC);
}

static int uring_sqpoll__open(struct engine **out, unsigned int depth)
{
	return uring__init(out, depth, IORING_SETUP_SQPOLL, 0);
}

static int uring__stage(struct io_uring_sqe *sqe, const struct iocb *cb)
{
	void *buf = (void *)(uintptr_t)cb->aio_buf;
	int fd = (int)cb->aio_fildes;

	switch (cb->aio_lio_opcode) {
	case IOCB_CMD_PREAD:
		io_uring_prep_read(sqe, fd, buf, (unsigned int)cb->aio_nbytes,
				   (uint64_t)cb->aio_offset);
		break;
	case IOCB_CMD_PWRITE:
		io_uring_prep_write(sqe, fd, buf, (unsigned int)cb->aio_nbytes,
				    (uint64_t)cb->aio_offset);
		break;
	case IOCB_CMD_PREADV:
		io_uring_prep_readv(sqe, fd, buf, (unsigned int)cb->aio_nbytes,
				    (uint64_t)cb->aio_offset);
		break;
	case IOCB_CMD_PWRITEV:
		io_uring_prep_writev(sqe, fd, buf, (unsigned int)cb->aio_nbytes,
				     (uint64_t)cb->aio_offset);
		break;
	case IOCB_CMD_FSYNC:
		io_uring_prep_fsync(sqe, fd, 0);
		return 0;
	case IOCB_CMD_FDSYNC:
		io_uring_prep_fsync(sqe, fd, IORING_FSYNC_DATASYNC);
		return 0;
	case IOCB_CMD_POLL:
		io_uring_prep_poll_add(sqe, fd, (unsigned int)cb->aio_buf);
		return 0;
	default:
		return -EOPNOTSUPP;
	}
	sqe->rw_flags = (int)cb->aio_rw_flags;
	return 0;
}

static long uring__submit(struct engine *e, struct iocb **batch, unsigned int n)
{
	long taken;

	for (unsigned int i = 0; i < n; i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&e->ring);
		int err = sqe ? uring__stage(sqe, batch[i]) : -EAGAIN;

		if (err)
			return err;
		sqe->flags |= (unsigned char)e->sqe_flags;
		sqe->user_data = batch[i]->aio_data;
	}
	taken = io_uring_submit(&e->ring);
	/* with SQPOLL: those before them that the kernel has not taken yet are in the number */
	return taken > (long)n ? (long)n : taken;
}

/* Waiting comes first: what is in the ring then can be taken without a call. */
static long uring__reap(struct engine *e, unsigned int min, unsigned int max,
			struct io_event *events)
{
	struct io_uring_cqe *cqe;
	unsigned int n = 0;
	int err;

	do {
		err = min ? io_uring_wait_cqe_nr(&e->ring, &cqe, min) : 0;
	} while (err == -EINTR);
	if (err)
		return err;
	while (n < max && !io_uring_peek_cqe(&e->ring, &cqe)) {
		events[n++] = (struct io_event){.data = cqe->user_data, .res = cqe->res};
		io_uring_cqe_seen(&e->ring, cqe);
	}
	return n;
}

static void uring__close(struct engine *e)
{
	if (e && e->is_open)
		io_uring_queue_exit(&e->ring);
	free(e);
}

const struct engine_ops engine_uring = {
	.name = "uring",
	.help = "io_uring",
	.open = uring__open,
	.submit = uring__submit,
	.reap = uring__reap,
	.close = uring__close,
};

const struct engine_ops engine_uring_async = {
	.name = "uring-async",
	.help = "io_uring, each request with IOSQE_ASYNC",
	.open = uring_async__open,
	.submit = uring__submit,
	.reap = uring__reap,
	.close = uring__close,
};

const struct engine_ops engine_uring_sqpoll = {
	.name = "uring-sqpoll",
	.help = "io_uring, a thread of the kernel submits (SQPOLL)",
	.open = uring_sqpoll__open,
	.submit = uring__submit,
	.reap = uring__reap,
	.close = uring__close,
};
