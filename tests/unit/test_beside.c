// SPDX-License-Identifier: GPL-2.0
/* Work in threads: done when waited for, and without signals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <unistd.h>

#include "base/beside.h"

struct seen {
	int times;
	pthread_t thread;
	sigset_t blocked;
};

static void look(void *ctx)
{
	struct seen *seen = ctx;

	usleep(1000);
	seen->thread = pthread_self();
	pthread_sigmask(SIG_BLOCK, NULL, &seen->blocked);
	seen->times++;
}

static void test_done_when_waited_for(void **state)
{
	struct beside beside[5] = {0};
	struct seen seen[5] = {0};

	(void)state;
	for (int i = 0; i < 5; i++)
		beside__start(&beside[i], look, &seen[i]);
	for (int i = 0; i < 5; i++) {
		beside__wait(&beside[i]);
		beside__wait(&beside[i]);
		assert_int_equal(seen[i].times, 1);
		assert_false(pthread_equal(seen[i].thread, pthread_self()));
	}
}

static void test_signals_are_not_for_it(void **state)
{
	struct beside beside = {0};
	struct seen seen = {0};
	sigset_t own;

	(void)state;
	beside__start(&beside, look, &seen);
	beside__wait(&beside);
	pthread_sigmask(SIG_BLOCK, NULL, &own);
	assert_true(sigismember(&seen.blocked, SIGINT));
	assert_true(sigismember(&seen.blocked, SIGTERM));
	assert_false(sigismember(&own, SIGINT));
}

static void test_nothing_started(void **state)
{
	struct beside beside = {0};

	(void)state;
	beside__wait(&beside);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_done_when_waited_for),
		cmocka_unit_test(test_signals_are_not_for_it),
		cmocka_unit_test(test_nothing_started),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
