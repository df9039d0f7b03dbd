import type { Client } from "pg";

/** A function of the schema, as `pg_proc` knows it. */
export interface CatalogFunction {
  readonly name: string;
  readonly parameters: readonly Column[];
  /** The columns of each row; of a function that returns one value a column that is named by its type. */
  readonly columns: readonly Column[];
  readonly result: "scalar" | "row" | "rows";
}

export interface Column {
  readonly name: string;
  /** As `format_type` writes it: `uuid`, `jsonb[]`, `timestamp with time zone`. */
  readonly type: string;
}

export interface Catalog {
  readonly functions: readonly CatalogFunction[];
  /** The labels of each enum type, in their order. */
  readonly enums: ReadonlyMap<string, readonly string[]>;
}

interface FunctionRow {
  readonly name: string;
  readonly returns_set: boolean;
  readonly modes: readonly string[] | null;
  readonly names: readonly string[] | null;
  readonly types: readonly string[];
  readonly result_type: string;
  readonly row_columns: readonly Column[] | null;
}

const FUNCTIONS = `
  SELECT p.proname AS name, p.proretset AS returns_set, p.proargmodes::text[] AS modes, p.proargnames AS names,
         array(SELECT format_type(a.type, NULL)
                 FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) WITH ORDINALITY a (type, n)
                ORDER BY a.n) AS types,
         format_type(p.prorettype, NULL) AS result_type,
         (SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, NULL))
                          ORDER BY a.attnum)
            FROM pg_attribute a
           WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) AS row_columns
    FROM pg_proc p JOIN pg_type t ON t.oid = p.prorettype
   WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f'
   ORDER BY p.proname, p.oid`;

const ENUMS = `
  SELECT t.typname AS name, array_agg(e.enumlabel::text ORDER BY e.enumsortorder) AS labels
    FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid
   WHERE t.typnamespace = 'public'::regnamespace
   GROUP BY t.typname`;

/** Reads the functions and enum types of the schema `public`. */
export async function readCatalog(client: Client): Promise<Catalog> {
  const functions = await client.query<FunctionRow>(FUNCTIONS);
  const enums = await client.query<{ name: string; labels: string[] }>(ENUMS);
  return {
    functions: functions.rows.map(toFunction),
    enums: new Map(enums.rows.map(({ name, labels }) => [name, labels])),
  };
}

function toFunction(row: FunctionRow): CatalogFunction {
  const all = row.types.map((type, n) => ({
    type,
    name: row.names?.[n] ?? "",
    mode: row.modes?.[n] ?? "i",
  }));
  const columnsOf = (modes: string): Column[] =>
    all.filter(({ mode }) => modes.includes(mode)).map(({ name, type }) => ({ name, type }));
  const outputs = row.row_columns ?? columnsOf("bot");
  const isScalar = outputs.length === 0;
  return {
    name: row.name,
    parameters: columnsOf("biv"),
    columns: isScalar ? [{ name: row.result_type, type: row.result_type }] : outputs,
    result: row.returns_set ? "rows" : isScalar ? "scalar" : "row",
  };
}
