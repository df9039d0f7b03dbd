import { previewBulk, startBulk, type BulkAction, type BulkFilter } from "../lib/bulk.ts";
import { BulkEffect, FilterWords } from "./bulk-effect.tsx";
import { openForm } from "./form-dialog.tsx";
import { say } from "./toast.tsx";

/** Counts first, shows what it would do and cost, and does it when told to. */
export async function askBulk(action: BulkAction["action"], filter: BulkFilter): Promise<void> {
  let preview: BulkAction;
  try {
    preview = await previewBulk({ action, filter });
  } catch (error) {
    return say(error instanceof Error ? error.message : String(error));
  }
  const { matched, is_capped, jobs } = preview.expected;
  const key = crypto.randomUUID();
  openForm({
    title: action === "retry" ? "Retry these jobs?" : "Cancel these jobs?",
    explain: (
      <>
        <p>
          Jobs with: <FilterWords filter={filter} />. {matched.toLocaleString("en")}
          {is_capped ? " or more" : ""} match now; jobs that are created later are not reached.
        </p>
        <BulkEffect action={action} effect={preview.expected} />
        <p class="quiet">
          {action === "retry"
            ? "Each retry is a new job at the price of today, with a hold of its own. It is charged if it succeeds."
            : "Cancelled jobs cost nothing. What runs is told to stop. Each can be retried."}
        </p>
      </>
    ),
    submit: `${action === "retry" ? "Retry" : "Cancel"} ${jobs.toLocaleString("en")} job${jobs === 1 ? "" : "s"}`,
    isDanger: action === "cancel",
    run: async () => {
      await startBulk({ action, filter }, key);
      return "It has begun";
    },
  });
}
