# SPDX-License-Identifier: GPL-2.0
"""What a traced program can do to its tracer."""
import json
import os
import signal
import subprocess
import time

import pytest

import tracing
from helpers import AIOSTALL, TIMEOUT, Program

# Who waits for a look that does not come back has no end; who gives it up may be on a slow host.
ENDS_S = 60

SILENT = r"""
/*
 * Two stalls, both in reads of an empty pipe, the second one called from code that is mapped from a file
 * below DIR. Before it a FUSE whose server never answers is mounted over DIR, after it the code is
 * unmapped: who wants its symbols has only the path. silent DIR GO KNOWN STOP: waits for the file GO
 * before them, for KNOWN after the first, for STOP in the end.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

static int pipe_fds[2];
static aio_context_t context;

static void *feed(void *unused)
{
	usleep(5000);
	return write(pipe_fds[1], "x", 1) == 1 ? unused : NULL;
}

static long stall(void)
{
	static char byte;
	struct iocb cb = {.aio_lio_opcode = IOCB_CMD_PREAD, .aio_fildes = (unsigned int)pipe_fds[0],
			  .aio_buf = (unsigned long)&byte, .aio_nbytes = 1};
	struct iocb *list[] = {&cb};
	struct io_event event;
	pthread_t feeder;

	pthread_create(&feeder, NULL, feed, NULL);
	syscall(SYS_io_submit, context, 1, list);
	pthread_join(feeder, NULL);
	return syscall(SYS_io_getevents, context, 1, 1, &event, NULL);
}

static void wait_file(const char *path)
{
	while (access(path, F_OK))
		usleep(10000);
}

static int mount_silent(const char *dir)
{
	static char request[1 << 17];
	struct fuse_in_header *in = (struct fuse_in_header *)request;
	struct {
		struct fuse_out_header head;
		struct fuse_init_out init;
	} answer = {.head = {.len = sizeof(answer)}, .init = {.major = 7, .minor = 31, .max_write = 4096}};
	int fd = open("/dev/fuse", O_RDWR);
	char options[100];

	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fd);
	if (fd < 0 || mount("silent", dir, "fuse", 0, options))
		return -1;
	if (read(fd, request, sizeof(request)) < (ssize_t)sizeof(*in))
		return -1;
	answer.head.unique = in->unique;
	return write(fd, &answer, sizeof(answer)) == sizeof(answer) ? fd : -1;
}

int main(int argc, char **argv)
{
	/* call what the first argument points to, with a frame pointer */
#if defined(__x86_64__)
	static const unsigned char code[] = {0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3};
#else
	static const unsigned int code[] = {0xa9bf7bfd, 0x910003fd, 0xd63f0000, 0xa8c17bfd, 0xd65f03c0};
#endif
	char path[4096];
	long (*call)(long (*)(void));
	int file, fuse;

	if (argc != 5 || pipe(pipe_fds) || syscall(SYS_io_setup, 8, &context))
		return 1;
	snprintf(path, sizeof(path), "%s/code.so", argv[1]);
	file = open(path, O_RDWR | O_CREAT, 0755);
	if (write(file, code, sizeof(code)) != sizeof(code) || ftruncate(file, 4096))
		return 1;
	call = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);
	close(file);
	wait_file(argv[2]);
	stall();
	puts("stalled");
	fflush(stdout);
	wait_file(argv[3]); /* the tracer knows our maps */
	fuse = mount_silent(argv[1]);
	if (fuse < 0)
		return 77;
	/* a single one may be shown to no tracer */
	for (int i = 0; i < 5; i++)
		call(stall);
	munmap((void *)call, 4096);
	puts("silent");
	fflush(stdout);
	wait_file(argv[4]);
	umount2(argv[1], MNT_DETACH);
	close(fuse);
	return 0;
}
"""


@pytest.fixture(name="silent", scope="module")
def silent_fixture(tmp_path_factory):
    where = tmp_path_factory.mktemp("silent")
    (where / "silent.c").write_text(SILENT, encoding="ascii")
    subprocess.run(["cc", "-O1", "-fno-omit-frame-pointer", "-o", where / "silent",
                    where / "silent.c", "-pthread"], check=True)
    return where / "silent"


def test_a_silent_filesystem_over_a_library(tmp_path, silent):
    """A look-up below the program's root would never come back; one in a child has a deadline."""
    if not os.path.exists("/dev/fuse"):
        pytest.skip("needs /dev/fuse")
    folder, go, known, stop, out = (tmp_path / name for name in ("folder", "go", "known", "stop", "out"))
    folder.mkdir()
    with subprocess.Popen(["unshare", "-m", "--propagation", "private", silent, folder, go, known, stop],
                          stdout=subprocess.PIPE, text=True) as program:
        try:
            with Program([AIOSTALL, "stat", "-c", "silent", "--user-stacks", "--format", "json",
                          "-o", out, "--ready-file", tmp_path / "ready"]) as tracer:
                tracer.wait_file(tmp_path / "ready")
                go.touch()
                assert program.stdout.readline() == "stalled\n"
                tracing.turns(tracer)
                known.touch()
                if program.stdout.readline() != "silent\n":
                    pytest.skip("needs to mount a FUSE filesystem")
                time.sleep(0.5)
                start = time.monotonic()
                tracer.signal(signal.SIGINT)
                assert tracer.finish().status in (0, 3)
                assert time.monotonic() - start < ENDS_S
        finally:
            stop.touch()
            program.wait(TIMEOUT)
    report = json.loads(out.read_text(encoding="utf-8"))
    assert report["totals"]["sleeps"] >= 1
    assert "code.so" in out.read_text(encoding="utf-8")


