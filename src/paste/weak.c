// SPDX-License-Identifier: GPL-2.0
/* Frames that are told by their place on the line and what stands beside them. */
#include "paste/chars.h"
#include "paste/frames.h"

struct weak {
	const char *line;
	struct found_frame frame;
	bool address;	    /* in front of the name */
	bool address_tail;  /* "(ffffffff81a3b2c1)", "at ffffffff81a3b2c1" behind it */
	bool number;	    /* "#3" */
	bool arrow;	    /* "=>" */
	const char *branch; /* perf's "--12%--" */
	bool tree;	    /* that, or "|" */
	bool offset;	    /* "+94" */
	bool place;	    /* "file.c:12", "[module]", "(object)" */
	bool quoted;	    /* b'...' */
	bool user;
	bool dump; /* "ffffc90000c2fa18: 0000000000000086 ..." */
};

/* Of 64 bits the kernel has the upper end; of 32 bits one cannot tell. */
static bool is_user_address(const char *digits, size_t n)
{
	if (n == 16)
		return !chars__starts(digits, "ff") && !chars__starts(digits, "c0") &&
		       !chars__starts(digits, "d0") && !chars__starts(digits, "80") &&
		       !chars__starts(digits, "9");
	return n != 8;
}

/* "ffffffff81a3b2c1", "0xffffffff81a3b2c1", with blank, ":", ">" or "]" behind, or with "0x" alone. NULL = none. */
static const char *skip_address(const char *p, struct weak *w)
{
	bool prefixed = p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
	const char *digits = prefixed ? p + 2 : p;
	size_t n = chars__hex(digits);

	if (n < (prefixed ? 1 : 8) || n > 16 || !memchr(" \t:>])", digits[n], prefixed ? 7 : 6))
		return NULL;
	w->address = true;
	w->user = is_user_address(digits, n);
	return digits + n;
}

/* "[<c0123456>]", "[<0>]", "[ffffb1e2c3d4e5f6]", "<ffffffff81a3b2c1>" */
static const char *skip_boxed(const char *p, struct weak *w)
{
	const char *open = p;
	const char *end;

	while (*p == '[' || *p == '<' || *p == '(')
		p++;
	if (p == open)
		return NULL;
	if (chars__starts(p, "0>]")) {
		w->address = true;
		return p + 3;
	}
	end = skip_address(p, w);
	if (!end || !memchr(">])", *end, 3))
		return NULL;
	return end + strspn(end, ">])");
}

static const char *skip_number(const char *p, struct weak *w)
{
	size_t n = *p == '#' ? chars__digits(p + 1) : 0;

	if (!n || !chars__is_blank(p[1 + n]))
		return NULL;
	w->number = true;
	return p + 1 + n;
}

/* Behind "ffffc90000c2fa18:": words of the stack, or what crash -F makes of them: "name+93", "[task_struct]". */
static bool is_dump(const char *p)
{
	size_t n = chars__name(p);

	return chars__hex(p) >= 8 || *p == '[' ||
	       (n && p[n] == '+' && isdigit((unsigned char)p[n + 1]) && p[n + 2] != 'x');
}

/* "0 name", "[1] name", "2: name": counted; a pid in front of a program's name is larger. */
static const char *skip_index(const char *p, bool within)
{
	const char *digits = p + (*p == '['), *end;
	size_t n = chars__digits(digits);

	if (!n || n > 2 || !(within || (n == 1 && *digits == '0')))
		return p;
	end = digits + n;
	end += *end && strchr("]:).", *end);
	if (!chars__is_blank(*end))
		return p;
	n = strcspn(chars__skip_blanks(end), " \t");
	return memchr(end, '_', strlen(end)) || (within && !chars__skip_blanks(end)[n]) ? end : p;
}

/* "=>", "@[", "b'", "in", "?", ":", "(gdb)" has been dealt with before. */
static const char *skip_mark(const char *p, struct weak *w)
{
	if (chars__starts(p, "=> ")) {
		w->arrow = true;
		return p + 3;
	}
	if (chars__starts(p, "b'") || chars__starts(p, "b\"")) {
		w->quoted = true;
		return p + 2;
	}
	if (chars__starts(p, "? ")) {
		w->frame.guess = true;
		return p + 2;
	}
	if (chars__starts(p, "@["))
		return p + 2;
	if (chars__starts(p, "in ") && (w->address || w->number))
		return p + 3;
	if (chars__starts(p, "-> "))
		return p + 3;
	if (*p == '`' || (*p == '\\' && p[1] == '_') || (*p == '+' && p[1] == '-'))
		return p + 1 + (*p == '\\');
	if (*p != ':' || !w->address)
		return NULL;
	w->dump = is_dump(chars__skip_blanks(p + 1));
	return p + 1;
}

