// SPDX-License-Identifier: GPL-2.0
#include "paste/frames.h"

#include "paste/chars.h"

/* Longer than any symbol (KSYM_NAME_LEN is 512 since 6.1). */
#define NAME_MAX_LEN 511
#define ADDRESS_DIGITS_MIN 8

/*
 * Names start with a letter; a dot in front is ppc64's, one inside starts a
 * compiler's suffix. "__pfx_" is padding in front of a function: only stale words point there.
 */
static bool is_function(const char *name, size_t len)
{
	if (!len || len > NAME_MAX_LEN || isdigit((unsigned char)*name) || *name == '$')
		return false;
	return !chars__starts(name, "__pfx_");
}

/* Old splats dump the stack as words: "ffff880123456789". They are no names. */
static bool is_hex_word(const char *name, size_t len)
{
	return len >= ADDRESS_DIGITS_MIN && chars__hex(name) >= len;
}

/* "[xfs]", "[foo(OE)]", "[bar 0123abcd]"; "[inline]" and "[kernel.kallsyms]" are no modules. */
static void find_module(const char *p, struct found_frame *f)
{
	size_t n;

	p = chars__skip_blanks(p);
	if (*p++ != '[' || !isalpha((unsigned char)*p))
		return;
	n = strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
	if (!n || (p[n] != ']' && p[n] != '(' && p[n] != ' ') || !strncmp(p, "inline]", 7) ||
	    !strncmp(p, "kernel]", 7))
		return;
	f->module = p;
	f->module_len = n;
}

static void add(struct found *found, struct found_frame f)
{
	if (found->nr < FRAMES_LINE_MAX)
		found->v[found->nr++] = f;
}

/* "0x1f/0x2b0" behind a "+". The end of it, or NULL. */
static const char *skip_sizes(const char *p)
{
	size_t n;

	if (p[0] != '0' || p[1] != 'x' || !(n = chars__hex(p + 2)))
		return NULL;
	p += 2 + n;
	if (p[0] != '/' || p[1] != '0' || p[2] != 'x' || !(n = chars__hex(p + 3)))
		return NULL;
	return p + 3 + n;
}

/* "{schedule+38}", "{:ext3:ext3_file_write+16}" of kernels before 2.6.18. What is behind it, or NULL. */
static const char *skip_braced(const char *line, const char *plus)
{
	const char *p = plus;
	size_t n = chars__digits(plus + 1);

	while (p > line && (chars__is_name(p[-1]) || p[-1] == ':'))
		p--;
	return n && plus[1 + n] == '}' && p > line && p[-1] == '{' ? plus + 2 + n : NULL;
}

/* "[ext4+0x2be0b/0x63000]": a place in a module whose function nobody found. */
static bool is_unresolved(const char *line, const char *name, const char *end)
{
	return *end == ']' && name > line && name[-1] == '[' &&
	       !(name - line > 1 && name[-2] == '@');
}

/* Nothing returns to a function's first byte: a pointer to it, from before the kernel wrote "?". */
static bool is_left_over(const char *name, size_t len, const char *plus)
{
	static const char wake[] = "_wake_function";

	if (chars__starts(plus, "+0}"))
		return true;
	return chars__starts(plus, "+0x0/") && len > strlen(wake) &&
	       !strncmp(name + len - strlen(wake), wake, strlen(wake));
}

/* Where the name that ends at plus begins; "a.isra.0" counts from the a. */
static const char *name_start(const char *line, const char *plus)
{
	const char *p = plus;

	while (p > line && (chars__is_name(p[-1]) || p[-1] == '.'))
		p--;
	while (*p == '.')
		p++;
	return p;
}

/* Right in front of the name: "? ", or that before an address that mail software put between. */
static bool is_guess(const char *line, const char *name, const char *end)
{
	const char *p = name;

	while (p > line && (chars__is_blank(p[-1]) || p[-1] == '.'))
		p--;
	return (p > line && p[-1] == '?') || chars__starts(end, " (unreliable)");
}

