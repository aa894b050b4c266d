// SPDX-License-Identifier: GPL-2.0
/*
 * Tells which context switches this host shows to no tracer.
 *
 *	witness [--ready-file FILE] [--blind TID [--rounds]]
 *
 * Prints a JSON line for each gap between two switches of a CPU that were shown, "synced" when
 * SIGUSR1 has come and all before it is printed, and on SIGINT or SIGTERM the sums.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "witness/witness.h"
#include "witness.skel.h"

#define POLL_NS 50000000L

struct options {
	const char *ready_file;
	unsigned int blind, rounds;
};

/* A thread names itself as it likes. */
static void print_thread(const char *as, const struct witness_thread *t)
{
	char comm[WITNESS_COMM];

	memcpy(comm, t->comm, sizeof(comm));
	for (size_t i = 0; i < sizeof(comm) && comm[i]; i++)
		if (comm[i] < ' ' || comm[i] > '~' || comm[i] == '"' || comm[i] == '\\')
			comm[i] = '?';
	printf("\"%s\":{\"tid\":%u,\"comm\":\"%.*s\"}", as, t->tid, WITNESS_COMM, comm);
}

static int print_hidden(void *ctx, void *data, size_t size)
{
	const struct witness_hidden *h = data;

	(void)ctx;
	if (size < sizeof(*h))
		return -EINVAL;
	printf("{\"time_ns\":%llu,\"cpu\":%u,\"kind\":\"%s\",\"times\":%llu,", h->time_ns, h->cpu,
	       h->kind == WITNESS_AGAIN ? "again" : "other", h->times);
	print_thread("came", &h->came);
	printf(",");
	print_thread("left", &h->left);
	printf("}\n");
	return 0;
}

static int print_sums(int map)
{
	int cpus = libbpf_num_possible_cpus();
	struct witness_counts *per_cpu = cpus > 0 ? calloc((size_t)cpus, sizeof(*per_cpu)) : NULL;
	struct witness_counts sum = {0};
	__u32 zero = 0;
	int rc = -1;

	if (per_cpu && !bpf_map_lookup_elem(map, &zero, per_cpu)) {
		for (int i = 0; i < cpus; i++) {
			sum.switches += per_cpu[i].switches;
			sum.hidden += per_cpu[i].hidden;
			sum.lost += per_cpu[i].lost;
		}
		printf("{\"switches\":%llu,\"hidden\":%llu,\"lost\":%llu}\n", sum.switches,
		       sum.hidden, sum.lost);
		rc = 0;
	}
	free(per_cpu);
	return rc;
}

static int say_ready(const char *path)
{
	FILE *f = path ? fopen(path, "w") : NULL;
	int rc;

	if (!path)
		return 0;
	if (!f)
		return -1;
	rc = fputs("ready\n", f) < 0 ? -1 : 0;
	return fclose(f) ? -1 : rc;
}

/* Until a signal says that it is enough. */
static int witness(struct witness_bpf *bpf, const sigset_t *signals)
{
	const struct timespec wait = {.tv_nsec = POLL_NS};
	struct ring_buffer *ring =
		ring_buffer__new(bpf_map__fd(bpf->maps.hidden), print_hidden, NULL, NULL);
	int got, rc = ring ? 0 : -1;

	while (!rc) {
		got = sigtimedwait(signals, NULL, &wait);
		if (ring_buffer__consume(ring) < 0)
			rc = -1;
		if (got == SIGUSR1)
			printf("{\"synced\":true}\n");
		if (fflush(stdout))
			rc = -1;
		if (got == SIGINT || got == SIGTERM)
			break;
	}
	ring_buffer__free(ring);
	return rc ? rc : print_sums(bpf_map__fd(bpf->maps.counts));
}

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {{"ready-file", required_argument, NULL, 'r'},
					      {"blind", required_argument, NULL, 'b'},
					      {"rounds", no_argument, NULL, 'o'},
					      {0}};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'r')
			o->ready_file = optarg;
		else if (c == 'b')
			o->blind = (unsigned int)strtoul(optarg, NULL, 10);
		else if (c == 'o')
			o->rounds = 1;
		else
			return -1;
	}
	return optind == argc ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct options o = {0};
	struct witness_bpf *bpf;
	sigset_t signals;
	int rc = 1;

	if (parse(argc, argv, &o)) {
		fputs("usage: witness [--ready-file FILE] [--blind TID [--rounds]]\n", stderr);
		return 2;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	bpf = witness_bpf__open();
	if (bpf) {
		bpf->rodata->blind_tid = o.blind;
		bpf->rodata->blind_rounds = o.rounds;
	}
	if (!bpf || witness_bpf__load(bpf) || witness_bpf__attach(bpf) || say_ready(o.ready_file))
		perror("witness: cannot begin");
	else
		rc = witness(bpf, &signals) ? 1 : 0;
	witness_bpf__destroy(bpf);
	return rc;
}
