import type { ComponentChildren, JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Live } from "../lib/use-answer.ts";
import { Away, Problem } from "../lib/problem.ts";

interface PageProps {
  readonly title: string;
  /** Shown instead of `title`, where the title is more than a word. */
  readonly heading?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Page({ title, heading, actions, children }: PageProps): JSX.Element {
  useEffect(() => {
    document.title = `${title} · Innovation Ecosystem Platform`;
  }, [title]);
  return (
    <>
      <header class="page-head">
        <h1 tabIndex={-1}>{heading ?? title}</h1>
        {actions ? <div class="actions">{actions}</div> : null}
      </header>
      {children}
    </>
  );
}

interface CardProps {
  readonly title: string;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Card({ title, actions, children }: CardProps): JSX.Element {
  return (
    <section class="card">
      <header>
        <h2>{title}</h2>
        {actions ? <div class="actions">{actions}</div> : null}
      </header>
      {children}
    </section>
  );
}

/** Shows the answer once it is there, and before that what is going on. */
export function Answered<T>(props: {
  readonly answer: Live<T>;
  readonly children: (data: T) => ComponentChildren;
}): JSX.Element {
  const { data, error, reload } = props.answer;
  if (data !== undefined) return <>{props.children(data)}</>;
  if (error && !(error instanceof Away)) return <Refused error={error} reload={reload} />;
  return (
    <p class="waiting" role="status">
      {error ? "Waiting for the API …" : "Loading …"}
    </p>
  );
}

export function Refused({
  error,
  reload,
}: {
  readonly error: Error;
  readonly reload?: () => void;
}): JSX.Element {
  const isMissing = error instanceof Problem && error.status === 404;
  return (
    <div class="notice" role="alert">
      <strong>{isMissing ? "Not here" : "That did not work"}</strong>
      <p>{error.message}</p>
      <RequestId error={error} />
      {reload ? (
        <button type="button" onClick={reload}>
          Try again
        </button>
      ) : null}
    </div>
  );
}

/** What to quote when asking for help. */
export function RequestId({ error }: { readonly error: Error }): JSX.Element | null {
  const id = error instanceof Problem ? error.body.request_id : undefined;
  return id === undefined ? null : (
    <p class="quiet">
      Request <code>{id}</code>
    </p>
  );
}

export function Facts({
  facts,
}: {
  readonly facts: readonly (readonly [string, ComponentChildren])[];
}): JSX.Element {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface TileProps {
  readonly label: string;
  readonly value: ComponentChildren;
  /** Of what time the figure is: "now", "last 1 h". */
  readonly scope: string;
  readonly href?: string;
}

export function Tile({ label, value, scope, href }: TileProps): JSX.Element {
  return (
    <div class="tile">
      <span class="tile-label">{href ? <a href={href}>{label}</a> : label}</span>
      <span class="tile-value">{value}</span>
      <span class="quiet">{scope}</span>
    </div>
  );
}
