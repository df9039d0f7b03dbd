import { beforeAll, describe, expect, test } from "vitest";
import { v7 as uuidv7 } from "uuid";
import { createTestApi, type TestApi } from "../../test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});

const ADA = { name: "Ada Lovelace", email: "ada@example.com" };
const make = async (body: object = ADA) => (await api.ask("POST", "/customers", { body })).body;

describe("customers", () => {
  test("a new customer has an empty wallet in euros and a Location", async () => {
    const { status, body, headers } = await api.ask("POST", "/customers", { body: ADA });
    expect(status).toBe(201);
    expect(body).toMatchObject({ ...ADA, active: true });
    expect(headers["location"]).toBe(`/customers/${body.id}`);
    const wallet = await api.ask("GET", `/customers/${body.id}/wallet`);
    expect(wallet.body).toMatchObject({
      customer_id: body.id,
      currency: "EUR",
      current_balance_cents: 0,
      pending_charges_cents: 0,
      available_cents: 0,
    });
  });

  test("answers show the currency, and an e-mail address finds its customers", async () => {
    const email = "Grace@Example.com";
    const first = await make({ ...ADA, email, currency: "USD" });
    const second = await make({ ...ADA, email: email.toLowerCase() });
    expect(first.currency).toBe("USD");
    const found = await api.ask("GET", "/customers?email=GRACE@example.COM");
    expect(found.body.data).toEqual([second, first]);
    expect((await api.ask("GET", "/customers?email=nobody@example.com")).body.data).toEqual([]);
    const page = (await api.ask("GET", `/customers?email=${email}&limit=1`)).body;
    const next = await api.ask("GET", `/customers?email=${email}&limit=1&cursor=${page.next_cursor}`);
    expect([page.data, next.body.data]).toEqual([[second], [first]]);
    expect((await api.ask("GET", "/customers?email=grace")).body.errors[0].pointer).toBe("/email");
    expect((await api.ask("PATCH", `/customers/${first.id}`, { body: { name: "G" } })).body.currency).toBe(
      "USD",
    );
    expect((await api.ask("GET", `/customers/${second.id}`)).body.currency).toBe("EUR");
  });

  test("the wallet has the currency that was asked for", async () => {
    const { id } = await make({ ...ADA, currency: "USD" });
    expect((await api.ask("GET", `/customers/${id}/wallet`)).body.currency).toBe("USD");
  });

  test("names lose the spaces around them and keep everything else", async () => {
    expect((await make({ ...ADA, name: '  Žluťoučký 🐎, O\'Neill & <b>"Söhne"</b>  ' })).name).toBe(
      'Žluťoučký 🐎, O\'Neill & <b>"Söhne"</b>',
    );
  });

  test("200 characters are 200 characters, also where each is two UTF-16 units", async () => {
    expect((await make({ ...ADA, name: "🐎".repeat(200) })).name).toHaveLength(400);
    expect(
      (await api.ask("POST", "/customers", { body: { ...ADA, name: "🐎".repeat(201) } })).body.errors,
    ).toEqual([{ pointer: "/name", message: "must have at most 200 characters" }]);
  });

  test("every wrong field is named at once", async () => {
    const { status, body } = await api.ask("POST", "/customers", {
      body: { name: "\u0000", email: "nobody", currency: "eur", nmae: "x", "a/b~c": 1 },
    });
    expect(status).toBe(422);
    expect(body.code).toBe("validation_failed");
    expect(body.errors).toEqual([
      { pointer: "/name", message: "must have no control characters" },
      { pointer: "/email", message: "must be an e-mail address" },
      { pointer: "/currency", message: expect.stringContaining("ISO 4217") },
      { pointer: "/nmae", message: 'is not a known field; did you mean "name"?' },
      { pointer: "/a~1b~0c", message: "is not a known field; known fields are name, email, currency" },
    ]);
    expect(body.detail).toContain("/name must have no control characters; /email must be");
  });

  test.each([
    [
      "nothing",
      {},
      [
        { pointer: "/name", message: "is required" },
        { pointer: "/email", message: "is required" },
      ],
    ],
    ["a number for a name", { ...ADA, name: 5 }, [{ pointer: "/name", message: "must be a string" }]],
    ["an empty name", { ...ADA, name: "  " }, [{ pointer: "/name", message: "must not be empty" }]],
    [
      "half a surrogate pair",
      { ...ADA, name: "\ud800" },
      [{ pointer: "/name", message: "has half of a surrogate pair: send well-formed Unicode" }],
    ],
    ["a list", [], [{ pointer: "", message: "must be a JSON object" }]],
    ["null", null, [{ pointer: "", message: "must be a JSON object" }]],
  ])("%s is refused", async (_what, body, errors) => {
    const answer = await api.ask("POST", "/customers", { body });
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toEqual(errors);
  });

  test("a body that is missing altogether is refused as a missing object", async () => {
    const { status, body } = await api.ask("POST", "/customers");
    expect(status).toBe(422);
    expect(body.errors).toEqual([{ pointer: "", message: "must be a JSON object" }]);
  });

  test("a change changes what it names, and an id may be written in upper case", async () => {
    const made = await make();
    const { status, body } = await api.ask("PATCH", `/customers/${made.id.toUpperCase()}`, {
      body: { name: "Countess" },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: made.id, name: "Countess", email: ADA.email, active: true });
    expect((await api.ask("GET", `/customers/${made.id}`)).body).toEqual(body);
  });

  test("the currency cannot be changed", async () => {
    const { id } = await make();
    const { status, body } = await api.ask("PATCH", `/customers/${id}`, { body: { currency: "USD" } });
    expect(status).toBe(422);
    expect(body.errors[0].pointer).toBe("/currency");
  });

  test("a customer that does not exist is not found, on every route below it", async () => {
    const path = `/customers/${uuidv7()}`;
    const answers = await Promise.all([
      api.ask("GET", path),
      api.ask("PATCH", path, { body: { active: false } }),
      api.ask("GET", `${path}/wallet`),
      api.ask("GET", `${path}/wallet/entries`),
      api.ask("GET", `${path}/wallet/entries`, { headers: { accept: "text/csv" } }),
      api.ask("POST", `${path}/wallet/top-ups`, { body: { amount_cents: 1, reference: "r" } }),
      api.ask("POST", `${path}/api-keys`, { body: {} }),
      api.ask("GET", `${path}/api-keys`),
      api.ask("DELETE", `${path}/api-keys/${uuidv7()}`),
    ]);
    expect(answers.map(({ status, body }) => `${status} ${body.code}`)).toEqual(
      answers.map(() => "404 not_found"),
    );
  });

  test("an id that is no UUID is named", async () => {
    const { status, body } = await api.ask("GET", "/customers/42");
    expect(status).toBe(422);
    expect(body.errors).toEqual([{ pointer: "/id", message: "must be a UUID" }]);
  });

  test("pages follow each other, newest first, to the end", async () => {
    const other = await createTestApi();
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1)
      ids.unshift((await other.ask("POST", "/customers", { body: ADA })).body.id);
    const seen: string[] = [];
    for (let url = "/customers?limit=2"; url;) {
      const { body } = await other.ask("GET", url);
      expect(body.data.length).toBeLessThanOrEqual(2);
      seen.push(...body.data.map((customer: { id: string }) => customer.id));
      url = body.next_cursor && `/customers?limit=2&cursor=${body.next_cursor}`;
    }
    expect(seen).toEqual(ids);
    expect((await other.ask("GET", "/customers?limit=5")).body.next_cursor).toBeNull();
  });

  test.each([
    ["limit=0", "/limit", "must be at least 1"],
    ["limit=201", "/limit", "must be at most 200"],
    ["limit=ten", "/limit", "must be a number"],
    ["limit=1.5", "/limit", "must be an integer"],
    ["limit=1&limit=2", "/limit", "must be a number"],
    ["limit=", "/limit", "must be at least 1"],
    [
      "cursor=nonsense",
      "/cursor",
      "is not a cursor of this list: send the next_cursor of the previous page unchanged",
    ],
    [
      "cursor=",
      "/cursor",
      "is not a cursor of this list: send the next_cursor of the previous page unchanged",
    ],
    ["cursro=x", "/cursro", 'is not a known field; did you mean "cursor"?'],
  ])("the query ?%s is refused", async (query, pointer, message) => {
    const { status, body } = await api.ask("GET", `/customers?${query}`);
    expect(status).toBe(422);
    expect(body.errors).toEqual([{ pointer, message }]);
  });
});

test("customers are found by their address, in upper or lower case, page by page", async () => {
  const names = ["Ada", "Ada again", "Ada once more"];
  for (const name of names)
    await api.ask("POST", "/customers", { body: { name, email: "Ada.Found@Example.com" } });
  const find = async (query: string) => (await api.ask("GET", `/customers?${query}`)).body;
  const found = await find("email=ada.found@example.com");
  expect(found.data.map(({ name }: { name: string }) => name)).toEqual(names.toReversed());
  const first = await find("email=ada.found@example.com&limit=2");
  const second = await find(`email=ada.found@example.com&limit=2&cursor=${first.next_cursor}`);
  expect([first.data.length, second.data.length, second.next_cursor]).toEqual([2, 1, null]);
  expect((await find("email=nobody@example.com")).data).toEqual([]);
  expect((await api.ask("GET", "/customers?email=nobody")).body.errors[0].pointer).toBe("/email");
});
