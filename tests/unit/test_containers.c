// SPDX-License-Identifier: GPL-2.0
/* Containers by their cgroups' paths, and their names by the runtimes' files. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/containers.h"

#define ID_A "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID_B "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define ID_C "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_D "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
#define ID_E "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
#define ID_F "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define ID_G "0000000000000000000000000000000000000000000000000000000000000001"
#define ID_H "0000000000000000000000000000000000000000000000000000000000000002"
#define ID_I "0000000000000000000000000000000000000000000000000000000000000003"
#define TASKS "/run/containerd/io.containerd.runtime.v2.task/k8s.io/"
#define RUNNING "/run/containers/storage/overlay-containers/"
#define OF_USER "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-"
#define CONMON "/usr/bin/conmon\0-c\0" ID_E "\0-n\0mail\0--syslog\0-n"
#define POD "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1f.slice"

static void test_paths(void **state)
{
	static const struct {
		const char *cgroup, *name;
	} rows[] = {
		{"/system.slice/docker-" ID_A ".scope", "docker:0123456789ab"},
		{"/system.slice/docker-" ID_A ".scope/inner", "docker:0123456789ab"},
		{"/docker/" ID_A, "docker:0123456789ab"},
		{POD "/cri-containerd-" ID_B ".scope", "containerd:fedcba987654"},
		{POD "/crio-" ID_B ".scope", "crio:fedcba987654"},
		{"/kubepods/besteffort/pod1f/" ID_B, "kubepods:fedcba987654"},
		{"/machine.slice/libpod-" ID_A ".scope/container", "podman:0123456789ab"},
		{"/lxc.payload.web/system.slice/x.service", "lxc:web"},
		{"/machine.slice/machine-web.scope", "nspawn:web"},
		/* the innermost */
		{"/docker/" ID_A "/docker/" ID_B, "docker:fedcba987654"},
		/* in none */
		{"/system.slice/mariadb.service", "mariadb.service"},
		{"/user.slice/user-0.slice/session-3.scope", "session-3.scope"},
		{"/system.slice/docker-0123.scope", "docker-0123.scope"},
		{"/user.slice", ""},
		{"/", ""},
		{"", ""},
		{NULL, ""},
	};
	char name[128];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(container__name(rows[i].cgroup, NULL, name, sizeof(name)),
				    rows[i].name);
}

/* A folder that stands for the host's. */
static char root[64];

