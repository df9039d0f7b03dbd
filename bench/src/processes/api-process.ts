import type { FastifyInstance } from "fastify";
import type { Site } from "../contender.ts";
import { loadContender, type ContenderName } from "../contenders.ts";
import { createPlainApi } from "../plain-api.ts";
import { serve } from "./rpc.ts";

// The HTTP API of a contender, on a free port.

let api: FastifyInstance | undefined;

const methods = {
  /** Listens on a free port, and returns it. */
  async listen(name: ContenderName, site: Site): Promise<number> {
    const contender = await loadContender(name);
    api = contender.openApi
      ? await contender.openApi(site)
      : createPlainApi(await contender.openClient(site));
    await api.listen({ host: "127.0.0.1", port: 0 });
    const address = api.server.address();
    return typeof address === "object" && address ? address.port : 0;
  },
  async close(): Promise<void> {
    await api?.close();
  },
};
export type ApiMethods = typeof methods;
serve(methods);
