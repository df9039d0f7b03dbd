import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import type { Page } from "playwright-core";
import { z } from "zod";
import { createApi } from "../../src/api/server.ts";
import { SignInLink } from "../../src/core/use-cases/sign-in-link.ts";
import { newId } from "../../src/core/lib/new-id.ts";
import { createApiKey } from "../../src/core/model/api-key.ts";
import { defineProcessor } from "../../src/processors/sdk/define-processor.ts";
import simulate from "../../src/processors/shipped/simulate.ts";
import { startUpkeep } from "../../src/upkeep/upkeep.ts";
import { upkeepTasks } from "../../src/upkeep/tasks.ts";
import { atTheEnd } from "../support/cleanup.ts";
import { createTestPlatform, type TestPlatform } from "../support/test-platform.ts";
import { startTestRunner } from "../support/test-runner.ts";

export const ADMIN_KEY = "the admin key of the browser tests";
/** Markup, a control character, a mark that turns the text around, and a long line. */
export const HOSTILE = `<img src=x onerror="document.title='owned'">\u202Etxt.exe\u0007${"x".repeat(1_000)}`;

export interface DashboardStack extends TestPlatform {
  readonly url: string;
  /** As a proxy or a restart would: the API goes away, and comes back at the same address. */
  stopApi(): Promise<void>;
  startApi(): Promise<void>;
  /** A link that signs in once, as `npm start` prints it. */
  signInLink(): string;
  signIn(page: Page, path: string): Promise<void>;
}

const hostile = defineProcessor({
  id: "hostile",
  input: z.unknown(),
  run: () => {
    throw new Error(HOSTILE);
  },
});

/** A platform with a runner, its upkeep and an API that listens. */
export async function startDashboardStack(): Promise<DashboardStack> {
  const test = await createTestPlatform();
  const { platform } = test;
  startTestRunner(test, [simulate, hostile]);
  const tasks = upkeepTasks(platform, {
    ageing_seconds: 0,
    retention_days: 0,
    lease_seconds: 10,
    contact_ms: () => 0,
  });
  const upkeep = startUpkeep(tasks, pino({ level: "silent" }));
  atTheEnd(() => upkeep.stop());

  const link = new SignInLink();
  const createOne = () => createApi({ platform, adminApiKey: ADMIN_KEY, signInLink: link, log: false });
  let api: FastifyInstance = await createOne();
  const url = await api.listen({ host: "127.0.0.1", port: 0 });
  atTheEnd(() => api.close());

  const signInLink = (): string => `${url}/dashboard#sign-in=${link.create()}`;
  return {
    ...test,
    url,
    signInLink,
    stopApi: async () => {
      api.server.closeAllConnections();
      await api.close();
    },
    startApi: async () => {
      api = await createOne();
      await api.listen({ host: "127.0.0.1", port: Number(new URL(url).port) });
    },
    signIn: async (page, path) => {
      await page.goto(signInLink());
      await page.locator(".side").waitFor();
      await page.goto(url + path);
      await page.locator("main h1").waitFor();
    },
  };
}

/** A key of a customer, whole. */
export async function createKey({ platform }: TestPlatform, customer_id: string): Promise<string> {
  const { api_key, ...key } = createApiKey();
  await platform.customers.addApiKey({ ...key, id: newId(), customer_id, name: "browser" });
  return api_key;
}
