import { runSql } from "./sql.ts";

interface NamedColumns {
  readonly name: string;
  readonly columns: string[];
}

/** The tables in which a text stands anywhere, in capitals or not: every column of every row is looked at. */
export async function tablesWith(databaseUrl: string, text: string): Promise<string[]> {
  const found = [];
  for (const name of await tableNames(databaseUrl)) {
    const { rows } = await runSql<{ rows: number }>(
      databaseUrl,
      `SELECT count(*)::int AS rows FROM "${name}" t WHERE strpos(lower(t::text), lower($1)) > 0`,
      [text],
    );
    if (rows[0]?.rows !== 0) found.push(name);
  }
  return found;
}

async function tableNames(databaseUrl: string): Promise<string[]> {
  const { rows } = await runSql<{ name: string }>(
    databaseUrl,
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
  );
  return rows.map(({ name }) => name);
}

/** Every table with a column that may hold what somebody wrote, and these columns. */
export async function tablesOfText(databaseUrl: string): Promise<readonly NamedColumns[]> {
  const { rows } = await runSql<NamedColumns>(
    databaseUrl,
    `SELECT c.table_name::text AS name, array_agg(c.column_name::text ORDER BY c.column_name) AS columns
       FROM information_schema.columns c
       JOIN information_schema.tables t USING (table_schema, table_name)
      WHERE c.table_schema = 'public'
        AND t.table_type = 'BASE TABLE'
        AND c.udt_name IN ('text', '_text', 'varchar', 'json', 'jsonb', 'bytea')
      GROUP BY 1
      ORDER BY 1`,
  );
  return rows;
}
