import type { RequestMeter } from "../../core/model/meters.ts";
import type { Api } from "./api.ts";

/** Tells the meter of every response. */
export function measureRequests(api: Api, meter: RequestMeter): void {
  api.addHook("onResponse", (request, reply, done) => {
    const route = request.is404 ? undefined : request.routeOptions.url;
    meter.answered(request.method, route, reply.statusCode, reply.elapsedTime / 1_000);
    done();
  });
}