/* perf's "|", "--12.34%--", "---" */
static const char *skip_tree(const char *p, struct weak *w)
{
	size_t n;

	if (*p == '|') {
		w->tree = true;
		return p + 1;
	}
	if (p[0] != '-' || p[1] != '-')
		return NULL;
	w->branch = p;
	p += strspn(p, "-");
	n = strspn(p, "0123456789.");
	if (n && p[n] == '%' && p[n + 1] == '-')
		p += n + 1 + strspn(p + n + 1, "-");
	w->tree = true;
	return p;
}

static const char *skip_decoration(const char *p, struct weak *w)
{
	static const char *(*const skips[])(const char *, struct weak *) = {
		skip_number, skip_boxed, skip_address, skip_mark, skip_tree,
	};

	for (;;) {
		const char *next = NULL;

		p = chars__skip_blanks(p);
		for (size_t i = 0; !next && i < sizeof(skips) / sizeof(skips[0]); i++)
			next = skips[i](p, w);
		if (!next)
			return p;
		p = next;
	}
}

/* ".isra.0", "+0x1f", "+31", "_[k]", a quote. NULL: the word goes on. */
static const char *skip_tail(const char *p, struct weak *w)
{
	while (*p == '.' && chars__is_name(p[1]))
		p += 1 + chars__name(p + 1);
	if (*p == '+') {
		size_t n =
			chars__starts(p + 1, "0x") ? 2 + chars__hex(p + 3) : chars__digits(p + 1);

		if (!n)
			return NULL;
		w->offset = true;
		p += 1 + n;
	}
	if (w->quoted && (*p == '\'' || *p == '"'))
		p++;
	if (*p == ',')
		p++;
	return !*p || chars__is_blank(*p) || *p == '(' ? p : NULL;
}

/* "kernel/sched/core.c:5371", "./include/linux/wait.h:12:3" */
static bool is_place(const char *p, size_t len)
{
	const char *colon = memchr(p, ':', len);

	if (chars__starts(p, "??:"))
		return true;
	return colon && colon > p + 2 && isdigit((unsigned char)colon[1]) &&
	       (memchr(p, '/', (size_t)(colon - p)) ||
		(colon[-2] == '.' && strchr("chS", colon[-1])));
}

/* In parentheses: "([kernel.kallsyms])", "(fs/aio.c:12)", "(inlined)", "(ffffffff81a3b2c1)", "(/usr/bin/fio)" */
static bool read_parentheses(const char *p, struct weak *w)
{
	size_t len = strcspn(p + 1, ")");
	const char *in = p + 1;

	if (!p[1 + len])
		return w->number;
	/* "aio_write()" as people write it */
	if (!len && !w->number)
		return w->place = !*chars__skip_blanks(p + 2) || !strcmp(p + 2, " {");
	if (chars__hex(in) == len && len >= 8)
		return w->address_tail = true;
	if (is_place(in, len) || chars__starts(in, "inlined)") || *in == '[')
		return w->place = true;
	if (*in == '/') {
		/* "(/usr/lib/debug/boot/vmlinux-6.1)" is the kernel's. */
		w->user = !strstr(in, "vmlinu") && !strstr(in, ".ko");
		return w->place = true;
	}
	/* gdb's arguments; "fio (1234)" is a process. */
	return w->number && !(len && chars__digits(in) == len);
}

/* What may stand behind a frame. */
static bool read_behind(const char *p, struct weak *w)
{
	size_t len;

	p = chars__skip_blanks(p);
	if (!*p || chars__starts(p, "<-") || chars__starts(p, "//") || chars__starts(p, "/*"))
		return true;
	if (*p == '(')
		return read_parentheses(p, w);
	if (*p == '[') {
		len = strcspn(p, "]");
		w->place = p[len] && isalpha((unsigned char)p[1]);
		if (w->place && strncmp(p, "[inline]", 8) && strncmp(p, "[kernel", 7)) {
			w->frame.module = p + 1;
			w->frame.module_len = strcspn(p + 1, "]( ");
		}
		return w->place;
	}
	if (chars__starts(p, "at ")) {
		p = chars__skip_blanks(p + 3);
		w->address_tail = chars__hex(p) >= 8;
		return w->address_tail || is_place(p, strcspn(p, " "));
	}
	if (*p == '#')
		return true;
	w->place = is_place(p, strcspn(p, " "));
	return w->place;
}

