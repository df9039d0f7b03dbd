import { createRequire } from "node:module";

/** The dialect of input schemas. */
export const DIALECT = "https://json-schema.org/draft/2020-12/schema";

interface Metaschema {
  readonly $id: string;
}

const FILES = [
  "schema",
  ...["applicator", "content", "core", "format-annotation", "meta-data", "unevaluated", "validation"].map(
    (name) => `meta/${name}`,
  ),
];

/** The documents of draft 2020-12, as Ajv's package has them. Read when a schema first refers to one. */
export function metaschemas(): readonly Metaschema[] {
  const require = createRequire(import.meta.url);
  return FILES.map((file) => {
    const document: unknown = require(`ajv/dist/refs/json-schema-2020-12/${file}.json`);
    // Documents of the standard, each with its `$id`.
    return document as Metaschema;
  });
}
