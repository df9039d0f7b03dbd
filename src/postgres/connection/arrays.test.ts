import * as fc from "fast-check";
import { beforeAll, expect, inject, test } from "vitest";
import type { Client } from "pg";
import { connect } from "../../../test/support/sql.ts";
import { jsonArray, textArray } from "./arrays.ts";

let client: Client;

beforeAll(async () => {
  client = await connect(inject("postgresUrl"));
});

/** What PostgreSQL can store as text: all but NUL and half a pair of surrogates. */
const text = fc.string({ unit: "binary" }).map((one) => one.replaceAll("\0", "").toWellFormed());

test("text comes back as it was, line breaks and quotes among it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(text)), async (values) => {
      const { rows } = await client.query<{ back: unknown }>("SELECT $1::text[] AS back", [
        textArray(values),
      ]);
      expect(rows[0]?.back).toEqual(values);
    }),
    { examples: [[['a\nb\t"c"\\d', "", null, "NULL", "{,}"]]] },
  );
});

test("JSON comes back as it was", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(text), async (values) => {
      const { rows } = await client.query<{ back: unknown }>(
        "SELECT coalesce(jsonb_agg(v ORDER BY n), '[]') AS back FROM unnest($1::jsonb[]) WITH ORDINALITY u (v, n)",
        [jsonArray(values.map((one) => ({ one })))],
      );
      expect(rows[0]?.back).toEqual(values.map((one) => ({ one })));
    }),
    { examples: [[["a\nb", '\\"']]] },
  );
});
