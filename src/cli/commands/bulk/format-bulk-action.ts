import type { BulkAction, BulkEffect } from "../../../core/model/bulk-action.ts";
import { formatDetails, formatMoney, formatTime } from "../../terminal/format.ts";

/** All properties of a bulk action. */
export function formatBulkAction(action: BulkAction): string {
  const { expected, status } = action;
  const isPreview = status === "preview";
  return formatDetails([
    ["id", action.id],
    ["action", action.action],
    ["status", status],
    ["filter", JSON.stringify(action.filter)],
    ["matched", `${expected.matched}${expected.is_capped ? " and more" : ""}`],
    ["expected", effectOf(action, expected)],
    ["done", isPreview ? null : `${effectOf(action, action)}, of ${action.seen} looked at`],
    ["created", formatTime(action.created_at)],
    ["ended", isPreview || action.ended_at === null ? null : formatTime(action.ended_at)],
  ]);
}

function effectOf({ action }: BulkAction, { jobs, skips, costs }: BulkEffect): string {
  const money = costs.map(({ cents, currency }) => formatMoney(cents, currency)).join(" and ");
  const moves = action === "retry" ? "holds" : "gives back";
  return [
    `${jobs} jobs`,
    ...(money === "" ? [] : [`${moves} ${money}`]),
    ...skips.map((skip) => `skips ${skip.jobs} (${skip.reason})`),
  ].join(", ");
}
