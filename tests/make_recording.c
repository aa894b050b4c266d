// SPDX-License-Identifier: GPL-2.0
/*
 * Makes a recording of a made-up host, for tests of what reads recordings:
 *
 *   make_recording FILE [KEY=VALUE...]
 *
 * seed seconds submits (per second) stalls (per submit) sleep_us (median) batch
 * len (bytes) op (IOCB_CMD_*) uring (share of submits that are io_uring's, whose requests sleep in
 * workers) fstype mount kernel host scheduler events rotate (a file after so many seconds:
 * FILE.1, FILE.2, ...), and stack (a file with a
 * frame to a line, innermost first, an empty line at the end), which may be given several times.
 * Files with the same words are the same workload; the seed decides what chance does.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cause/causes.h"
#include "diff/random.h"
#include "model/sums.h"
#include "store/writer.h"

#define FRAMES_MAX 64
#define STACKS_MAX 8
#define START_NS (1000 * NSEC_PER_SEC)

struct made_stack {
	char text[FRAMES_MAX][128];
	const char *frames[FRAMES_MAX];
	struct stack stack;
};

struct maker {
	struct random random;
	double seed, seconds, submits, stalls, sleep_us, batch, len, op, uring, events, lost,
		rotate;
	const char *fstype, *mount, *kernel, *host, *scheduler;
	struct made_stack stacks[STACKS_MAX];
	size_t nr_stacks;
	struct fs_info fs[APIS];
	struct fs_counts counts[APIS];
	enum api api; /* of the present call */
	struct capture_info capture;
	uint64_t now_ns, calls;
	struct store_write_opts opts;
	unsigned int nr_files;
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "make_recording: %s: %s\n", what, why);
	exit(1);
}

static void read_stack(struct maker *m, const char *path)
{
	struct made_stack *s = &m->stacks[m->nr_stacks];
	FILE *in = fopen(path, "r");
	char line[128];

	if (!in || m->nr_stacks == STACKS_MAX)
		die(path, "cannot be read, or one too many");
	while (s->stack.depth < FRAMES_MAX && fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		if (!*line)
			break;
		if (!strcmp(line, "__schedule") || !strcmp(line, "schedule"))
			continue;
		memcpy(s->text[s->stack.depth], line, sizeof(line));
		s->frames[s->stack.depth] = s->text[s->stack.depth];
		s->stack.depth++;
	}
	s->stack.frames = s->frames;
	s->stack.id = ++m->nr_stacks;
	fclose(in);
}

static void set_number(struct maker *m, const char *word)
{
	const struct {
		const char *name;
		double *value;
	} numbers[] = {
		{"seed=", &m->seed},	     {"seconds=", &m->seconds},
		{"submits=", &m->submits},   {"stalls=", &m->stalls},
		{"sleep_us=", &m->sleep_us}, {"batch=", &m->batch},
		{"len=", &m->len},	     {"op=", &m->op},
		{"events=", &m->events},     {"lost=", &m->lost},
		{"rotate=", &m->rotate},     {"uring=", &m->uring},
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		size_t n = strlen(numbers[i].name);

		if (!strncmp(word, numbers[i].name, n)) {
			*numbers[i].value = strtod(word + n, NULL);
			return;
		}
	}
	die(word, "no such word");
}

static void set_word(struct maker *m, const char *word)
{
	if (!strncmp(word, "stack=", 6))
		read_stack(m, word + 6);
	else if (!strncmp(word, "fstype=", 7))
		m->fstype = word + 7;
	else if (!strncmp(word, "mount=", 6))
		m->mount = word + 6;
	else if (!strncmp(word, "kernel=", 7))
		m->kernel = word + 7;
	else if (!strncmp(word, "host=", 5))
		m->host = word + 5;
	else if (!strncmp(word, "scheduler=", 10))
		m->scheduler = word + 10;
	else
		set_number(m, word);
}

