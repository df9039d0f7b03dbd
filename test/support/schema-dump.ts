import type { Client } from "pg";

/**
 * Each query answers `kind`, `name` and `text` of its objects. Tables of the migrator itself are left out.
 */
const ENUMS = `
  SELECT 'enum' AS kind, t.typname AS name,
         format('CREATE TYPE %I AS ENUM (%s);', t.typname,
           string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)) AS text
    FROM pg_type t
    JOIN pg_enum e ON e.enumtypid = t.oid
   WHERE t.typnamespace = 'public'::regnamespace
   GROUP BY t.typname`;
const ROW_TYPES = `
  SELECT 'row type' AS kind, c.relname AS name,
         format(E'CREATE TYPE %I AS (\\n  %s\\n);', c.relname,
           string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), E',\\n  ' ORDER BY a.attnum)
         ) AS text
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
   WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'c'
   GROUP BY c.relname`;
const TABLES = `
  WITH line (oid, place, text) AS (
    SELECT a.attrelid, a.attnum::int,
           format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod))
             || CASE a.attidentity WHEN 'a' THEN ' GENERATED ALWAYS AS IDENTITY' ELSE '' END
             || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
             || coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')
      FROM pg_attribute a
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT c.conrelid, 10000 + row_number() OVER (PARTITION BY c.conrelid ORDER BY c.contype DESC, c.conname)::int,
           format('CONSTRAINT %I %s', c.conname, pg_get_constraintdef(c.oid))
      FROM pg_constraint c
     WHERE c.contype NOT IN ('n', 't')
  ), after (oid, place, text) AS (
    SELECT i.indrelid, 'index ' || i.indexrelid::regclass, pg_get_indexdef(i.indexrelid) || ';'
      FROM pg_index i
     WHERE NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u'))
    UNION ALL
    SELECT t.tgrelid, 'trigger ' || t.tgname, pg_get_triggerdef(t.oid) || ';'
      FROM pg_trigger t
     WHERE NOT t.tgisinternal
    UNION ALL
    SELECT c.oid, 'what its owner may', format('-- Its owner may %s.',
             string_agg(lower(p.privilege_type), ', ' ORDER BY p.privilege_type))
      FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) p
     WHERE p.grantee = c.relowner AND p.privilege_type <> 'MAINTAIN'
     GROUP BY c.oid
  )
  SELECT 'table' AS kind, c.relname AS name,
         format(E'CREATE TABLE %I (\\n  %s\\n)%s;', c.relname,
           (SELECT string_agg(l.text, E',\\n  ' ORDER BY l.place) FROM line l WHERE l.oid = c.oid),
           ' WITH (' || array_to_string(c.reloptions, ', ') || ')')
         || coalesce((SELECT string_agg(E'\\n' || a.text, '' ORDER BY a.place) FROM after a WHERE a.oid = c.oid), '')
           AS text
    FROM pg_class c
   WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
     AND c.relname NOT IN ('schema_migrations', 'schema_functions')`;
const FUNCTIONS = `
  SELECT 'function' AS kind, p.oid::regprocedure::text AS name, pg_get_functiondef(p.oid) || ';' AS text
    FROM pg_proc p
   WHERE p.pronamespace = 'public'::regnamespace`;
const VIEWS = `
  SELECT 'view' AS kind, c.relname AS name,
         format(E'CREATE VIEW %I AS\\n%s', c.relname, pg_get_viewdef(c.oid, true)) AS text
    FROM pg_class c
   WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'v'`;

/**
 * All that makes the schema of a database, bodies of functions included: two dumps are equal when the schemas
 * are.
 */
export async function dumpSchema(client: Client): Promise<string> {
  const sections: string[] = [];
  for (const query of [ENUMS, ROW_TYPES, TABLES, VIEWS, FUNCTIONS]) {
    const { rows } = await client.query<{ kind: string; name: string; text: string }>(query);
    const sorted = rows.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    sections.push(...sorted.map(({ kind, name, text }) => `-- ${kind} ${name}\n${text.trimEnd()}\n`));
  }
  return sections.join("\n");
}
