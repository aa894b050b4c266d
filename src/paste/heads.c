// SPDX-License-Identifier: GPL-2.0
#include "paste/heads.h"

#include <stddef.h>
#include <stdio.h>

#include "paste/chars.h"
#include "paste/frames.h"
#include "paste/process.h"

#define PID_DIGITS_MAX 9

/* The number at p, 0 if there is none or it is no pid. *end behind it. */
static uint32_t read_number(const char *p, const char **end)
{
	size_t n = chars__digits(p);
	uint32_t v = 0;

	for (size_t i = 0; i < n && n <= PID_DIGITS_MAX; i++)
		v = v * 10 + (uint32_t)(p[i] - '0');
	if (end)
		*end = p + n;
	return v;
}

static void set_word(char *to, const char *from, size_t len)
{
	while (len && chars__is_blank(from[len - 1]))
		len--;
	while (len && chars__is_blank(*from)) {
		from++;
		len--;
	}
	if (len >= HEADS_COMM_MAX)
		len = HEADS_COMM_MAX - 1;
	memcpy(to, from, len);
	to[len] = '\0';
}

/* "COMM:PID" whose comm may hold colons itself ("kworker/0:1:77"): the last one counts. */
static const char *read_comm_pid(const char *p, const char *stop, char *comm, uint32_t *pid)
{
	const char *colon = NULL;

	for (const char *c = p; c < stop; c++)
		if (*c == ':' && chars__digits(c + 1))
			colon = c;
	if (!colon)
		return NULL;
	set_word(comm, p, (size_t)(colon - p));
	*pid = read_number(colon + 1, &stop);
	return stop;
}

/* "INFO: task fio:1234 blocked for more than 120 seconds.", "... is blocked on a mutex likely owned by task b:2." */
static enum head_kind read_hung(const char *p, struct task *t)
{
	static const char blocked[] = " blocked for more than ", on[] = " is blocked on ";
	const char *info = strstr(p, "INFO: task "), *at, *by;

	if (!info)
		return HEAD_NONE;
	info += strlen("INFO: task ");
	if ((at = strstr(info, blocked)) && read_comm_pid(info, at, t->comm, &t->pid)) {
		t->hung_s = read_number(at + strlen(blocked), NULL);
		t->state = 'D';
		return HEAD_TASK;
	}
	at = strstr(info, on);
	by = at ? strstr(at, " by task ") : NULL;
	if (!by || !read_comm_pid(info, at, t->comm, &t->pid))
		return HEAD_NONE;
	at += strlen(on);
	at += chars__starts(at, "a ") ? 2 : chars__starts(at, "an ") ? 3 : 0;
	set_word(t->lock, at, strcspn(at, ",."));
	if (strstr(t->lock, " likely"))
		*strstr(t->lock, " likely") = '\0';
	by += strlen(" by task ");
	read_comm_pid(by, by + strlen(by), t->blocker_comm, &t->blocker_pid);
	return HEAD_BLOCKER;
}

/* "task:fio             state:D stack:0     pid:1234  tgid:1 ppid:1 flags:0x" */
static enum head_kind read_sysrq(const char *p, struct task *t)
{
	const char *state = strstr(p, " state:"), *pid;

	if (!chars__starts(p, "task:") || !state)
		return HEAD_NONE;
	set_word(t->comm, p + 5, (size_t)(state - p - 5));
	t->state = state[7];
	t->running = t->state == 'R';
	pid = strstr(state, " pid:");
	t->pid = pid ? read_number(chars__skip_blanks(pid + 5), NULL) : 0;
	return HEAD_TASK;
}

