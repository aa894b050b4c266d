-- SPDX-License-Identifier: GPL-2.0
-- Recordings of many hosts in PostgreSQL; the columns are in docs/fleet.md.
--
--   psql -f contrib/fleet.sql
--   aiostall report --format ndjson *.db |
--     psql -c "\copy aiostall_row FROM STDIN (FORMAT csv, QUOTE e'\x01', DELIMITER e'\x02')"
--   psql -c "SELECT * FROM aiostall_worst_hosts LIMIT 10"
--   psql -c "SELECT * FROM aiostall_causes_by_kernel"
--   psql -c "SELECT * FROM aiostall_regressions('6.1.0-56-amd64', '6.12.117+deb13-amd64')"

CREATE TABLE IF NOT EXISTS aiostall_row (row jsonb NOT NULL);

CREATE OR REPLACE VIEW aiostall_calls AS
SELECT r.* FROM aiostall_row, jsonb_to_record(row) AS r(
    host text, kernel text, recorded timestamptz, "time" timestamptz, slice bigint, slice_ns bigint,
    api text, fstype text, device text, mount text,
    submits numeric, submits_blocked numeric, requests numeric, sleeps numeric, blocked_ns numeric,
    wall_ns numeric, held_up_requests numeric, max_sleep_ns numeric)
WHERE row->>'row' = 'calls';

CREATE OR REPLACE VIEW aiostall_stalls AS
SELECT r.* FROM aiostall_row, jsonb_to_record(row) AS r(
    host text, kernel text, recorded timestamptz, "time" timestamptz, slice bigint, slice_ns bigint,
    api text, fstype text, device text, mount text, plane text, cause text, stack text, path text,
    comm text, pid bigint, cgroup text, container text, op text,
    sleeps numeric, blocked_ns numeric, runqueue_ns numeric, max_sleep_ns numeric,
    held_up_requests numeric, sleep_hist jsonb)
WHERE row->>'row' = 'stalls';

CREATE OR REPLACE VIEW aiostall_lost AS
SELECT row->>'host' AS host, key AS kind, sum(value::numeric) AS lost
FROM aiostall_row, jsonb_each_text(row)
WHERE row->>'row' = 'loss' AND key LIKE 'lost\_%' AND value <> '0'
GROUP BY 1, 2;

-- Frames of a stack, innermost first.
CREATE OR REPLACE VIEW aiostall_stacks AS
SELECT DISTINCT row->>'stack' AS stack, row->'frames' AS frames
FROM aiostall_row WHERE row->>'row' = 'stack';

-- As report --by host: who waits most, and for how many of the requests.
CREATE OR REPLACE VIEW aiostall_worst_hosts AS
SELECT s.host, s.sleeps, s.blocked_ns, s.blocked_ns / sum(s.blocked_ns) OVER () AS share,
    s.max_ns, s.held_up_requests, c.submits, c.submits_blocked, c.requests,
    s.sleeps / nullif(c.requests, 0) AS ctxsw_per_io
FROM (SELECT host, sum(sleeps) AS sleeps, sum(blocked_ns) AS blocked_ns, max(max_sleep_ns) AS max_ns,
        sum(held_up_requests) AS held_up_requests
    FROM aiostall_stalls GROUP BY host) s
LEFT JOIN (SELECT host, sum(submits) AS submits, sum(submits_blocked) AS submits_blocked,
        sum(requests) AS requests
    FROM aiostall_calls GROUP BY host) c USING (host)
ORDER BY s.blocked_ns DESC, s.host;

-- As report --by kernel,cause, the quantile too: linear within its bucket, at most the longest sleep.
CREATE OR REPLACE VIEW aiostall_causes_by_kernel AS
WITH sums AS (
    SELECT kernel, cause, sum(sleeps) AS sleeps, sum(blocked_ns) AS blocked_ns,
        max(max_sleep_ns) AS max_ns, sum(held_up_requests) AS held_up_requests,
        count(DISTINCT host) AS hosts
    FROM aiostall_stalls GROUP BY kernel, cause
), buckets AS (
    SELECT kernel, cause, (b->>0)::numeric AS lower, (b->>1)::numeric AS upper,
        sum((b->>2)::numeric) AS n
    FROM aiostall_stalls, jsonb_array_elements(sleep_hist) AS b
    GROUP BY 1, 2, 3, 4
), below AS (
    SELECT *, sum(n) OVER w - n AS before, sum(n) OVER (PARTITION BY kernel, cause) AS total
    FROM buckets WINDOW w AS (PARTITION BY kernel, cause ORDER BY lower)
), p99 AS (
    SELECT DISTINCT ON (kernel, cause) kernel, cause,
        lower + (upper - lower) * (0.99 * total - before) / n AS ns
    FROM below WHERE before + n >= 0.99 * total ORDER BY kernel, cause, lower
)
SELECT kernel, cause, hosts, sleeps, blocked_ns, blocked_ns / sum(blocked_ns) OVER () AS share,
    least(p99.ns, max_ns) AS p99_ns, max_ns, held_up_requests
FROM sums LEFT JOIN p99 USING (kernel, cause)
ORDER BY blocked_ns DESC, kernel, cause;

-- As diff OLD NEW of the hosts with either kernel: per thousand submits, the worst ratio first.
CREATE OR REPLACE FUNCTION aiostall_regressions(old text, new text)
RETURNS TABLE (cause text, stalls_per_1k_old numeric, stalls_per_1k_new numeric,
    blocked_per_1k_old numeric, blocked_per_1k_new numeric, ratio numeric)
LANGUAGE sql STABLE AS $$
WITH calls AS (
    SELECT kernel, 1000 / nullif(sum(submits), 0) AS per_1k FROM aiostall_calls
    WHERE kernel IN (old, new) GROUP BY kernel
), stalls AS (
    SELECT kernel, s.cause, sum(sleeps) * per_1k AS stalls, sum(blocked_ns) * per_1k AS blocked
    FROM aiostall_stalls s JOIN calls USING (kernel) GROUP BY kernel, s.cause, per_1k
), sides AS (
    SELECT coalesce(o.cause, n.cause) AS cause, coalesce(o.stalls, 0) AS so,
        coalesce(n.stalls, 0) AS sn, coalesce(o.blocked, 0) AS bo, coalesce(n.blocked, 0) AS bn
    FROM (SELECT * FROM stalls WHERE kernel = old) o
    FULL JOIN (SELECT * FROM stalls WHERE kernel = new) n USING (cause)
)
SELECT cause, so, sn, bo, bn, bn / nullif(bo, 0) FROM sides
ORDER BY bn - bo DESC, cause
$$;
