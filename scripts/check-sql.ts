import { fileURLToPath } from "node:url";
import { findSqlFaults } from "./sql-form.ts";

// `npm run sql:check` prints each fault in the form of migrations/ on a line of its own, and exits 1 when there is one.

const faults = await findSqlFaults(fileURLToPath(new URL("../migrations", import.meta.url)));
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