/* Before 5.10: "fio           D ffff88023fd13c40     0 21514  21513 0x00000080" */
static enum head_kind read_old_sysrq(const char *p, struct task *t)
{
	for (const char *s = p + 1; *p && *s && s - p <= 17; s++) {
		const char *q, *pid;

		if (!chars__is_blank(s[-1]) || !strchr("RSDTtXZPIKWx", *s) ||
		    !chars__is_blank(s[1]))
			continue;
		q = chars__skip_blanks(s + 1);
		t->running = chars__starts(q, "running task");
		if (t->running)
			q += strlen("running task");
		else if (chars__hex(q) >= 8)
			q += chars__hex(q);
		q = chars__skip_blanks(q);
		if (!chars__digits(q))
			continue;
		pid = chars__skip_blanks(q + chars__digits(q));
		q = chars__skip_blanks(pid + chars__digits(pid));
		if (!chars__digits(pid) || !chars__digits(q))
			continue;
		set_word(t->comm, p, (size_t)(s - p));
		t->state = *s;
		t->pid = read_number(pid, NULL);
		return HEAD_TASK;
	}
	t->running = false;
	return HEAD_NONE;
}

/* "PID: 1234   TASK: ffff88  CPU: 1   COMMAND: "fio"" of crash */
static enum head_kind read_crash(const char *p, struct task *t)
{
	const char *command = strstr(p, "COMMAND: \""), *pid = strstr(p, "PID: ");

	/* "[0 00:02:03.456] [UN]  PID: 1234 ..." of ps -m */
	if (!pid || !command || pid > command || (pid > p && pid - p > 40))
		return HEAD_NONE;
	t->pid = read_number(chars__skip_blanks(pid + 5), NULL);
	command += strlen("COMMAND: \"");
	set_word(t->comm, command, strcspn(command, "\""));
	return HEAD_TASK;
}

/* "CPU: 1 PID: 1234 Comm: fio Not tainted", "Pid: 1234, comm: fio Not tainted": who had the CPU */
static enum head_kind read_on_cpu(const char *p, struct task *t)
{
	const char *pid = strstr(p, "PID: "), *comm = strstr(p, "Comm: ");

	if (chars__starts(p, "Pid: ")) {
		pid = p;
		comm = strstr(p, "comm: ");
	} else if (!chars__starts(p, "CPU")) {
		return HEAD_NONE;
	}
	if (!pid || !comm)
		return HEAD_NONE;
	t->pid = read_number(chars__skip_blanks(pid + 5), NULL);
	comm += 6;
	set_word(t->comm, comm, strcspn(comm, " \t"));
	t->running = true;
	return HEAD_TASK;
}

/* "    waker:          swapper/3 0", "    target:          fio 1234" of bcc's offwaketime */
static enum head_kind read_waked(const char *p, struct task *t)
{
	const char *name = chars__skip_blanks(p + strcspn(p, ":") + 1);
	const char *pid = strrchr(name, ' ');

	if (!pid || !chars__digits(pid + 1))
		return HEAD_NONE;
	set_word(t->comm, name, (size_t)(pid - name));
	t->pid = read_number(pid + 1, NULL);
	t->running = *p == 'w';
	return t->running ? HEAD_TASK : HEAD_FOOT;
}

/* "watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [fio:1234]" */
static enum head_kind read_lockup(const char *p, struct task *t)
{
	const char *open = strrchr(p, '[');

	if (chars__starts(p, "waker:"))
		return read_waked(p, t);
	if (!strstr(p, "lockup") || !strstr(p, "CPU"))
		return HEAD_NONE;
	t->running = true;
	if (open)
		read_comm_pid(open + 1, open + 1 + strcspn(open + 1, "]"), t->comm, &t->pid);
	return HEAD_TASK;
}

/* The number in front of "/stack": "/proc/1234/task/1240/stack", "./1234/stack", whatever command it stands in. */
static enum head_kind read_proc(const char *p, struct task *t)
{
	const char *at = strstr(p, "/stack"), *pid = at;

