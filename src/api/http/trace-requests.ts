import type { RequestTraces } from "../../core/model/traces.ts";
import type { Api } from "./api.ts";

/** Traces every request from its first hook to its response. */
export function traceRequests(api: Api, traces: RequestTraces): void {
  api.addHook("onRequest", (request, _reply, done) => {
    const { method, headers, routeOptions } = request;
    request.trace = traces.begin({ method, route: routeOptions.url ?? "", headers });
    done();
  });
  api.addHook("onResponse", (request, reply, done) => {
    request.trace?.end(reply.statusCode);
    done();
  });
}
