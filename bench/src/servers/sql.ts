import { Client } from "pg";

/** Does `work` with a connection of its own, for set-up and counting. */
export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  // Without a listener, a connection that dies would end the process. The query that needs it fails anyway.
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export async function runSql(url: string, ...statements: readonly string[]): Promise<void> {
  await withClient(url, async (client) => {
    for (const statement of statements) await client.query(statement);
  });
}

/** Counts the rows of each `table WHERE …`, in one snapshot. */
export async function countRows(url: string, sources: readonly string[]): Promise<number[]> {
  const columns = sources.map((source, index) => `(SELECT count(*) FROM ${source}) AS c${index}`);
  return await withClient(url, async (client) => {
    const { rows } = await client.query<Record<string, string>>(`SELECT ${columns.join(", ")}`);
    return Object.values(rows[0] ?? {}).map(Number);
  });
}