	if (!at || chars__is_name(at[6]))
		return HEAD_NONE;
	while (pid > p && isdigit((unsigned char)pid[-1]))
		pid--;
	if (pid > p && !strchr(" \t/\"'", pid[-1]))
		return HEAD_NONE;
	t->pid = read_number(pid, NULL);
	return t->pid ? HEAD_TASK : HEAD_NONE;
}

/* "Thread 12 (Thread 0x7f12 (LWP 1234)):" of gdb */
static enum head_kind read_gdb(const char *p, struct task *t)
{
	const char *lwp;

	if (!chars__starts(p, "Thread ") || !chars__digits(p + 7) || !strchr(p, '('))
		return HEAD_NONE;
	lwp = strstr(p, "LWP ");
	t->pid = lwp ? read_number(lwp + 4, NULL) : 0;
	return HEAD_TASK;
}

/* "prev_comm=fio prev_pid=1234 prev_prio=120 prev_state=D ==> ..." of sched_switch; false without it */
static bool read_switch(const char *p, struct task *t)
{
	const char *comm = strstr(p, "prev_comm="), *pid = strstr(p, " prev_pid=");
	const char *state = strstr(p, " prev_state=");

	if (!comm || !pid || pid < comm)
		return false;
	comm += strlen("prev_comm=");
	set_word(t->comm, comm, (size_t)(pid - comm));
	t->pid = read_number(pid + strlen(" prev_pid="), NULL);
	if (state)
		t->state = state[strlen(" prev_state=")];
	return true;
}

/*
 * "Allocated by task 1234 on cpu 1:", "Freed by task 1234:" of KASAN, "-> #1 (&lock){++++}-{3:3}:" of
 * lockdep, "Last Breaking-Event-Address:", "page last allocated via order 0, ...", "backtrace (crc 1234):"
 */
static enum head_kind read_record(const char *p, struct task *t)
{
	static const char *const heads[] = {
		"Allocated by task ",
		"Freed by task ",
		"allocated by task ",
		"freed by task ",
		"-> #",
		"Last Breaking-Event-Address:",
		"page last allocated via ",
		"page last free ",
		"Last potentially related work creation:",
		"Second to last potentially related work",
		"page_owner tracks the page as ",
		"backtrace (crc ",
	};

	const char *by = strstr(p, " by task ");

	/* KCSAN's "write to 0xffff888105a3c040 of 8 bytes by task 4242 on cpu 1:" */
	t->record =
		by && strstr(p, " of ") && strstr(p, " bytes by task ") && strstr(by, " on cpu ");
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		t->record |= chars__starts(p, heads[i]);
	if (!t->record)
		return HEAD_NONE;
	t->pid = by ? read_number(by + strlen(" by task "), NULL) : 0;
	return HEAD_TASK;
}

/* Of an event that counts what the task does on a CPU. */
static bool is_sample(const char *p)
{
	static const char *const events[] = {" cycles:",     " cycles:P:",     " cpu-clock:",
					     " task-clock:", " instructions:", " cpu-cycles:"};

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (strstr(p, events[i]))
			return true;
	return false;
}

/* "fio  1234/1240 [001]  12.345678: sched:sched_switch: ..." of perf script */
static enum head_kind read_perf(const char *p, struct task *t)
{
	const char *open = strchr(p, '['), *s = open, *end;

	if (!open || !chars__digits(open + 1) || open[1 + chars__digits(open + 1)] != ']')
		return HEAD_NONE;
	end = open + 2 + chars__digits(open + 1);
	while (s > p && chars__is_blank(s[-1]))
		s--;
	/* "fio-4242 ( 4240) [003]": the process in between */
	if (s > p && s[-1] == ')') {
		while (s > p && *s != '(')
			s--;
		while (s > p && chars__is_blank(s[-1]))
			s--;
	}
	while (s > p && (isdigit((unsigned char)s[-1]) || s[-1] == '/'))
		s--;
	if (s == p || !isdigit((unsigned char)*s) || !strchr(" \t-", s[-1]))
		return HEAD_NONE;
	/* ftrace has its flags before the time: "fio-1234 [001] d..2. 12.345: <stack trace>" */
	if (!strchr(end, ':') ||
	    (!chars__digits(chars__skip_blanks(end)) && !strstr(end, "<stack trace")))
		return HEAD_NONE;
	set_word(t->comm, p, (size_t)(s - p - 1));
	t->pid = read_number(s, &end);
	if (*end == '/')
		t->pid = read_number(end + 1, NULL);
	read_switch(p, t);
	t->running = is_sample(p);
	return HEAD_TASK;
}