EXECS = r"""
/*
 * Stalls in a read of an empty pipe, and then executes a program with a descriptor that is to be closed
 * meanwhile and belongs to a FUSE whose server never answers: until then most of /proc/PID waits.
 * execs FILE GO STOP: mounts over FILE, stalls when GO is there, and ends when STOP is.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static int pipe_fds[2];

static void *feed(void *unused)
{
	usleep(5000);
	return write(pipe_fds[1], "x", 1) == 1 ? unused : NULL;
}

static long switches(void)
{
	struct rusage used;

	getrusage(RUSAGE_THREAD, &used);
	return used.ru_nvcsw;
}

static void stall(void)
{
	static char byte;
	long slept = 0, before;
	struct iocb cb = {.aio_lio_opcode = IOCB_CMD_PREAD, .aio_fildes = (unsigned int)pipe_fds[0],
			  .aio_buf = (unsigned long)&byte, .aio_nbytes = 1};
	struct iocb *list[] = {&cb};
	aio_context_t context = 0;
	pthread_t feeder;

	if (pipe(pipe_fds) || syscall(SYS_io_setup, 8, &context))
		exit(1);
	for (int i = 0; i < 5; i++) {
		pthread_create(&feeder, NULL, feed, NULL);
		before = switches();
		syscall(SYS_io_submit, context, 1, list);
		slept += switches() - before;
		pthread_join(feeder, NULL);
	}
	printf("%ld\n", slept);
	fflush(stdout);
}

static void wait_file(const char *path)
{
	while (access(path, F_OK))
		usleep(10000);
}

static void answer(int fd)
{
	static char request[1 << 17];
	const struct fuse_in_header *in = (const struct fuse_in_header *)request;
	struct {
		struct fuse_out_header head;
		union {
			struct fuse_init_out init;
			struct fuse_open_out open;
		} u;
	} out;

	while (read(fd, request, sizeof(request)) > 0) {
		out = (typeof(out)){.head = {.len = sizeof(out.head), .unique = in->unique}};
		if (in->opcode == FUSE_INIT) {
			out.head.len += sizeof(out.u.init);
			out.u.init = (struct fuse_init_out){.major = 7, .minor = 31, .max_write = 4096};
		} else if (in->opcode == FUSE_OPEN) {
			out.head.len += sizeof(out.u.open);
		} else {
			puts("silent");
			fflush(stdout);
			continue;
		}
		if (write(fd, &out, out.head.len) < 0)
			return;
	}
}

int main(int argc, char **argv)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	char options[100];
	pid_t server, victim;

	if (argc != 4)
		return 1;
	snprintf(options, sizeof(options), "fd=%d,rootmode=100000,user_id=0,group_id=0,allow_other", fd);
	if (fd < 0 || mount("silent", argv[1], "fuse", 0, options))
		return 77;
	server = fork();
	if (!server) {
		answer(fd);
		_exit(0);
	}
	victim = fork();
	if (!victim) {
		if (open(argv[1], O_RDWR | O_CLOEXEC) < 0)
			_exit(1);
		wait_file(argv[2]);
		stall();
		execlp("sleep", "sleep", "1000", (char *)NULL);
		_exit(1);
	}
	wait_file(argv[3]);
	kill(victim, SIGKILL);
	kill(server, SIGKILL);
	umount2(argv[1], MNT_DETACH);
	return 0;
}
"""


@pytest.fixture(name="execs", scope="module")
def execs_fixture(tmp_path_factory):
    where = tmp_path_factory.mktemp("execs")
    (where / "execs.c").write_text(EXECS, encoding="ascii")
    subprocess.run(["cc", "-O1", "-o", where / "execs", where / "execs.c", "-pthread"], check=True)
    return where / "execs"


@pytest.mark.parametrize("moment", ["before", "while"])
def test_a_process_that_is_for_ever_in_execve(tmp_path, execs, moment):
    """Its /proc/PID does not let go who reads it: the look for calls that were there before, mappings
    of a user stack, the name behind a descriptor. What it did until then is in the report."""
    if not os.path.exists("/dev/fuse"):
        pytest.skip("needs /dev/fuse")
    file, go, stop, out = (tmp_path / name for name in ("file", "go", "stop", "out"))
    file.touch()
    with subprocess.Popen(["unshare", "-m", "--propagation", "private", execs, file, go, stop],
                          stdout=subprocess.PIPE, text=True) as program:

        def begin():
            go.touch()
            slept = program.stdout.readline()
            if not slept:
                pytest.skip("needs to mount a FUSE filesystem")
            assert program.stdout.readline() == "silent\n"
            return int(slept)

        try:
            if moment == "before":
                begin()
            with Program([AIOSTALL, "stat", "--user-stacks", "--format", "json", "-o", out,
                          "--ready-file", tmp_path / "ready"]) as tracer:
                tracer.wait_file(tmp_path / "ready")
                if moment == "while":
                    slept = begin()
                time.sleep(0.5)
                start = time.monotonic()
                tracer.signal(signal.SIGINT)
                finished = tracer.finish()
                assert finished.status in (0, 3)
                assert time.monotonic() - start < ENDS_S
                assert "/proc does not answer" in finished.stderr
        finally:
            stop.touch()
            program.wait(TIMEOUT)
    report = json.loads(out.read_text(encoding="utf-8"))
    if moment == "while":
        asleep = sum(p["sleeps"] for p in report["processes"] if p["comm"] in ("execs", "sleep"))
        assert asleep == slept, report
