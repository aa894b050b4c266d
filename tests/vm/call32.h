/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What programs without a C library share that make system calls of the 32-bit table, as 32-bit
 * programs on a 64-bit kernel or by int $0x80 of 64-bit ones: PROGRAM FILE CALLS. What the kernel is to
 * find lies where 32 bits reach, not on the stack.
 */
#ifndef AIOSTALL_TESTS_CALL32_H
#define AIOSTALL_TESTS_CALL32_H

enum { NR_EXIT = 1, NR_WRITE = 4, NR_OPEN = 5, NR_GETRUSAGE = 77 };

#define BLOCK 4096u
#define FLAGS (01 | 0100 | 01000 | 040000) /* O_WRONLY, O_CREAT, O_TRUNC, O_DIRECT */
#define RUSAGE_THREAD 1

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

/* The program's own. 0 = good. */
static int run(unsigned int calls);

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

#endif
