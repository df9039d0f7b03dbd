import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { ask } from "../lib/http.ts";
import { may } from "../lib/role.ts";
import { useAnswer } from "../lib/use-answer.ts";
import { Answered, Card } from "./page.tsx";
import { Table } from "./table.tsx";
import { Text } from "./text.tsx";
import { say } from "./toast.tsx";
import { Badge, Time } from "./values.tsx";

/** Whether the books add up: each promise, and when it was last proved. */
export function AuditCard(): JSX.Element {
  const answer = useAnswer<Api["Audit"]>("/audit", 3_000);
  const request = async (): Promise<void> => {
    try {
      await ask("/audit", { method: "POST" });
      answer.reload();
      say("An audit begins soon");
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <Card
      title="Audit"
      actions={
        may("operate") ? (
          <button
            type="button"
            class="small"
            disabled={Boolean(answer.data?.requested_at)}
            onClick={() => void request()}
          >
            {answer.data?.requested_at ? "Asked for …" : "Audit now"}
          </button>
        ) : null
      }
    >
      <Answered answer={answer}>
        {(audit) => (
          <>
            <p>
              {audit.status === null ? (
                "There was no audit yet."
              ) : (
                <>
                  <Badge kind={audit.status === "clean" ? "good" : "bad"}>
                    {audit.status === "clean" ? "all promises held" : "a promise is broken"}
                  </Badge>{" "}
                  <Time time={audit.checked_at} />, in {audit.took_ms} ms
                </>
              )}
            </p>
            {audit.promises.length === 0 ? null : (
              <details open={audit.status === "broken"}>
                <summary>Each promise</summary>
                <Table
                  caption="The promises, and how many rows break each"
                  rows={audit.promises}
                  keyOf={({ promise }) => promise}
                  columns={[
                    {
                      name: "Promise",
                      cell: ({ says }) => (
                        <span class="wide-text">
                          <Text value={says} />
                        </span>
                      ),
                    },
                    {
                      name: "Broken",
                      isFigure: true,
                      cell: ({ broken }) => (broken === 0 ? "0" : <Badge kind="bad">{String(broken)}</Badge>),
                    },
                    {
                      name: "Example",
                      cell: ({ example }) => (example === null ? "–" : <Text value={example} />),
                    },
                  ]}
                />
              </details>
            )}
          </>
        )}
      </Answered>
    </Card>
  );
}
