import type { RequestMeter } from "../core/model/meters.ts";
import { CALL_SECONDS } from "./buckets.ts";
import { FastHistogram } from "./fast-histogram.ts";
import type { Metrics } from "./metrics.ts";

/**
 * Measures requests. Labels are bounded by the routes that there are: a path that no route has, and its method,
 * are the sender's words.
 */
export function meterRequests({ registry }: Metrics): RequestMeter {
  const durations = new FastHistogram(
    {
      name: "iep_http_request_duration_seconds",
      help: "How long requests took to answer, by route and class of status. Paths that no route has are `none`.",
      labels: ["method", "route", "status"],
      buckets: CALL_SECONDS,
    },
    registry,
  );
  return {
    answered(method, route, status, seconds) {
      const ofStatus = `${Math.floor(status / 100)}xx`;
      const series =
        route === undefined ? durations.of("none", "none", ofStatus) : durations.of(method, route, ofStatus);
      series.add(seconds);
    },
  };
}