/* Nearly normal: the sum of twelve. The static binary has no trigonometry for the exact way. */
static double gauss(struct maker *m)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += random__unit(&m->random);
	return sum;
}

static void make_stall(struct maker *m, const struct sink *to, double speed, uint64_t call_ns)
{
	const uint32_t nr = (uint32_t)m->batch, index = (uint32_t)random__below(&m->random, nr);
	struct counters *c = &m->counts[m->api].c;
	struct ev_stall ev = {
		.plane = m->api == API_URING ? PLANE_WORKER : PLANE_SUBMIT,
		.blocked_ns = (uint64_t)(m->sleep_us * 1000 * speed * exp(0.4 * gauss(m))),
		.runqueue_ns = 2000,
		.call_seq = m->calls,
		.sleep_no = 1,
		.who = {.pid = 100,
			.tid = 101 + (uint32_t)(m->calls % 3),
			.comm = "made",
			.cgroup = "/"},
		.fs = &m->fs[m->api],
		.req = {.how = HOW_EXACT,
			.index = index,
			.nr = nr,
			.opcode = (uint16_t)m->op,
			.fd = 3,
			.len_bytes = (uint64_t)m->len,
			.path = "/data/file",
			.shape = SHAPE_DIRECT},
		.held_up_requests = nr - 1 - index,
		.state = 2,
		.iowait = true,
		.waker_kind = WAKER_IRQ,
		.waker_comm = "",
		.stack = &m->stacks[random__below(&m->random, m->nr_stacks)].stack,
	};

	ev.end_ns = call_ns + ev.blocked_ns + ev.runqueue_ns;
	to->stall(to->ctx, &ev);
	if (m->api == API_URING) {
		c->worker_sleeps++;
		c->worker_blocked_ns += ev.blocked_ns;
		return;
	}
	c->submits_blocked++;
	c->sleeps++;
	c->blocked_ns += ev.blocked_ns;
	c->runqueue_ns += ev.runqueue_ns;
	c->held_up_requests += ev.held_up_requests;
	c->held_up_ns += ev.held_up_requests * ev.blocked_ns;
	c->wall_ns += ev.blocked_ns + ev.runqueue_ns;
	c->max_sleep_ns = ev.blocked_ns > c->max_sleep_ns ? ev.blocked_ns : c->max_sleep_ns;
	hist__add(&m->counts[m->api].sleep, ev.blocked_ns, 1);
}

static void make_submit(struct maker *m, const struct sink *to, double speed, uint64_t call_ns)
{
	struct counters *c;

	if (m->uring > 0)
		m->api = random__unit(&m->random) < m->uring ? API_URING : API_AIO;
	c = &m->counts[m->api].c;
	m->calls++;
	c->submits++;
	c->requests += (uint64_t)m->batch;
	c->bytes += (uint64_t)(m->batch * m->len);
	c->ops[(size_t)m->op & 7] += (uint64_t)m->batch;
	c->on_cpu_ns += 5000;
	c->wall_ns += 5000;
	hist__add(&m->counts[m->api].submit, 5000, 1);
	if (m->nr_stacks && random__unit(&m->random) < m->stalls)
		make_stall(m, to, speed, call_ns);
}

static int next_file(struct maker *m, struct store_writer *w, struct err *e)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s.%u", m->opts.path, ++m->nr_files);
	m->capture.started_unix_ns += (int64_t)(m->now_ns - m->opts.started_mono_ns);
	m->opts.started_mono_ns = m->now_ns;
	m->opts.path = path;
	return store_writer__rotate(w, &m->opts, e);
}

/* The writer hands a slice to a thread; in real life that has a second for it. */
static void commit(struct maker *m, struct store_writer *w)
{
	bool next = m->rotate > 0 &&
		    m->now_ns - m->opts.started_mono_ns >= (uint64_t)m->rotate * NSEC_PER_SEC;
	const char *path = m->opts.path;
	struct err e = {0};

	for (int i = 0; i < 100000 && !store_writer__is_due(w, m->now_ns); i++)
		usleep(200);
	if (next ? next_file(m, w, &e) : store_writer__commit(w, m->now_ns, &e))
		die("commit", e.text);
	m->opts.path = path;
}

