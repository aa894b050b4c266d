// SPDX-License-Identifier: GPL-2.0
/*
 * submit32 FILE CALLS: direct appends of 4 KiB by io_submit, as a 32-bit program on a 64-bit
 * kernel; as int80, which is this for 64 bits, by the same int $0x80. Prints the growth of
 * ru_nvcsw around the calls, as aioload does. No C library, for which a 64-bit system has no
 * 32-bit headers; what the kernel is to find lies where 32 bits reach, not on the stack.
 */

enum {
	NR_EXIT = 1,
	NR_WRITE = 4,
	NR_OPEN = 5,
	NR_GETRUSAGE = 77,
	NR_IO_SETUP = 245,
	NR_IO_GETEVENTS = 247,
	NR_IO_SUBMIT = 248,
};

#define BLOCK 4096u
#define FLAGS (01 | 0100 | 01000 | 040000) /* O_WRONLY, O_CREAT, O_TRUNC, O_DIRECT */
#define RUSAGE_THREAD 1
#define PWRITE 1

struct iocb32 {
	unsigned long long data;
	unsigned int key, rw_flags;
	unsigned short opcode;
	short reqprio;
	unsigned int fd;
	unsigned long long buf, nbytes;
	long long offset;
	unsigned long long reserved;
	unsigned int flags, resfd;
};

struct event32 {
	unsigned long long data, obj;
	long long res, res2;
};

struct rusage32 {
	int times[4], counts[12], nvcsw, nivcsw;
};

#ifdef __x86_64__
#define CLOBBERED "memory", "r8", "r9", "r10", "r11"
#else
#define CLOBBERED "memory"
#endif

static char file[256];
static char block[BLOCK] __attribute__((aligned(BLOCK)));

static int call(int nr, const void *a, const void *b, const void *c, const void *d, const void *e)
{
	int ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : CLOBBERED);
	return ret;
}

#define N(x) ((const void *)(unsigned long)(x))

static void print(const char *text)
{
	int len = 0;

	while (text[len])
		len++;
	call(NR_WRITE, N(1), text, N(len), N(0), N(0));
}

static void print_number(const char *name, unsigned int value)
{
	static char digits[12];
	char *p = &digits[11];

	do
		*--p = (char)('0' + value % 10);
	while (value /= 10);
	print(name);
	print(p);
}

static unsigned int parse(const char *text)
{
	unsigned int value = 0;

	while (*text >= '0' && *text <= '9')
		value = value * 10 + (unsigned int)(*text++ - '0');
	return value;
}

/* One call with one request, and its completion. The growth of ru_nvcsw, or -1. */
static int append(unsigned int ctx, unsigned int fd, unsigned int n)
{
	static struct iocb32 cb;
	static unsigned int list[1];
	static struct rusage32 before, after;
	static struct event32 event;
	int ret;

	cb = (struct iocb32){.opcode = PWRITE,
			     .fd = fd,
			     .buf = (unsigned int)(unsigned long)block,
			     .nbytes = BLOCK,
			     .offset = (long long)n * BLOCK};
	list[0] = (unsigned int)(unsigned long)&cb;
	call(NR_GETRUSAGE, N(RUSAGE_THREAD), &before, N(0), N(0), N(0));
	ret = call(NR_IO_SUBMIT, N(ctx), N(1), list, N(0), N(0));
	call(NR_GETRUSAGE, N(RUSAGE_THREAD), &after, N(0), N(0), N(0));
	if (ret != 1 || call(NR_IO_GETEVENTS, N(ctx), N(1), N(1), &event, N(0)) != 1)
		return -1;
	return event.res == BLOCK ? after.nvcsw - before.nvcsw : -1;
}

static int run(unsigned int calls)
{
	static unsigned int ctx;
	unsigned int nvcsw = 0;
	int fd = call(NR_OPEN, file, N(FLAGS), N(0600), N(0), N(0)), slept;

	if (fd < 0 || call(NR_IO_SETUP, N(8), &ctx, N(0), N(0), N(0)))
		return 1;
	for (unsigned int n = 0; n < calls; n++) {
		slept = append(ctx, (unsigned int)fd, n);
		if (slept < 0)
			return 1;
		nvcsw += (unsigned int)slept;
	}
	print_number("{\"submits\": ", calls);
	print_number(", \"nvcsw\": ", nvcsw);
	print("}\n");
	return 0;
}

static __attribute__((used, noreturn)) void start(const long *stack)
{
	char **argv = (char **)(stack + 1);
	int ret = 2;

	if (stack[0] == 3) {
		for (unsigned int i = 0; i < sizeof(file) - 1 && argv[1][i]; i++)
			file[i] = argv[1][i];
		ret = run(parse(argv[2]));
	}
	call(NR_EXIT, N(ret), N(0), N(0), N(0), N(0));
	__builtin_unreachable();
}

#ifdef __x86_64__
__asm__(".globl _start\n_start: xorl %ebp, %ebp\n movq %rsp, %rdi\n andq $-16, %rsp\n"
	" call start\n");
#else
__asm__(".globl _start\n_start: xorl %ebp, %ebp\n movl %esp, %eax\n andl $-16, %esp\n"
	" subl $12, %esp\n pushl %eax\n call start\n");
#endif
