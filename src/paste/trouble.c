// SPDX-License-Identifier: GPL-2.0
#include "paste/trouble.h"

#include <stddef.h>
#include <string.h>

const char *trouble__in_line(const char *line)
{
	static const struct {
		const char *text, *what;
	} signs[] = {
		{"not responding, still trying", "a server does not answer"},
		{"not responding, timed out", "a server does not answer"},
		{"has not responded in", "a server does not answer"},
		{"blk_update_request: I/O error", "the device returns errors"},
		{"I/O error, dev ", "the device returns errors"},
		{"critical medium error", "the device returns errors"},
		{"critical target error", "the device returns errors"},
		{"Buffer I/O error", "the device returns errors"},
		{"timeout, aborting", "the device does not answer"},
		{"timeout, reset controller", "the device does not answer"},
		{"timeout, completion polled", "the device loses interrupts"},
		{"controller is down; will reset", "the controller is reset"},
		{"resetting controller", "the controller is reset"},
		{"hard resetting link", "the link is reset"},
		{"SCSI error: return code", "the device returns errors"},
		{"attempting task abort", "the device does not answer"},
		{"Abort Command issued", "the device does not answer"},
		{"timing out command", "the device does not answer"},
		{"rejecting I/O to offline device", "the device is offline"},
		{"Device offlined", "the device is offline"},
		{"Disk failure on", "a member of the array has failed"},
		{"Failing path", "a path of the multipath device has failed"},
		{"blocked FC remote port time out", "a path to the storage is gone"},
		{"conn error", "the connection to the iSCSI target is lost"},
		{"EXT4-fs error", "ext4 has met an error"},
		{"Aborting journal", "the journal is aborted"},
		{"Shutting down filesystem", "XFS has shut down"},
		{"Corruption of in-memory data", "XFS has shut down"},
		{"forced readonly", "the filesystem has become read-only"},
		{"Remounting filesystem read-only", "the filesystem has become read-only"},
		{"out of data space", "the thin pool is full"},
		{"Receive data timeout", "the connection to the nbd server is lost"},
		{"Connection timed out", "a connection is lost"},
		{"invoked oom-killer", "memory has run out"},
		{"kernel BUG at", "the kernel has met a bug of its own"},
		{"Oops:", "the kernel has met a bug of its own"},
		{"general protection fault", "the kernel has met a bug of its own"},
		{"unable to handle kernel", "the kernel has met a bug of its own"},
	};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (strstr(line, signs[i].text))
			return signs[i].what;
	return NULL;
}
