import { Client } from "pg";

// Delivers the events of the table `outbox` to a URL, and ends when none is left. Run it every minute.
//
//   DATABASE_URL=postgres://… WEBHOOK=https://example.com/events node --import tsx examples/read-outbox.ts
//
// An event is written in the transaction that moved the money, so none is missing, and none tells of something that
// was rolled back. It is deleted after its delivery: a reader that dies in between delivers it once more, under the
// same id. Several readers may run at a time, because each skips the event that another has locked.

const TIMEOUT_MS = 5_000;

interface Event {
  readonly id: string;
  readonly kind: string;
  readonly customer_id: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly created_at: Date;
}

const { DATABASE_URL, WEBHOOK = "" } = process.env;
if (DATABASE_URL === undefined || !URL.canParse(WEBHOOK)) throw new Error("Set DATABASE_URL and WEBHOOK.");

const client = new Client({ connectionString: DATABASE_URL });
await client.connect();
try {
  let delivered = 0;
  while (await deliverNext()) delivered += 1;
  console.log(`delivered ${delivered}`);
} finally {
  // A transaction that is still open is rolled back, and its event stays.
  await client.end();
}

/** Delivers the oldest event that nobody else delivers. False: there is none. */
async function deliverNext(): Promise<boolean> {
  await client.query("BEGIN");
  const { rows } = await client.query<Event>(
    `DELETE FROM outbox
      WHERE id = (SELECT id FROM outbox ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING id, kind, customer_id, payload, created_at`,
  );
  const [event] = rows;
  if (event !== undefined) await deliver(event);
  await client.query("COMMIT");
  return event !== undefined;
}

async function deliver(event: Event): Promise<void> {
  const response = await fetch(WEBHOOK, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(event),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`${WEBHOOK} returned ${response.status} for event ${event.id}`);
}