static void make_second(struct maker *m, struct store_writer *w)
{
	const struct sink *to = store_writer__sink(w);
	double speed = exp(0.1 * gauss(m));
	unsigned int submits = (unsigned int)(m->submits * exp(0.1 * gauss(m)));
	const struct loss loss = {.unmatched = (uint64_t)m->lost};
	struct fs_counts totals = {0};

	for (unsigned int i = 0; i < submits; i++)
		make_submit(m, to, speed, m->now_ns + i * NSEC_PER_SEC / submits);
	m->now_ns += NSEC_PER_SEC;
	for (enum api api = 0; api < APIS; api++) {
		if (m->counts[api].c.submits)
			to->fs_counts(to->ctx, &m->fs[api], &m->counts[api]);
		fs_counts__add(&totals, &m->counts[api]);
	}
	to->totals(to->ctx, &totals);
	to->loss(to->ctx, &loss);
	commit(m, w);
}

static void make(struct maker *m, const char *path)
{
	char text[512] = "";
	struct causes *causes = causes__new(NULL, text, sizeof(text));
	struct store_writer *w = NULL;
	struct err e = {0};

	m->opts = (struct store_write_opts){
		.path = path,
		.ledger = ledger__new(&(struct ledger_opts){.causes = causes,
							    .slow_threshold_ns = NSEC_PER_MSEC}),
		.capture = &m->capture,
		.started_mono_ns = START_NS,
		.slow_ns = NSEC_PER_MSEC,
		.events = m->events > 0,
	};
	if (!causes || !m->opts.ledger)
		die("rules", text);
	if (store_writer__new(&m->opts, &w, &e))
		die(path, e.text);
	store_writer__add_fact(w, "scheduler", "loop0", m->scheduler);
	store_writer__add_fact(w, "scheduler", "sdz", m->scheduler);
	m->now_ns = START_NS;
	for (unsigned int i = 0; i < (unsigned int)m->seconds; i++)
		make_second(m, w);
	m->capture.duration_ns = m->now_ns - START_NS;
	if (store_writer__finish(w, &m->capture, m->now_ns, &e))
		die(path, e.text);
	store_writer__free(w);
	ledger__free(m->opts.ledger);
	causes__free(causes);
}

int main(int argc, char **argv)
{
	static struct maker m = {
		.seed = 1,
		.seconds = 20,
		.submits = 200,
		.stalls = 0.3,
		.sleep_us = 1000,
		.batch = 8,
		.len = 4096,
		.op = 1,
		.fstype = "ext4",
		.mount = "/data",
		.kernel = "6.1.0",
		.host = "made",
		.scheduler = "none",
		.capture = {.host = {"", "", "x86_64", 2},
			    .started_unix_ns = 1700000000000000000,
			    .command = "made",
			    .filters = "",
			    .probe[NEED_SUBMIT] = "fentry",
			    .probe[NEED_REQUEST] = "fentry",
			    .probe[NEED_SWITCH] = "tp_btf"},
	};

	if (argc < 2)
		die("usage", "make_recording FILE [KEY=VALUE...]");
	for (int i = 2; i < argc; i++)
		set_word(&m, argv[i]);
	m.random.state = (uint64_t)m.seed;
	for (enum api api = 0; api < APIS; api++)
		m.fs[api] = (struct fs_info){.api = api,
					     .major = 7,
					     .fstype = m.fstype,
					     .device_name = "loop0",
					     .mount = m.mount,
					     .mount_options = "rw,relatime"};
	snprintf(m.capture.host.hostname, sizeof(m.capture.host.hostname), "%s", m.host);
	snprintf(m.capture.host.kernel, sizeof(m.capture.host.kernel), "%s", m.kernel);
	make(&m, argv[1]);
	return 0;
}
