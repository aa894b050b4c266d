// SPDX-License-Identifier: GPL-2.0
#include "cmd/interrupt.h"

#include <signal.h>
#include <string.h>

static volatile sig_atomic_t count, forward;
/* What we were started with: a shell starts what is in the background with SIGINT ignored. */
static struct sigaction inherited_int, inherited_term;
static bool caught;

static void on_signal(int sig, siginfo_t *info, void *context)
{
	(void)context;
	count++;
	/* the kernel's own SI_KERNEL means the terminal: its whole foreground group got the signal */
	forward = info->si_code == SI_KERNEL ? 0 : sig;
}

static void set_action(const struct sigaction *action)
{
	struct sigaction before;

	sigaction(SIGINT, action, NULL);
	sigaction(SIGTERM, action, NULL);
	/* ignored under nohup(1), and must stay so */
	if (!sigaction(SIGHUP, NULL, &before) && before.sa_handler != SIG_IGN)
		sigaction(SIGHUP, action, NULL);
}

void interrupt__catch(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_sigaction = on_signal;
	action.sa_flags = SA_SIGINFO; /* no SA_RESTART: a poll must return */
	count = 0;
	if (!caught) {
		sigaction(SIGINT, NULL, &inherited_int);
		sigaction(SIGTERM, NULL, &inherited_term);
	}
	caught = true;
	set_action(&action);
}

void interrupt__release(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = SIG_DFL;
	set_action(&action);
}

void interrupt__as_inherited(void)
{
	sigaction(SIGINT, &inherited_int, NULL);
	sigaction(SIGTERM, &inherited_term, NULL);
}

int interrupt__count(void)
{
	return count;
}

int interrupt__forward(void)
{
	return forward;
}