/* "fio  1234/1240  12.345678: " of perf script without a CPU */
static enum head_kind read_perf_plain(const char *p, struct task *t)
{
	for (const char *c = p; (c = strchr(c, ':')) && c - p < 80; c++) {
		const char *time = c, *pid, *end;

		while (time > p && (isdigit((unsigned char)time[-1]) || time[-1] == '.'))
			time--;
		if (c - time < 8 || c[-7] != '.' || !isdigit((unsigned char)*time))
			continue;
		for (pid = time; pid > p && chars__is_blank(pid[-1]);)
			pid--;
		end = pid;
		while (pid > p && (isdigit((unsigned char)pid[-1]) || pid[-1] == '/'))
			pid--;
		if (pid == end || pid == p || !chars__is_blank(pid[-1]) || *pid == '/')
			continue;
		set_word(t->comm, p, (size_t)(pid - p));
		t->pid = read_number(pid, &end);
		if (*end == '/')
			t->pid = read_number(end + 1, NULL);
		read_switch(p, t);
		return HEAD_TASK;
	}
	return HEAD_NONE;
}

/* "     0.000 (1043.215 ms): fio/4242 io_submit(...": perf trace */
static enum head_kind read_perf_trace(const char *p, struct task *t)
{
	const char *call = strstr(p, " ms): "), *slash;

	if (!call || !(slash = strchr(call, '/')) || !chars__digits(slash + 1))
		return HEAD_NONE;
	call += strlen(" ms): ");
	set_word(t->comm, call, (size_t)(slash - call));
	t->pid = read_number(slash + 1, NULL);
	return HEAD_TASK;
}

/* ">>> prog.stack_trace(1234)", "crash> bt 1234", "root@host:~# ..." */
static enum head_kind read_prompt(const char *p, struct task *t)
{
	const char *call = strstr(p, "stack_trace(");

	if (chars__starts(p, ">>> ") || chars__starts(p, "(gdb)") || chars__starts(p, "(drgn)")) {
		t->pid = call ? read_number(call + strlen("stack_trace("), NULL) : 0;
		return t->pid ? HEAD_TASK : HEAD_END;
	}
	if (chars__starts(p, "crash> ") || chars__starts(p, "crash64> ") ||
	    chars__starts(p, "drgn> ")) {
		p = strchr(p, '>') + 2;
		t->pid = chars__starts(p, "bt ") ? read_number(p + 3, NULL) : 0;
		return t->pid ? HEAD_TASK : HEAD_END;
	}
	if (chars__starts(p, "$ ") || chars__starts(p, "# ") || strstr(p, "]# ") ||
	    strstr(p, "]$ ") || (strchr(p, '@') && (strstr(p, "# ") || strstr(p, "$ "))))
		return HEAD_END;
	return HEAD_NONE;
}

/* "    -                fio (1234)" under a stack of bcc's offcputime */
static enum head_kind read_foot(const char *p, struct task *t)
{
	const char *open = strrchr(p, '(');

	const char *name = chars__skip_blanks(p + 1);
	size_t len;

	if (chars__starts(p, "target:"))
		return read_waked(p, t);

