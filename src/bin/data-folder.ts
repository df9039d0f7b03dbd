import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";

/** Where `npm start` keeps what must survive it; git ignores it. */
const FOLDER = ".data";

const LocalStack = z.object({
  pid: z.int(),
  database_url: z.string(),
  redis_url: z.string().optional(),
  api_url: z.string(),
});
const DemoCustomer = z.object({ customer_id: z.string(), api_key: z.string(), job_type_id: z.string() });

export type LocalStack = z.output<typeof LocalStack>;
export type DemoCustomer = z.output<typeof DemoCustomer>;

/** Files of the data folder. They hold secrets of this machine: only their owner may read them. */
export const dataFolder = {
  postgresDir: resolve(FOLDER, "postgres"),

  async adminApiKey(): Promise<string> {
    const kept = await read("admin-api-key");
    if (kept !== undefined) return kept.trim();
    const created = `iep_admin_${randomBytes(32).toString("base64url")}`;
    await write("admin-api-key", `${created}\n`);
    return created;
  },

  saveDemoCustomer: (customer: DemoCustomer): Promise<void> =>
    write("demo-customer.json", JSON.stringify(customer, null, 2)),
  demoCustomer: (): Promise<DemoCustomer | undefined> => readJson("demo-customer.json", DemoCustomer),

  saveLocalStack: (stack: LocalStack): Promise<void> =>
    write("local-stack.json", JSON.stringify(stack, null, 2)),
  removeLocalStack: (): Promise<void> => rm(join(FOLDER, "local-stack.json"), { force: true }),

  /** The stack that `npm start` runs in this folder now. */
  async localStack(): Promise<LocalStack | undefined> {
    const stack = await readJson("local-stack.json", LocalStack);
    return stack && isAlive(stack.pid) ? stack : undefined;
  },
};

/** A new file takes the place of the old one: a file that is there keeps the rights that it has. */
async function write(name: string, text: string): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  const unfinished = join(FOLDER, `${name}.${process.pid}`);
  await rm(unfinished, { force: true });
  await writeFile(unfinished, text, { mode: 0o600, flag: "wx" });
  await rename(unfinished, join(FOLDER, name));
}

async function read(name: string): Promise<string | undefined> {
  try {
    return await readFile(join(FOLDER, name), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

async function readJson<T>(name: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const text = await read(name);
  return text === undefined ? undefined : schema.parse(JSON.parse(text));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