/* "from" in front of the name: "(a) from [<c0123456>] (b+0x1/0x2)" or "a from b+0x1/0x2". */
static const char *from_before(const char *line, const char *name)
{
	const char *p = name;

	while (p > line && strchr(" \t()[]<>", p[-1]))
		p--;
	while (p > line && isxdigit((unsigned char)p[-1]))
		p--;
	while (p > line && strchr(" \t()[]<>", p[-1]))
		p--;
	return p - line > 4 && !strncmp(p - 4, "from", 4) && strchr(" \t)", p[-5]) ? p - 4 : NULL;
}

/* The callee in front of "from": "schedule", "(schedule)", "(schedule+0x1/0x2)" was found itself. */
static bool find_callee(const char *line, const char *from, struct found *found)
{
	const char *end = from, *p;
	size_t len;

	while (end > line && strchr(" \t)", end[-1]))
		end--;
	/* "(btrfs_start_ordered_extent [btrfs])" */
	if (end > line && end[-1] == ']') {
		while (end > line && *end != '[')
			end--;
		while (end > line && chars__is_blank(end[-1]))
			end--;
	}
	p = name_start(line, end);
	len = chars__name(p);
	if (!is_function(p, len) || is_hex_word(p, len))
		return false;
	add(found, (struct found_frame){.name = p, .len = len, .column = (size_t)(p - line)});
	return true;
}

/* One "NAME+0x12/0x34"; plus is its "+", end what is behind it. */
static void add_certain(const char *line, const char *plus, const char *end, struct found *found)
{
	const char *name = name_start(line, plus);
	const char *from = from_before(line, name);
	struct found_frame f = {.name = name, .len = chars__name(name)};

	if (!is_function(name, f.len) || is_unresolved(line, name, end)) {
		found->lost |= strncmp(name, "__pfx_", 6) != 0;
		return;
	}
	f.guess = is_guess(line, name, end) || is_left_over(name, f.len, plus);
	f.column = (size_t)(name - line);
	find_module(end, &f);
	f.caller = from && (found->nr || find_callee(line, from, found));
	add(found, f);
}

/* Lines that name functions but are no frames, by how they begin. */
static bool is_no_frame(const char *p)
{
	static const char *const heads[] = {
		"RIP:",		 "RIP ",       "EIP:",		 "EIP is",
		"IP:",		 "PC is at",   "LR is at",	 "pc :",
		"lr :",		 "epc :",      "ra :",		 "NIP",
		"LR ",		 "PC:",	       "Krnl PSW",	 "hardirqs last",
		"softirqs last", "Workqueue:", "last function",	 "Code:",
		"WARNING:",	 "BUG:",       "Modules linked", "kernel BUG",
		"caller is",	 "irq event",  "Kernel panic",	 "Sending NMI",
		"NMI backtrace", "rcu:",       "watchdog:",
	};

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		if (chars__starts(p, heads[i]))
			return true;
	return false;
}

/* " #0: ffff888 (&sb->s_type->i_mutex_key){++++}-{3:3}, at: ext4_file_write_iter+0x1/0x2", and without the number */
static bool is_lock(const char *p)
{
	size_t n = *p == '#' ? chars__digits(p + 1) : 0;

	return (n && p[1 + n] == ':') || (strstr(p, "){") && strstr(p, "}, at: "));
}

/* drgn's "ffffa903c0b93b70: ffffffff8dc93e2a [function symbol: schedule+0x8a]" */
static bool is_word(const char *p)
{
	return strstr(p, " symbol: ") || strstr(p, "[slab object: ");
}

void frames__find(const char *line, struct found *found)
{
	const char *p = frames__skip_prefix(line);

	*found = (struct found){.nr = 0};
	if (is_no_frame(p) || is_lock(p) || is_word(p))
		return;
	while ((p = strchr(p, '+'))) {
		const char *end = skip_sizes(p + 1);

		if (!end)
			end = skip_braced(line, p);
		if (end)
			add_certain(line, p, end, found);
		else if (p > line && chars__is_name(p[-1]) && chars__starts(p, "+0x"))
			found->lost = true;
		p = end ? end : p + 1;
	}
	if (found->nr)
		found->lost = false;
}
