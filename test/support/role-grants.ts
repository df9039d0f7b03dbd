import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const OPERATING = fileURLToPath(new URL("../../docs/operating.md", import.meta.url));

/** The SQL of docs/operating.md that gives the role `iep_run` what it needs to run the platform. */
export async function roleGrants(): Promise<string> {
  const sql = [...(await readFile(OPERATING, "utf8")).matchAll(/```sql\n([\s\S]*?)```/g)].map(
    ([, text = ""]) => text,
  );
  const grants = sql.find((text) => text.includes("iep_run"));
  if (grants === undefined) throw new Error("docs/operating.md grants nothing to iep_run");
  return grants;
}