static void put_bytes(const char *path, const char *text, size_t len)
{
	char full[512], *at;
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (at = strchr(full + strlen(root) + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		assert_true(!mkdir(full, 0700) || errno == EEXIST);
		*at = '/';
	}
	if (!text)
		return;
	f = fopen(full, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
}

static void put(const char *path, const char *text)
{
	put_bytes(path, text, text ? strlen(text) : 0);
}

static void put_pipe(const char *folder, const char *name)
{
	char full[512];

	snprintf(full, sizeof(full), "%s/", folder);
	put(full, NULL);
	snprintf(full, sizeof(full), "%s%s/%s", root, folder, name);
	assert_return_code(mkfifo(full, 0600), errno);
}

static int make_host(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/containers.XXXXXX");
	assert_non_null(mkdtemp(root));
	put("/var/lib/docker/containers/" ID_A "/config.v2.json",
	    "{\"Name\": \"/web\", \"ID\": 3}");
	put("/var/lib/docker/containers/broken/config.v2.json", "{\"Name\": ");
	put("/var/lib/docker/containers/odd/config.v2.json", "[1]");
	put("/var/log/containers/cart-7d_shop_server-1-" ID_B ".log", "");
	put("/var/log/containers/no-id_shop_server.log", "");
	put("/var/log/containers/_.log", "");
	put("/var/lib/containers/storage/overlay-containers/containers.json",
	    "[{\"id\": \"" ID_C "\", \"names\": [\"db\"]}, {\"id\": 5}, 7]");
	put("/var/lib/containers/storage/vfs-containers/containers.json",
	    "[{\"id\": \"" ID_D "\", \"names\": [\"cache\"]}]");
	put("/run/user/1000/containers/overlay-containers/" ID_E "/userdata/conmon.pid", "4711");
	put("/run/user/1000/containers/overlay-containers/locks", "");
	put("/run/user/1001/bus", "");
	put_bytes("/proc/4711/cmdline", CONMON, sizeof(CONMON));
	put_pipe("/run/user/1002/containers/overlay-containers/" ID_F "/userdata", "conmon.pid");
	/* the kubelet's links are gone, as of a pod that it is about to remove */
	put(TASKS ID_G "/config.json", "{\"ociVersion\": \"1.1.0\", \"annotations\": {"
				       "\"io.kubernetes.cri.container-type\": \"container\", "
				       "\"io.kubernetes.cri.container-name\": \"queue\", "
				       "\"io.kubernetes.cri.sandbox-name\": \"jobs-0\", "
				       "\"io.kubernetes.cri.sandbox-namespace\": \"batch\"}}");
	/* the container that holds the pod's namespaces open, and what is not as it should be */
	put(TASKS ID_I "/config.json",
	    "{\"annotations\": {\"io.kubernetes.cri.container-type\": \"sandbox\", "
	    "\"io.kubernetes.cri.sandbox-name\": \"jobs-0\", "
	    "\"io.kubernetes.cri.sandbox-namespace\": \"batch\"}}");
	put(TASKS "broken/config.json", "{\"annotations\": [");
	put(TASKS "odd/config.json", "{\"annotations\": [{}]}");
	put(TASKS "empty/", NULL);
	put_pipe(TASKS "pipe", "config.json");
	put(RUNNING ID_H "/userdata/config.json",
	    "{\"annotations\": {\"io.container.manager\": \"cri-o\", "
	    "\"io.kubernetes.container.name\": \"proxy\", "
	    "\"io.kubernetes.pod.name\": \"edge-x2\", "
	    "\"io.kubernetes.pod.namespace\": \"net\"}}");
	/* Podman's has a name in its storage */
	put(RUNNING ID_C "/userdata/config.json", "{\"annotations\": {}}");
	put("/sys/fs/cgroup/system.slice/docker-" ID_A ".scope/inner/", NULL);
	put("/sys/fs/cgroup/system.slice/cron.service/", NULL);
	put("/sys/fs/cgroup/kubepods.slice/crio-" ID_B ".scope/", NULL);
	put("/sys/fs/cgroup/kubepods.slice/crio-" ID_C ".scope/", NULL);
	return 0;
}

static int remove_host(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command);
}

static void test_names(void **state)
{
	struct containers *c = containers__new(root);
	const struct container_names *names = containers__names(c);
	char name[128];

	(void)state;
	assert_string_equal(container__name("/docker/" ID_A, names, name, sizeof(name)), "web");
	assert_string_equal(container__name(POD "/crio-" ID_B ".scope", names, name, sizeof(name)),
			    "shop/cart-7d/server-1");
	assert_string_equal(
		container__name("/machine.slice/libpod-" ID_C ".scope", names, name, sizeof(name)),
		"db");
	assert_string_equal(
		container__name("/libpod_parent/libpod-" ID_D, names, name, sizeof(name)), "cache");
	assert_string_equal(container__name(OF_USER ID_E ".scope", names, name, sizeof(name)),
			    "mail");
	/* a pipe that nobody writes to is not waited for */
	assert_string_equal(container__name(OF_USER ID_F ".scope", names, name, sizeof(name)),
			    "podman:ffffffffffff");
	assert_true(container__is("/docker/" ID_A, "web", names));
	assert_true(container__is("/docker/" ID_A, "012345", names));
	assert_false(container__is("/docker/" ID_A, "0123", names));
	assert_true(container__is("/kubepods/" ID_B, "shop/cart-7d", names));
	assert_false(container__is("/kubepods/" ID_B, "shop/cart", names));
	assert_true(container__is("/system.slice/cron.service", "cron.service", names));
	containers__free(c);
}

static void test_names_of_running_bundles(void **state)
{
	struct containers *c = containers__new(root);
	const struct container_names *names = containers__names(c);
	char name[128];

	(void)state;
	assert_string_equal(
		container__name(POD "/cri-containerd-" ID_G ".scope", names, name, sizeof(name)),
		"batch/jobs-0/queue");
	assert_string_equal(container__name(POD "/crio-" ID_H ".scope", names, name, sizeof(name)),
			    "net/edge-x2/proxy");
	assert_string_equal(
		container__name(POD "/cri-containerd-" ID_I ".scope", names, name, sizeof(name)),
		"containerd:000000000000");
	assert_string_equal(
		container__name("/machine.slice/libpod-" ID_C ".scope", names, name, sizeof(name)),
		"db");
	assert_true(container__is("/kubepods/" ID_G, "batch/jobs-0", names));
	containers__free(c);
}

static void test_cgroup_of_a_name(void **state)
{
	struct containers *c = containers__new(root);
	struct err e = {0};
	char path[256];

	(void)state;
	assert_int_equal(containers__cgroup(c, "web", path, sizeof(path), &e), 0);
	assert_string_equal(path, "/system.slice/docker-" ID_A ".scope");
	assert_int_equal(containers__cgroup(c, "cron.service", path, sizeof(path), &e), 0);
	assert_string_equal(path, "/system.slice/cron.service");
	assert_int_equal(containers__cgroup(c, "fedcba98", path, sizeof(path), &e), 0);
	assert_int_equal(containers__cgroup(c, "nobody", path, sizeof(path), &e), -ENOENT);
	assert_non_null(strstr(e.text, "nobody"));
	put("/sys/fs/cgroup/docker/" ID_A "/", NULL);
	assert_int_equal(containers__cgroup(c, "web", path, sizeof(path), &e), -EINVAL);
	containers__free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_names_of_running_bundles),
		cmocka_unit_test(test_cgroup_of_a_name),
	};

	return cmocka_run_group_tests(tests, make_host, remove_host);
}
