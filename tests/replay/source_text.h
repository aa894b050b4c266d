/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A text file as a source of events, for tests.
 *
 * One line is one definition or event: a kind, then key=value pairs separated
 * by blanks. Empty lines and lines that begin with # are skipped. A value ends
 * at a blank; \xNN is any byte but NUL, \\ a backslash, and an empty value is
 * an empty string. Keys that are not given are 0 or "". Unknown kinds and keys
 * are errors, so that a fixture cannot silently say less than it seems to.
 *
 *   host        hostname kernel arch cpus
 *   capture     started (ns, Unix) started_mono duration command filters, probe_ and each need
 *               of probes.def, skips skips_unknown spilled sample_hz child_status (implies that a child ran) user_stacks min
 *   fs          id type major minor device mount options
 *   stack       id (number from 1) frames (innermost first, separated by "<")
 *   counts      fs (id of an fs line, or "total"), the names in struct counters with
 *               times without _ns, sleep and submit (histograms: TIMExCOUNT,...)
 *   stall       repeat fs stack user_stack blocked runqueue end call_seq sleep_no
 *               pid tid comm cgroup cgroup_id how index nr op fd offset len rw_flags
 *               shape ino path held_up state iowait waker waker_pid waker_tid waker_comm
 *               lock holder_pid holder_tid holder_comm
 *   stalls      many that were summed up: of the longest what stall has (no repeat), of all
 *               sleeps all_blocked all_runqueue all_held_up iowait_sleeps nowait_sleeps hist
 *   submit      repeat fs wall on_cpu blocked runqueue preempted sleeps preemptions nr
 *               fs_count ret pid tid comm cgroup cgroup_id call_seq end
 *   unfinished  fs stack age before_tracing pid tid comm cgroup cgroup_id how index nr
 *               op fd offset len rw_flags shape ino path held_up state
 *   sample      fs stack count
 *   process     pid comm cgroup submits submits_blocked requests sleeps blocked
 *   failed      pid err calls
 *   loss        the names in struct loss
 *
 * Times take units (5ms), bare ones are ns. how: unknown exact scanned batch.
 * waker: unknown task irq. shape: eof unaligned unaligned_lb direct dsync nowait
 * append, joined by "+". fs and stack refer to lines above.
 */
#ifndef AIOSTALL_TESTS_SOURCE_TEXT_H
#define AIOSTALL_TESTS_SOURCE_TEXT_H

#include <stdio.h>

#include "base/base.h"
#include "model/source.h"

/* Reads from in, which stays the caller's. NULL on lack of memory. e is filled when poll or finish
 * fail. */
struct source *source_text__new(FILE *in, struct err *e);

#endif
