import {
  array,
  assert,
  asyncProperty,
  boolean,
  constant,
  dictionary,
  integer,
  letrec,
  oneof,
  option,
  string,
  uuid,
} from "fast-check";
import { beforeAll, expect, inject, test } from "vitest";
import type { Client } from "pg";
import { connect } from "../../../test/support/sql.ts";
import { jsonArray, jsonValue, textArray, uuidArray } from "./arrays.ts";

let client: Client;

beforeAll(async () => {
  client = await connect(inject("postgresUrl"));
});

/** What PostgreSQL can store as text: all but NUL and half a pair of surrogates. */
const text = string({ unit: "binary" }).map((one) => one.replaceAll("\0", "").toWellFormed());

/** Without the zero below zero, which JSON does not have. */
const json = letrec<{ json: unknown }>((tie) => ({
  json: oneof(
    { depthSize: "small" },
    text,
    integer(),
    boolean(),
    constant(null),
    array(tie("json"), { maxLength: 3 }),
    dictionary(text, tie("json"), { maxKeys: 3 }),
  ),
})).json;

test("text comes back as it was, line breaks and quotes among it", async () => {
  await assert(
    asyncProperty(array(option(text)), async (values) => {
      const { rows } = await client.query<{ back: unknown }>("SELECT $1::text[] AS back", [
        textArray(values),
      ]);
      expect(rows[0]?.back).toEqual(values);
    }),
    { examples: [[['a\nb\t"c"\\d', "", null, "NULL", "{,}"]]] },
  );
});

test("JSON comes back as it was", async () => {
  await assert(
    asyncProperty(array(text), async (values) => {
      const { rows } = await client.query<{ back: unknown }>(
        "SELECT coalesce(jsonb_agg(v ORDER BY n), '[]') AS back FROM unnest($1::jsonb[]) WITH ORDINALITY u (v, n)",
        [jsonArray(values.map((one) => ({ one })))],
      );
      expect(rows[0]?.back).toEqual(values.map((one) => ({ one })));
    }),
    { examples: [[["a\nb", '\\"']]] },
  );
});

test("a JSON value comes back as it was, whatever it is", async () => {
  await assert(
    asyncProperty(json, async (value) => {
      const { rows } = await client.query<{ back: unknown }>("SELECT jsonb_build_array($1::jsonb) AS back", [
        jsonValue(value),
      ]);
      expect(rows[0]?.back).toEqual([JSON.parse(JSON.stringify(value))]);
    }),
    { examples: [[null], ["a"], [1], [[1, "2"]], [{ a: null }]] },
  );
  expect(jsonValue(undefined)).toBeNull();
});

test("UUIDs come back as they were, nulls among them", async () => {
  await assert(
    asyncProperty(array(option(uuid()), { maxLength: 300 }), async (values) => {
      const sent = uuidArray(values);
      expect(Buffer.isBuffer(sent)).toBe(values.length > 0);
      const { rows } = await client.query<{ back: unknown }>("SELECT $1::uuid[] AS back", [sent]);
      expect(rows[0]?.back).toEqual(values);
    }),
    { examples: [[[null]], [[]]] },
  );
  expect(uuidArray(null)).toBeNull();
  const [upper] = (
    await client.query<{ back: string[] }>("SELECT $1::uuid[] AS back", [
      uuidArray(["019AB1F0-5D33-7B60-93B1-0E7F5A9C1B22"]),
    ])
  ).rows;
  expect(upper?.back).toEqual(["019ab1f0-5d33-7b60-93b1-0e7f5a9c1b22"]);
});

test("what is no UUID in our spelling goes as text, beside others that are, and the server refuses or reads it", async () => {
  const right = "019ab1f0-5d33-7b60-93b1-0e7f5a9c1b22";
  for (const wrong of [
    "x",
    "019ab1f0-5d33-7b60-93b1-0e7f5a9c1b2g",
    "g19ab1f0-5d33-7b60-93b1-0e7f5a9c1b22",
    "019ab1f0-5d33-7b60-93b1--e7f5a9c1b22",
    "019ab1f0-5d33-7b60-93b1-0e7f5a9c1b22-",
  ]) {
    for (const values of [[wrong], [right, wrong], [wrong, right], [null, wrong]]) {
      const sent = uuidArray(values);
      expect(typeof sent).toBe("string");
      await expect(client.query("SELECT $1::uuid[]", [sent])).rejects.toMatchObject({ code: "22P02" });
    }
  }
  const { rows } = await client.query<{ back: unknown }>("SELECT $1::uuid[] AS back", [
    uuidArray([right.replaceAll("-", "")]),
  ]);
  expect(rows[0]?.back).toEqual([right]);
});
