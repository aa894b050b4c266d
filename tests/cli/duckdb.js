// SPDX-License-Identifier: GPL-2.0
// node duckdb.js MODULE DATABASE < SQL: the rows of its last statement, a line of JSON each.
const { DuckDBInstance } = require(process.argv[2]);

async function main() {
	const base = await DuckDBInstance.create(process.argv[3]);
	const db = await base.connect();
	const got = await db.runAndReadAll(require("fs").readFileSync(0, "utf8"));

	for (const row of got.getRowObjectsJson())
		console.log(Object.values(row)[0]);
}

main().catch((e) => {
	console.error(e.message);
	process.exit(1);
});