	if (*p != '-' || !chars__is_blank(p[1]) || !open || !chars__digits(open + 1) ||
	    open[1 + chars__digits(open + 1)] != ')')
		return HEAD_NONE;
	/* b'fio' of old Python tools */
	len = (size_t)(open - name);
	if (chars__starts(name, "b'")) {
		name += 2;
		len = strcspn(name, "'");
	}
	set_word(t->comm, name, len);
	t->pid = read_number(open + 1, NULL);
	return HEAD_FOOT;
}

/* "@[fio, 1234," and ", fio, 1234]: 12" of bpftrace; "]: 12" ends what it counts. */
static enum head_kind read_map(const char *p, struct task *t)
{
	const char *open = *p == '@' ? strchr(p, '[') : NULL, *close = strstr(p, "]: ");
	const char *word = open ? open + 1 + strspn(open + 1, " \t(") : p + 1, *next;
	size_t len = strcspn(word, ",]");

	if (open && !close) {
		if (*word && !chars__digits(word) && word[len] == ',' && !memchr(word, '+', len))
			set_word(t->comm, word, len);
		next = chars__skip_blanks(word + len + (word[len] == ','));
		if (chars__digits(next))
			t->pid = read_number(next, NULL);
		return *t->comm ? HEAD_TASK : HEAD_TRACE;
	}
	if (*p == ']' && p[1] == ':')
		return HEAD_END;
	if (*p != ',' || !close)
		return HEAD_NONE;
	word = chars__skip_blanks(word);
	set_word(t->comm, word, strcspn(word, ",]"));
	next = chars__skip_blanks(word + strcspn(word, ",]") + 1);
	t->pid = chars__digits(next) ? read_number(next, NULL) : 0;
	return HEAD_FOOT;
}

/* "    50.00%     0.00%  fio  [kernel.kallsyms]  [k] io_submit_one" of perf report, with figures or without */
static enum head_kind read_perf_report(const char *p, struct task *t)
{
	size_t n = strspn(p, "0123456789.");
	bool percent = n && p[n] == '%';

	if (percent && read_switch(p, t))
		return HEAD_TASK;
	if (!strstr(p, " [k] ") && !(percent && strstr(p, " [.] ")))
		return HEAD_NONE;
	while ((n = strspn(p, "0123456789.%")) && chars__is_blank(p[n]))
		p = chars__skip_blanks(p + n);
	set_word(t->comm, p, strcspn(p, " \t"));
	return HEAD_TASK;
}

/* "Workqueue: xfs-conv/dm-0 xfs_end_io [xfs]" */
static enum head_kind read_queue(const char *p, struct task *t)
{
	if (!chars__starts(p, "Workqueue:"))
		return HEAD_NONE;
	p = chars__skip_blanks(p + strlen("Workqueue:"));
	set_word(t->queue, p, strcspn(p, " \t"));
	return HEAD_DETAIL;
}

static enum head_kind read_trace(const char *p, struct task *t)
{
	(void)t;
	if (strstr(p, "Call Trace:") || strstr(p, "Call trace:") ||
	    chars__starts(p, "Backtrace:") || chars__starts(p, "Stack trace:") ||
	    chars__starts(p, "Stack Trace:") || chars__starts(p, "Trace:"))
		return HEAD_TRACE;
	if (chars__starts(p, "</TASK>") || chars__starts(p, "---[ end") ||
	    chars__starts(p, "Showing all locks") || chars__starts(p, "Showing busy workqueues") ||
	    strstr(p, " held by ") || chars__starts(p, "NMI backtrace for cpu"))
		return HEAD_END;
	return HEAD_NONE;
}

static bool is_comm(const char *p, size_t len)
{
	if (!len || len > 15)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!chars__is_name(p[i]) && !strchr("/:-.#+", p[i]))
			return false;
	return true;
}

/* "r10:c1a03d00 r9:ffffe000", "r4:ffffe000": what a frame of 32-bit ARM saved. */
static bool is_register(const char *p)
{
	size_t n = *p == 'r' ? chars__digits(p + 1) : 0;

	return n && p[1 + n] == ':' && chars__hex(p + 2 + n) == 8;
}

