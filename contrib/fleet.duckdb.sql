-- SPDX-License-Identifier: GPL-2.0
-- Recordings of many hosts in DuckDB: the questions of fleet.sql, by the same names; the columns are in
-- docs/fleet.md.
--
--   aiostall report --format ndjson *.db > rows.ndjson
--   duckdb fleet.duckdb -f contrib/fleet.duckdb.sql
--   duckdb fleet.duckdb -c "SELECT * FROM aiostall_worst_hosts LIMIT 10"
--   duckdb fleet.duckdb -c "SELECT * FROM aiostall_causes_by_kernel"
--   duckdb fleet.duckdb -c "SELECT * FROM aiostall_regressions('6.1.0-56-amd64', '6.12.117+deb13-amd64')"

-- Named, so that they exist in a fleet without stalls, too.
CREATE OR REPLACE TABLE aiostall_row AS
SELECT * FROM read_json('rows.ndjson', format = 'newline_delimited', columns = {
    row: 'VARCHAR', host: 'VARCHAR', kernel: 'VARCHAR', recorded: 'TIMESTAMPTZ', "time": 'TIMESTAMPTZ',
    slice: 'BIGINT', slice_ns: 'BIGINT', api: 'VARCHAR', fstype: 'VARCHAR', device: 'VARCHAR',
    mount: 'VARCHAR', plane: 'VARCHAR', cause: 'VARCHAR', stack: 'VARCHAR', path: 'VARCHAR',
    comm: 'VARCHAR', pid: 'BIGINT', cgroup: 'VARCHAR', container: 'VARCHAR', op: 'VARCHAR',
    submits: 'UBIGINT', submits_blocked: 'UBIGINT', requests: 'UBIGINT', sleeps: 'UBIGINT',
    blocked_ns: 'UBIGINT', wall_ns: 'UBIGINT', runqueue_ns: 'UBIGINT', max_sleep_ns: 'UBIGINT',
    held_up_requests: 'UBIGINT', sleep_hist: 'UBIGINT[][]', frames: 'VARCHAR[]'});

CREATE OR REPLACE VIEW aiostall_calls AS SELECT * FROM aiostall_row WHERE row = 'calls';
CREATE OR REPLACE VIEW aiostall_stalls AS SELECT * FROM aiostall_row WHERE row = 'stalls';

-- Frames of a stack, innermost first.
CREATE OR REPLACE VIEW aiostall_stacks AS
SELECT DISTINCT stack, frames FROM aiostall_row WHERE row = 'stack';

-- As report --by host: who waits most, and for how many of the requests.
CREATE OR REPLACE VIEW aiostall_worst_hosts AS
SELECT s.*, s.blocked_ns / sum(s.blocked_ns) OVER () AS share, c.submits, c.submits_blocked, c.requests,
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
), flat AS (
    SELECT kernel, cause, unnest(sleep_hist) AS b FROM aiostall_stalls
), buckets AS (
    SELECT kernel, cause, b[1] AS lower, b[2] AS upper, sum(b[3]) AS n FROM flat GROUP BY ALL
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
CREATE OR REPLACE MACRO aiostall_regressions(old, new) AS TABLE
WITH calls AS (
    SELECT kernel, 1000 / nullif(sum(submits), 0) AS per_1k FROM aiostall_calls
    WHERE kernel IN (old, new) GROUP BY kernel
), stalls AS (
    SELECT kernel, s.cause, sum(sleeps) * per_1k AS stalls, sum(blocked_ns) * per_1k AS blocked
    FROM aiostall_stalls s JOIN calls USING (kernel) GROUP BY kernel, s.cause, per_1k
), sides AS (
    SELECT cause, coalesce(o.stalls, 0) AS stalls_per_1k_old, coalesce(n.stalls, 0) AS stalls_per_1k_new,
        coalesce(o.blocked, 0) AS blocked_per_1k_old, coalesce(n.blocked, 0) AS blocked_per_1k_new
    FROM (SELECT * FROM stalls WHERE kernel = old) o
    FULL JOIN (SELECT * FROM stalls WHERE kernel = new) n USING (cause)
)
SELECT *, blocked_per_1k_new / nullif(blocked_per_1k_old, 0) AS ratio FROM sides
ORDER BY blocked_per_1k_new - blocked_per_1k_old DESC, cause;
