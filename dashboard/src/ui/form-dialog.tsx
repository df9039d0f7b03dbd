import { signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../lib/problem.ts";
import { Field, type FieldSpec } from "./field.tsx";
import { RequestId } from "./page.tsx";
import { say } from "./toast.tsx";

export type Values = Readonly<Record<string, string>>;

interface FormDialog {
  readonly title: string;
  /** What will happen, and what it costs. */
  readonly explain?: ComponentChildren;
  readonly fields?: readonly FieldSpec[];
  readonly submit: string;
  readonly isDanger?: boolean;
  /** Does it. What it returns is told; what it throws is shown, and the dialog stays. */
  readonly run: (values: Values) => Promise<string | undefined>;
}

const open = signal<FormDialog | undefined>(undefined);

/** Asks before something is done: every action that moves money or ends work goes through here. */
export function openForm(dialog: FormDialog): void {
  open.value = dialog;
}

export function FormDialogs(): JSX.Element | null {
  return open.value ? <Shown key={open.value.title} dialog={open.value} /> : null;
}

function Shown({ dialog }: { readonly dialog: FormDialog }): JSX.Element {
  const { title, explain, fields = [], submit, isDanger = false, run } = dialog;
  const element = useRef<HTMLDialogElement>(null);
  const [values, setValues] = useState<Values>(() =>
    Object.fromEntries(fields.map(({ name, value = "" }) => [name, value])),
  );
  const [error, setError] = useState<Error | undefined>(undefined);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => element.current?.showModal(), []);
  const close = (): void => {
    element.current?.close();
    // Another one may have been opened by what this one did.
    if (open.value === dialog) open.value = undefined;
  };
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setError(undefined);
    try {
      const told = await run(values);
      close();
      if (told) say(told);
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown : new Error(String(thrown)));
      setBusy(false);
    }
  };
  return (
    <dialog ref={element} aria-labelledby="dialog-title" onCancel={close} onClose={close}>
      <form onSubmit={(event) => void send(event)}>
        <h2 id="dialog-title">{title}</h2>
        {explain ? <div class="explain">{explain}</div> : null}
        {fields.map((field) => (
          <Field
            key={field.name}
            field={field}
            value={values[field.name] ?? ""}
            error={error instanceof Problem ? error.of(`/${field.name}`) : undefined}
            onValue={(value) => setValues((before) => ({ ...before, [field.name]: value }))}
          />
        ))}
        {error ? (
          <div class="notice" role="alert">
            <p>{error.message}</p>
            <RequestId error={error} />
          </div>
        ) : null}
        <div class="actions">
          <button type="button" onClick={close}>
            Back
          </button>
          <button type="submit" class={isDanger ? "danger" : "main"} disabled={isBusy}>
            {isBusy ? "…" : submit}
          </button>
        </div>
      </form>
    </dialog>
  );
}