/* Names that are functions of the kernel although they have no underscore. */
static bool is_known_word(const char *name, size_t len)
{
	static const char *const words[] = {"schedule", "down", "kthread", "getname", "wait4",
					    "preempt",	"rest", "kswapd",  "xfsaild"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (len == strlen(words[i]) && !strncmp(name, words[i], len))
			return true;
	return false;
}

/* A word alone on its line is a frame where frames are, or where it looks like a C name. */
static bool is_enough(const struct weak *w, bool within)
{
	const char *name = w->frame.name;
	bool c_name = memchr(name, '_', w->frame.len) || is_known_word(name, w->frame.len);

	if (w->address || w->address_tail || w->arrow || w->quoted)
		return true;
	if (w->offset || w->place || w->number || w->tree)
		return c_name || within || w->number || w->offset;
	return c_name || within;
}

/* "--5.88%--0x36382d6c6c617473": what follows hangs on it, whatever it is. */
static void add_branch(struct weak *w, const char *line, struct found *found)
{
	w->frame.name = "0x";
	w->frame.len = 2;
	w->frame.tree = w->frame.branch = true;
	w->frame.column = (size_t)(w->branch - line);
	found->v[found->nr++] = w->frame;
}

/* An address that nobody resolved is a frame that is not known; one of a program does not matter. */
static void read_nameless(const char *p, const struct weak *w, struct found *found)
{
	/* "[<ffffffffffffffff>] 0xffffffffffffffff" ends a stack, and words of a dump are not frames. */
	if (!w->address || w->dump || strstr(w->line, "ffffffffffffffff"))
		return;
	if (w->user)
		return;
	found->lost = !*p || w->arrow || w->number || chars__starts(p, "[unknown]") || *p == '(';
}

/* "submit_bio_noacct_nochec[ 1235.000000] usb ..." */
static bool cut_by_message(const char *p)
{
	const char *digits = chars__skip_blanks(p + 1);

	return *p == '[' && chars__digits(digits) && digits[chars__digits(digits)] == '.';
}

void frames__find_weak(const char *line, bool within, struct found *found)
{
	struct weak w = {.line = line};
	const char *p = skip_index(frames__skip_prefix(line), within), *tail;

	*found = (struct found){.nr = 0};
	p = skip_decoration(p, &w);
	if (w.dump)
		return;
	while (*p == '.')
		p++;
	w.frame.name = p;
	w.frame.len = chars__name(p);
	if (w.frame.len > 3 && p[w.frame.len - 1] == '_' && !strncmp(p + w.frame.len, "[k]", 3))
		w.frame.len--;
	if (!w.frame.len || isdigit((unsigned char)*p) ||
	    (w.frame.len >= 8 && chars__hex(p) >= w.frame.len)) {
		if (w.branch && w.address)
			add_branch(&w, line, found);
		else
			read_nameless(p, &w, found);
		return;
	}
	tail = w.frame.name + w.frame.len;
	tail = skip_tail(chars__starts(tail, "_[k]") ? tail + 4 : tail, &w);
	if (!tail || !read_behind(tail, &w)) {
		/* "submit_bio_noacct_nochec[ 1235.000000] usb ...": another message cut in. */
		found->lost =
			w.arrow || (w.number && w.address) ||
			(!tail && cut_by_message(p + w.frame.len) && memchr(p, '_', w.frame.len));
		return;
	}
	if (!is_enough(&w, within) || chars__starts(p, "__pfx_"))
		return;
	w.frame.user = w.user;
	w.frame.tree = w.tree;
	w.frame.branch = w.branch;
	w.frame.column = (size_t)((w.branch ? w.branch : p) - line);
	found->v[found->nr++] = w.frame;
}

bool frames__is_user(const char *line)
{
	const char *p = chars__skip_blanks(line), *object = strrchr(line, '(');

	if (chars__hex(p) < 3 || !chars__is_blank(p[chars__hex(p)]) || !object)
		return false;
	return chars__starts(object, "([unknown])") || chars__starts(object, "([vdso])") ||
	       (object[1] == '/' && !strstr(object, "vmlinu") && !strstr(object, ".ko"));
}