/* "1234 fio", "PID 1234 (fio)", "=== fio (1234) ===", "fio[1234]", "1234 D fio", "fio" */
static enum head_kind read_loosely(const char *p, struct task *t)
{
	static const char junk[] = " \t()[]=#*,:-\"'";
	bool strange = is_register(p);

	for (unsigned int nr = 0; *(p += strspn(p, junk)); nr++) {
		size_t len = strcspn(p, " \t()[]=#*,\"'");

		if (nr > 6)
			return HEAD_NONE;
		while (len && strchr(":-", p[len - 1]))
			len--;
		/* bcc's trace: the process, then the thread */
		if (chars__digits(p) == len && len <= PID_DIGITS_MAX)
			t->pid = read_number(p, NULL);
		else if (len == 1 && strchr("RSDTI", *p))
			t->state = *p;
		else if (!strncasecmp(p, "pid", len) || !strncasecmp(p, "tid", len) ||
			 !strncasecmp(p, "comm", len) || !strncasecmp(p, "task", len) ||
			 !strncasecmp(p, "process", len) || !strncasecmp(p, "thread", len))
			; /* a label */
		else if (*t->comm && memchr(p, '_', len) && chars__name(p) == len)
			; /* where it waits */
		else if (!*t->comm && is_comm(p, len))
			set_word(t->comm, p, len);
		else
			strange = true;
		p += len ? len : 1;
	}
	return strange || (!t->pid && !*t->comm) ? HEAD_NONE : HEAD_MAYBE;
}

enum head_kind heads__read(const char *line, struct task *task)
{
	static enum head_kind (*const readers[])(const char *, struct task *) = {
		read_hung,	 read_record,	  read_sysrq,	  read_crash, read_on_cpu,
		read_lockup,	 read_queue,	  read_trace,	  read_proc,  read_gdb,
		read_prompt,	 read_perf,	  read_foot,	  read_map,   read_perf_report,
		read_perf_plain, read_perf_trace, read_old_sysrq,
	};
	const char *p = frames__skip_prefix(line);

	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		enum head_kind kind;

		*task = (struct task){.pid = 0};
		kind = readers[i](p, task);
		if (kind != HEAD_NONE)
			return kind;
	}
	return HEAD_NONE;
}

/* Mail software breaks a head where a blank is: what is missing is on the next line. */
static enum head_kind read_broken(const char *line, const char *next, struct task *t)
{
	char joined[512];

	if (!next || (!strstr(line, "INFO: task ") && !strstr(line, "task:")))
		return HEAD_NONE;
	snprintf(joined, sizeof(joined), "%.250s %.250s", line, frames__skip_prefix(next));
	return heads__read(joined, t);
}

enum head_kind heads__read_wrapped(const char *line, const char *next, struct task *task)
{
	enum head_kind kind = heads__read(line, task);
	struct task whole;

	if (kind != HEAD_NONE && (kind != HEAD_TASK || task->pid))
		return kind;
	if (read_broken(line, next, &whole) != HEAD_TASK || !whole.pid)
		return kind;
	*task = whole;
	return HEAD_TASK;
}

enum head_kind heads__read_loosely(const char *line, struct task *task)
{
	*task = (struct task){.pid = 0};
	if (process__read(frames__skip_prefix(line), task) == HEAD_MAYBE)
		return HEAD_MAYBE;
	return read_loosely(frames__skip_prefix(line), task);
}

bool heads__in_interrupt(const char *line, bool in)
{
	static const struct {
		const char *text;
		bool in;
	} marks[] = {
		{"<IRQ>", true},   {"<NMI>", true},  {"<SOFTIRQ>", true}, {"</IRQ>", false},
		{"</NMI>", false}, {"<EOI>", false}, {"<<EOE>>", false},  {"</SOFTIRQ>", false},
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (strstr(line, marks[i].text))
			in = marks[i].in;
	return in;
}
