-- SPDX-License-Identifier: GPL-2.0
-- A recording of schema version 6, as aiostall 0.1.0 wrote it: punted requests of io_uring and how long workers
-- were waited for, before that was known by operation.
PRAGMA application_id=1634299763;
PRAGMA user_version=6;
CREATE TABLE info(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO info VALUES('arch','x86_64');
INSERT INTO info VALUES('boot_id','');
INSERT INTO info VALUES('child_ran',1);
INSERT INTO info VALUES('child_status',0);
INSERT INTO info VALUES('child_stopped',0);
INSERT INTO info VALUES('command','made');
INSERT INTO info VALUES('complete',1);
INSERT INTO info VALUES('cpus',2);
INSERT INTO info VALUES('duration_ns',216250304);
INSERT INTO info VALUES('events',0);
INSERT INTO info VALUES('filters','');
INSERT INTO info VALUES('hostname','made');
INSERT INTO info VALUES('keep_ns',0);
INSERT INTO info VALUES('kernel','6.18.0');
INSERT INTO info VALUES('kernel_build','');
INSERT INTO info VALUES('min_ns',0);
INSERT INTO info VALUES('probe_compat','none');
INSERT INTO info VALUES('probe_complete','none');
INSERT INTO info VALUES('probe_enter','tracepoint');
INSERT INTO info VALUES('probe_enter32','none');
INSERT INTO info VALUES('probe_lock','tp_btf');
INSERT INTO info VALUES('probe_punt','tp_btf');
INSERT INTO info VALUES('probe_request','scan');
INSERT INTO info VALUES('probe_sqe','tp_btf');
INSERT INTO info VALUES('probe_submit','tracepoint');
INSERT INTO info VALUES('probe_switch','tp_btf');
INSERT INTO info VALUES('probe_take','sleep');
INSERT INTO info VALUES('sample_hz',0);
INSERT INTO info VALUES('skips','');
INSERT INTO info VALUES('skips_unknown','');
INSERT INTO info VALUES('slow_ns',1000000);
INSERT INTO info VALUES('started_mono_ns',5000000000);
INSERT INTO info VALUES('started_unix_ns',1767225600000000000);
INSERT INTO info VALUES('tool_version','0.1.0');
INSERT INTO info VALUES('trigger_ns',0);
INSERT INTO info VALUES('user_stacks',0);
CREATE TABLE fact(id INTEGER PRIMARY KEY, what TEXT, of TEXT, value TEXT);
CREATE TABLE string(id INTEGER PRIMARY KEY, text TEXT);
INSERT INTO string VALUES(1,'/data/file');
INSERT INTO string VALUES(2,'uringload');
INSERT INTO string VALUES(3,'/');
INSERT INTO string VALUES(4,'');
CREATE TABLE stack(id INTEGER PRIMARY KEY, frames TEXT);
INSERT INTO stack VALUES(1,'schedule
handle_userfault
__handle_mm_fault
handle_mm_fault
__get_user_pages
__gup_longterm_locked
gup_fast_fallback
iov_iter_extract_pages
bio_iov_iter_get_pages
iomap_dio_bio_iter
__iomap_dio_rw
iomap_dio_rw
ext4_file_read_iter
__io_read
io_read
__io_issue_sqe
io_issue_sqe
io_wq_submit_work
io_worker_handle_work
io_wq_worker
ret_from_fork
ret_from_fork_asm');
CREATE TABLE fs(id INTEGER PRIMARY KEY, major INTEGER, minor INTEGER, fstype TEXT, device TEXT, mount TEXT, options TEXT, api TEXT, generation INTEGER);
INSERT INTO fs VALUES(1,254,0,'ext4','vda','/data','rw,relatime','io_uring',0);
CREATE TABLE cause(id INTEGER PRIMARY KEY, name TEXT, title TEXT, todo TEXT, operator_advice TEXT, author_advice TEXT);
INSERT INTO cause VALUES(1,'ubuf.uffd','the I/O buffer lies in a userfaultfd range whose pages another process supplies','touch the buffers before submitting them','Find the handler of that range and let it fill the I/O buffers first.','Touch the buffers before submitting them.');
CREATE TABLE key(id INTEGER PRIMARY KEY, fs INTEGER, cause INTEGER, stack INTEGER, user_stack INTEGER, path INTEGER, comm INTEGER, cgroup INTEGER, waker INTEGER, holder INTEGER, pid INTEGER, cgroup_id INTEGER, opcode INTEGER, holder_pid INTEGER, waker_kind INTEGER, plane INTEGER);
INSERT INTO key VALUES(1,1,1,1,0,1,2,3,2,4,7001,1,278,0,1,2);
CREATE TABLE slice(id INTEGER PRIMARY KEY, start_ns INTEGER, end_ns INTEGER, slow_submits INTEGER);
INSERT INTO slice VALUES(1,0,216250304,0);
CREATE TABLE counters(slice INTEGER, fs INTEGER, submits INTEGER, submits_blocked INTEGER, requests INTEGER, sleeps INTEGER, wall_ns INTEGER, on_cpu_ns INTEGER, blocked_ns INTEGER, blocked_elsewhere_ns INTEGER, runqueue_ns INTEGER, preempted_ns INTEGER, held_up_requests INTEGER, held_up_ns INTEGER, submit_errors INTEGER, short_submits INTEGER, bytes INTEGER, bytes_unknown INTEGER, inside_buffered INTEGER, inside_direct INTEGER, nowait INTEGER, nowait_refused INTEGER, nowait_sleeps INTEGER, nowait_ns INTEGER, below_min_sleeps INTEGER, below_min_ns INTEGER, op_pread INTEGER, op_pwrite INTEGER, op_fsync INTEGER, op_fdsync INTEGER, op_poll INTEGER, op_preadv INTEGER, op_pwritev INTEGER, op_other INTEGER, max_sleep_ns INTEGER, max_submit_ns INTEGER, waits INTEGER, waited_ns INTEGER, wait_calls INTEGER, taskwork_sleeps INTEGER, taskwork_blocked_ns INTEGER, worker_sleeps INTEGER, worker_blocked_ns INTEGER, sqpoll_sleeps INTEGER, sqpoll_blocked_ns INTEGER, punted INTEGER, punted_asked INTEGER, punted_forced INTEGER, punted_unable INTEGER, punted_tried INTEGER, punted_serial INTEGER, punted_reads INTEGER, punted_writes INTEGER, punted_syncs INTEGER, queue_delays INTEGER, queue_delay_ns INTEGER, max_queue_delay_ns INTEGER, sleep BLOB, submit BLOB, PRIMARY KEY(slice, fs)) WITHOUT ROWID;
INSERT INTO counters VALUES(1,0,11,0,44,0,102876635,613175,0,0,83472876,0,0,0,0,0,180224,0,0,0,0,0,0,0,0,0,44,0,0,0,0,0,0,0,0,91056,22,18790584,22,0,0,11,5229118,0,0,11,11,0,0,0,0,11,0,0,11,13398431,12415894,NULL,X'032AAD722770');
INSERT INTO counters VALUES(1,1,11,0,44,0,479904,479904,0,0,0,0,0,0,0,0,180224,0,0,0,0,0,0,0,0,0,44,0,0,0,0,0,0,0,0,91056,0,0,0,0,0,11,5229118,0,0,11,11,0,0,0,0,11,0,0,11,13398431,12415894,NULL,X'032AAD722770');
CREATE TABLE sleeps(slice INTEGER, key INTEGER, sleeps INTEGER, blocked_ns INTEGER, runqueue_ns INTEGER, max_ns INTEGER, held_up_requests INTEGER, iowait_sleeps INTEGER, nowait_sleeps INTEGER, how_unknown INTEGER, how_exact INTEGER, how_scanned INTEGER, how_batch INTEGER, further_sleeps INTEGER, hist BLOB, PRIMARY KEY(slice, key)) WITHOUT ROWID;
INSERT INTO sleeps VALUES(1,1,11,5229118,57125,997596,0,0,0,0,11,0,0,0,X'010A6B5110');
CREATE TABLE stall(slice INTEGER, no INTEGER, key INTEGER, waker_comm INTEGER, end_ns INTEGER, blocked_ns INTEGER, runqueue_ns INTEGER, call_seq INTEGER, sleep_no INTEGER, tid INTEGER, how INTEGER, idx INTEGER, nr INTEGER, opcode INTEGER, fd INTEGER, offset INTEGER, len_bytes INTEGER, rw_flags INTEGER, shape INTEGER, ino INTEGER, held_up_requests INTEGER, state INTEGER, iowait INTEGER, waker_kind INTEGER, waker_pid INTEGER, waker_tid INTEGER, lock_kind INTEGER, holder_tid INTEGER, user_data INTEGER, submitter_tid INTEGER, PRIMARY KEY(slice, no)) WITHOUT ROWID;
INSERT INTO stall VALUES(1,2,1,2,5216000000,997596,6460,2,1,7002,1,0,0,278,-1,12288,4096,0,8,10962912,0,258,0,1,7001,7003,0,0,4294967298,7001);
CREATE TABLE submit(slice INTEGER, no INTEGER, fs INTEGER, comm INTEGER, cgroup INTEGER, end_ns INTEGER, wall_ns INTEGER, on_cpu_ns INTEGER, blocked_ns INTEGER, runqueue_ns INTEGER, preempted_ns INTEGER, call_seq INTEGER, sleeps INTEGER, preemptions INTEGER, nr INTEGER, fs_count INTEGER, ret INTEGER, pid INTEGER, tid INTEGER, cgroup_id INTEGER, waited_ns INTEGER, waits INTEGER, PRIMARY KEY(slice, no)) WITHOUT ROWID;
CREATE TABLE loss(slice INTEGER PRIMARY KEY, events INTEGER, stacks INTEGER, map_full INTEGER, unmatched INTEGER, before_tracing INTEGER, unattributed INTEGER, model_evicted INTEGER, malformed INTEGER, scan_agree INTEGER, scan_disagree INTEGER, skipped INTEGER, misjudged INTEGER, recovered INTEGER, refused INTEGER, in_flight INTEGER, uncounted_sleeps INTEGER);
CREATE TABLE unfinished(id INTEGER PRIMARY KEY, fs INTEGER, cause INTEGER, stack INTEGER, path INTEGER, comm INTEGER, cgroup INTEGER, age_ns INTEGER, before_tracing INTEGER, pid INTEGER, tid INTEGER, cgroup_id INTEGER, how INTEGER, idx INTEGER, nr INTEGER, opcode INTEGER, fd INTEGER, offset INTEGER, len_bytes INTEGER, rw_flags INTEGER, shape INTEGER, ino INTEGER, held_up_requests INTEGER, state INTEGER, user_data INTEGER, plane INTEGER, submitter_tid INTEGER);
CREATE TABLE sample(id INTEGER PRIMARY KEY, fs INTEGER, stack INTEGER, count INTEGER);
CREATE TABLE here(id INTEGER PRIMARY KEY, fs INTEGER, cause TEXT, text TEXT);
CREATE TABLE process(id INTEGER PRIMARY KEY, comm INTEGER, cgroup INTEGER, pid INTEGER, submits INTEGER, submits_blocked INTEGER, requests INTEGER, sleeps INTEGER, blocked_ns INTEGER);
INSERT INTO process VALUES(1,2,3,7001,11,0,44,0,0);
CREATE TABLE failure(id INTEGER PRIMARY KEY, err INTEGER, calls INTEGER);
