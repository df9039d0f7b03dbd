import type { JSX } from "preact";
import { useId } from "preact/hooks";

export interface FieldSpec {
  readonly name: string;
  readonly label: string;
  readonly kind?: "text" | "email" | "number" | "password" | "textarea" | "select" | "datetime-local";
  readonly value?: string;
  readonly hint?: string;
  readonly isRequired?: boolean;
  /** Lines of a textarea. */
  readonly rows?: number;
  readonly options?: readonly { readonly value: string; readonly label: string }[];
}

interface FieldProps {
  readonly field: FieldSpec;
  readonly value: string;
  readonly error?: string | undefined;
  readonly onValue: (value: string) => void;
}

/** A labelled input, with what to type below it and what is wrong with it. */
export function Field({ field, value, error, onValue }: FieldProps): JSX.Element {
  const { name, label, kind = "text", hint, isRequired = false, options = [], rows = 6 } = field;
  const id = useId();
  const notes = `${id}-notes`;
  const shared = {
    id,
    name,
    required: isRequired,
    "aria-describedby": hint || error ? notes : undefined,
    "aria-invalid": error ? true : undefined,
    onInput: (event: Event): void => {
      // The listener is on these elements only.
      onValue((event.currentTarget as HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement).value);
    },
  };
  return (
    <div class="field">
      <label for={id}>
        {label}
        {isRequired ? <span aria-hidden="true"> *</span> : null}
      </label>
      {kind === "select" ? (
        <select {...shared} value={value}>
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      ) : kind === "textarea" ? (
        <textarea {...shared} value={value} rows={rows} spellcheck={false} />
      ) : (
        <input
          {...shared}
          {...typeOf(kind)}
          inputMode={kind === "number" ? "decimal" : undefined}
          value={value}
          autocomplete="off"
        />
      )}
      {hint || error ? (
        <p id={notes} class={error ? "wrong" : "quiet"}>
          {error ?? hint}
        </p>
      ) : null}
    </div>
  );
}

/** A number is typed as text: the browser's own field rounds, and changes with the wheel of the mouse. */
function typeOf(kind: string): { readonly type: "text" } {
  // The types list the attributes of each type of input apart; those used here are the same for all.
  return { type: kind === "number" ? "text" : kind } as { readonly type: "text" };
}
