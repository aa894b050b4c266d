#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""
Judges what causes.guest.sh brought out of a guest: causes.py DIR KERNEL. Prints a line for each
scenario and "N passed, N failed" at the end; fails when a sleep has a wrong cause or none.
"""
import json
import pathlib
import sys

NAMED = 0.95
# Kernels where nothing has to sleep: f2fs of 6.1 leaves such a write in the page cache, zram of 6.12
# has a spin lock for each page, the SMB client of 7.3 hands over to workers.
QUIET = {("6.1", "f2fs-zoned"), ("6.1-cloud", "f2fs-zoned"), ("5.10", "f2fs-zoned"),
         ("5.10", "zram"), ("6.1", "zram"), ("6.1-cloud", "zram"), ("6.12", "zram"),
         ("7.3", "smb-credits")}
# Causes that a scenario must show, one of them is enough; and those that may be there besides.
# An empty first set: it may be that nothing sleeps, but what does has a name.
EXPECTED = {
    "null_blk": ({"blk.tag"}, set()),
    "scsi_debug": ({"blk.tag"}, {"blk.dispatch", "drv.scsi"}),
    "nvme": ({"blk.tag"}, set()),
    "snapshot": ({"dm.snapshot"}, {"dm.other"}),
    "thin": (set(), {"dm.thin", "dm.other", "blk.mempool"}),
    "crypt": (set(), {"dm.crypt", "dm.other", "blk.mempool"}),
    "raid1": (set(), {"md.raid1_barrier", "md.write_start", "md.suspended"}),
    "raid10": (set(), {"md.raid10_barrier", "md.write_start", "md.suspended"}),
    "raid5": ({"md.raid5_stripe"}, {"md.write_start", "md.suspended"}),
    "raid1-resync": ({"md.raid1_barrier"}, {"md.write_start", "md.suspended"}),
    "raid10-resync": ({"md.raid10_barrier"}, {"md.write_start", "md.suspended"}),
    "f2fs": ({"f2fs.dio_sync"},
             {"f2fs.checkpoint", "f2fs.node_read", "f2fs.node_writeback", "f2fs.gc", "f2fs.other",
              "lock.inode", "vfs.dio_wq_init"}),
    "f2fs-overwrite": (set(), {"f2fs.checkpoint", "f2fs.node_read", "f2fs.node_writeback", "f2fs.gc",
                               "f2fs.other", "lock.inode", "vfs.dio_wq_init"}),
    "f2fs-cold": ({"f2fs.node_read"}, {"f2fs.other", "vfs.dio_wq_init", "f2fs.checkpoint"}),
    "f2fs-zoned": ({"f2fs.dio_fallback"},
                   {"f2fs.checkpoint", "f2fs.node_read", "f2fs.gc", "f2fs.other", "lock.inode"}),
    # The threads of fio share their memory map.
    "zoned": (set(), {"blk.zone", "blk.tag", "ubuf.mmap_lock"}),
    "nfs": ({"nfs.rpc", "net.read_miss"}, set()),
    "nfs-mixed": ({"nfs.rpc", "dio.flush_cache"}, {"lock.inode"}),
    "nfs-direct": (set(), {"nfs.rpc"}),
    "dax-ext4": ({"ext4.jbd2_commit_wait", "ext4.jbd2_shadow"}, {"ext4.jbd2_log_space", "lock.inode"}),
    "dax-xfs": (set(), {"xfs.ilock", "xfs.log_force", "xfs.log_space", "xfs.buf", "xfs.iolock"}),
    "ext4-quota": ({"ext4.quota"}, {"ext4.dio_sync", "ext4.bitmap_read", "ext4.alloc", "ubuf.mmap_lock",
                                    "lock.inode"}),
    "xfs-quota": (set(), {"xfs.quota", "xfs.log_space", "xfs.ag_header", "xfs.alloc_btree", "xfs.ilock",
                          "xfs.append_wait", "xfs.cil_push", "xfs.log_force", "xfs.time_lock",
                          "xfs.buf", "vfs.dio_wq_init", "ubuf.mmap_lock", "lock.inode"}),
    "gfs2": ({"gfs2.log_flush"}, {"gfs2.glock", "gfs2.log_space", "gfs2.other", "sync.data", "sync.flush",
                                  "lock.inode"}),
    # Blocks that are there are written at once.
    "gfs2-overwrite": (set(), {"gfs2.log_flush", "gfs2.glock", "gfs2.other", "sync.data", "lock.inode",
                               "dio.drain", "vfs.dio_wq_init"}),
    "reclaim": (set(), {"mem.oom", "mem.direct_reclaim", "mem.reclaim_throttle", "mem.compaction",
                        "wb.balance_dirty", "ext4.jbd2_shadow", "ext4.jbd2_commit_wait",
                        "ext4.bitmap_read", "buf.folio_lock", "buf.rmw_read", "buf.stable_page",
                        "lock.inode", "ubuf.mmap_lock"}),
    "nbd": ({"drv.nbd"}, {"blk.tag", "blk.dispatch"}),
    "zram": ({"drv.zram"}, {"ubuf.mmap_lock"}),
    "md-suspended": ({"md.suspended"}, {"md.raid1_barrier", "md.write_start"}),
    # The threads share their memory map, and who wants to change it waits for all that fault in pages.
    "compact": (set(), {"mem.compaction", "ubuf.mmap_lock", "mem.direct_reclaim"}),
    "compact-defer": (set(), {"mem.compaction", "ubuf.mmap_lock", "mem.direct_reclaim"}),
    "compact-ready": (set(), {"ubuf.mmap_lock", "mem.compaction", "mem.direct_reclaim"}),
    "migration": ({"mem.migration_wait"}, {"ubuf.mmap_lock", "ubuf.fault_other"}),
    "iocost": ({"blk.iocost"}, {"blk.tag"}),
    "writecache": ({"dm.writecache_full", "dm.writecache_lock"}, {"dm.other", "blk.mempool"}),
    "writecache-roomy": (set(), {"dm.writecache_lock", "dm.other"}),
    "crypt-inline": ({"dm.crypt"}, {"dm.other", "blk.mempool"}),
    "crypt-queued": (set(), {"dm.other", "blk.mempool"}),
    "bcache": ({"drv.bcache"}, set()),
    "bcache-writethrough": (set(), {"drv.bcache"}),
    "bcache-writearound": (set(), {"drv.bcache"}),
    "9p": ({"9p.killpriv", "9p"}, {"netfs"}),
    "9p-read": ({"9p", "netfs"}, set()),
    "9p-cached": ({"net.read_miss", "9p"}, {"buf.read_miss"}),
    "9p-noxattr": (set(), {"9p", "netfs"}),
    "rt": ({"rt.spin_lock"}, {"blk.tag", "ubuf.mmap_lock"}),
    "rt-one": (set(), {"rt.spin_lock", "blk.tag"}),
    "drbd": ({"drv.drbd"}, set()),
    "drbd-buffers": ({"drv.drbd"}, set()),
    "drbd-buffers-many": (set(), {"drv.drbd"}),
    "f2fs-gc": ({"f2fs.gc"}, {"f2fs.node_read", "f2fs.node_writeback", "f2fs.checkpoint", "f2fs.other",
                              "buf.stable_page", "buf.folio_lock", "buf.rmw_read", "lock.inode",
                              "wb.balance_dirty", "rt.spin_lock"}),
    "ocfs2": (set(), {"vfs.dio_wq_init", "ocfs2.dlm", "ocfs2.other", "lock.inode"}),
    "ocfs2-append": ({"dio.sync"}, {"ocfs2.other", "ocfs2.dlm", "ext4.jbd2_commit_wait", "ext4.jbd2_shadow",
                                    "ext4.jbd2_log_space", "lock.inode", "vfs.dio_wq_init"}),
    "ocfs2-overwrite": (set(), {"vfs.dio_wq_init", "ocfs2.dlm", "ocfs2.other", "lock.inode"}),
    "ocfs2-first": ({"ocfs2.dlm"}, {"vfs.dio_wq_init"}),
    "ocfs2-again": (set(), {"ocfs2.dlm", "vfs.dio_wq_init"}),
    "smb": (set(), {"cifs.credits", "cifs.send", "cifs.other", "netfs"}),
    "smb-read": ({"net.read_miss"}, {"cifs.credits"}),
    "smb-direct-read": (set(), {"cifs.credits", "cifs.send", "cifs.other", "netfs"}),
    "smb-credits": ({"cifs.credits"}, {"cifs.send", "cifs.other", "netfs"}),
    "smb-credits-many": (set(), {"cifs.credits", "cifs.send", "cifs.other", "netfs"}),
    "zonefs": ({"zonefs"}, {"vfs.dio_wq_init", "lock.inode"}),
    "zonefs-implicit": (set(), {"zonefs", "vfs.dio_wq_init", "lock.inode"}),
    "zone-lock": (set(), {"blk.zone", "blk.tag", "dm.crypt"}),
    "nvme-tcp": (set(), {"drv.nvme", "blk.dispatch", "blk.tag"}),
    "nilfs2": ({"nilfs2.segment"}, {"lock.inode"}),
    "nilfs2-unsynced": (set(), {"nilfs2.segment", "lock.inode"}),
    "jfs": ({"jfs.transaction", "jfs.metapage", "jfs.lock"},
            {"dio.fallback_buffered", "vfs.dio_wq_init", "lock.inode", "ubuf.mmap_lock"}),
    "jfs-overwrite": (set(), {"jfs.metapage", "jfs.lock", "vfs.dio_wq_init", "lock.inode"}),
    "jfs-cold": ({"jfs.metapage"}, {"vfs.dio_wq_init"}),
    "jfs-append": ({"dio.sync"}, {"jfs.transaction", "jfs.metapage", "jfs.lock", "vfs.dio_wq_init", "lock.inode"}),
    "xfszoned": ({"xfs.zoned"}, {"xfs.iolock", "xfs.ilock", "xfs.time_lock", "xfs.cil_push", "vfs.dio_wq_init",
                                 "xfs.log_force", "xfs.log_space", "lock.inode", "ubuf.mmap_lock"}),
    "xfszoned-many": (set(), {"xfs.zoned", "xfs.iolock", "xfs.ilock", "xfs.time_lock", "xfs.cil_push",
                              "vfs.dio_wq_init", "lock.inode", "ubuf.mmap_lock"}),
    # dm-delay has a mutex up to 6.1, a spin lock after.
    "delayed": (set(), {"dm.other", "ubuf.mmap_lock", "blk.mempool"}),
}
# The advice of a cause, applied to the same load: of its sleeps per 1000 submits at most a tenth is left.
REMEDIES = [
    ("f2fs.dio_sync", "f2fs", "f2fs-overwrite"),
    ("f2fs.node_writeback", "f2fs", "f2fs-overwrite"),
    ("f2fs.checkpoint", "f2fs", "f2fs-overwrite"),
    ("drv.bcache", "bcache", "bcache-writethrough"),
    ("dm.writecache_full", "writecache", "writecache-roomy"),
    ("dm.crypt", "crypt-inline", "crypt-queued"),
    ("9p.killpriv", "9p", "9p-noxattr"),
    ("net.read_miss", "smb-read", "smb-direct-read"),
    ("rt.spin_lock", "rt", "rt-one"),
    ("dio.sync", "ocfs2-append", "ocfs2-overwrite"),
    ("nilfs2.segment", "nilfs2", "nilfs2-unsynced"),
    ("zonefs", "zonefs", "zonefs-implicit"),
    ("ocfs2.dlm", "ocfs2-first", "ocfs2-again"),
    ("drv.drbd", "drbd-buffers", "drbd-buffers-many"),
    ("cifs.credits", "smb-credits", "smb-credits-many"),
    ("dio.flush_cache", "nfs-mixed", "nfs-direct"),
    ("mem.compaction", "compact", "compact-defer"),
    ("mem.compaction", "compact", "compact-ready"),
    ("xfs.zoned", "xfszoned", "xfszoned-many"),
    ("jfs.transaction", "jfs", "jfs-overwrite"),
    ("jfs.metapage", "jfs", "jfs-overwrite"),
    ("jfs.lock", "jfs", "jfs-overwrite"),
]


def sleeps_by_cause(report):
    counts = {}
    for row in report["filesystems"]:
        for cause in row["causes"]:
            counts[cause["id"]] = counts.get(cause["id"], 0) + cause["sleeps"]
    return counts


def stacks_of(report, ids):
    return [f"{cause['id']} x{stack['sleeps']}: {' < '.join(stack['frames'])}"
            for row in report["filesystems"] for cause in row["causes"] if cause["id"] in ids
            for stack in cause["stacks"]]


def judge(folder, must, may):
    """What is wrong, "" if nothing is; and what was seen."""
    status = (folder / "status").read_text(encoding="ascii").strip()
    if status not in ("0", "3"):
        return f"status {status}: {(folder / 'err').read_text(encoding='utf-8')}", ""
    report = json.loads((folder / "report").read_text(encoding="utf-8"))
    counts = sleeps_by_cause(report)
    total = sum(counts.values())
    wrong = set(counts) - must - may
    seen = ", ".join(f"{cause} {n}" for cause, n in counts.items()) or "no sleep"
    if "unknown" in counts or sum(counts[cause] for cause in wrong) > (1 - NAMED) * total:
        return "\n  ".join([f"wrong cause: {seen}", *stacks_of(report, wrong)]), seen
    if must and not must & set(counts):
        return f"wanted {' or '.join(sorted(must))}: {seen}", seen
    return "", seen


def per_thousand(top, name, cause):
    """Of each turn of the scenario that has a report."""
    paths = [top / turn / "report" for turn in (name, name + "+2")]
    reports = [json.loads(path.read_text(encoding="utf-8")) for path in paths if path.exists()]
    return [round(1000 * sleeps_by_cause(report).get(cause, 0) / report["totals"]["submits"])
            for report in reports if report["totals"]["submits"]]


def spelt(figures):
    return " and ".join(map(str, figures))


def judge_remedies(top, kernel):
    """How many did not help, where the cause showed."""
    bad = 0
    for cause, without, applied in REMEDIES:
        before, after = per_thousand(top, without, cause), per_thousand(top, applied, cause)
        if not any(before) or not after:
            continue
        helps = sum(after) / len(after) <= sum(before) / len(before) / 10
        bad += not helps
        print(f"{'ok' if helps else 'not ok'} {kernel} {cause}: {applied} {spelt(before)} -> {spelt(after)} "
              "per 1000 submits")
    return bad


def expected(top):
    """EXPECTED, and the second turn of what was traced twice."""
    both = {}
    for name, sets in EXPECTED.items():
        both[name] = sets
        if (top / f"{name}+2").is_dir():
            both[f"{name}+2"] = sets
    return both


def main():
    top, kernel = pathlib.Path(sys.argv[1], "causes"), sys.argv[2]
    good = bad = 0
    for name, (must, may) in expected(top).items():
        if (kernel, name.removesuffix("+2")) in QUIET:
            must, may = set(), must | may
        if kernel.endswith("-rt"):
            may = may | {"rt.spin_lock"}
        folder = top / name
        if (folder / "skip").exists():
            why = (folder / "skip").read_text(encoding="utf-8").strip()
            print(f"skipped {kernel} {name}: {why}")
            continue
        if not folder.is_dir() and (top / name.split("-")[0] / "skip").exists():
            continue
        fault, seen = judge(folder, must, may) if folder.is_dir() else ("was not run", "")
        good, bad = good + (not fault), bad + bool(fault)
        print(f"not ok {kernel} {name}: {fault}" if fault else f"ok {kernel} {name}: {seen}")
    bad += judge_remedies(top, kernel)
    print(f"{good} passed, {bad} failed")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
