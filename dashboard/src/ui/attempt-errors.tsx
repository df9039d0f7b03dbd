import type { JSX } from "preact";
import type { Job } from "../lib/use-job-list.ts";
import { Card } from "./page.tsx";
import { Text } from "./text.tsx";
import { Time } from "./values.tsx";

type Failure = Job["errors"][number] | NonNullable<Job["error"]>;

export function AttemptErrors(props: {
  readonly title: string;
  readonly errors: readonly Failure[];
}): JSX.Element {
  return (
    <Card title={props.title}>
      <ol class="failures">
        {props.errors.map((error) => (
          <li key={"attempt" in error ? `${error.attempt} ${error.at}` : "end"}>
            {"attempt" in error ? (
              <p class="quiet">
                Attempt {error.attempt}, <Time time={error.at} />
              </p>
            ) : null}
            <p class="message">
              <code class="code">
                <Text value={error.code} />
              </code>{" "}
              <Text value={error.message} />
            </p>
            {error.stack ? (
              <details>
                <summary>Where it happened</summary>
                <pre tabIndex={0} aria-label="Stack">
                  <Text value={error.stack} />
                </pre>
              </details>
            ) : null}
          </li>
        ))}
      </ol>
    </Card>
  );
}
