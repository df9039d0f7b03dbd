import type { JSX } from "preact";
import type { Problem } from "../lib/problem.ts";
import type { InputField } from "../lib/schema-form.ts";
import { Field, type FieldSpec } from "./field.tsx";

type Values = Readonly<Record<string, string>>;

interface SchemaFieldsProps {
  readonly fields: readonly InputField[];
  readonly values: Values;
  readonly problem: Problem | undefined;
  readonly onValues: (values: Values) => void;
}

/** One control for each field of an input. */
export function SchemaFields({ fields, values, problem, onValues }: SchemaFieldsProps): JSX.Element {
  return (
    <>
      {fields.map((field) => (
        <Field
          key={field.name}
          field={specOf(field)}
          value={values[field.name] ?? ""}
          // An empty field is not wrong yet.
          error={
            values[field.name] === undefined ? undefined : problem?.of(`/input_data/${pointer(field.name)}`)
          }
          onValue={(value) => onValues({ ...values, [field.name]: value })}
        />
      ))}
    </>
  );
}

function specOf({ name, kind, isRequired, hint, choices }: InputField): FieldSpec {
  const base = { name, label: name, isRequired, hint };
  const none = { value: "", label: isRequired ? "Choose …" : "Left out" };
  switch (kind) {
    case "boolean":
      return {
        ...base,
        kind: "select",
        options: [none, { value: "true", label: "true" }, { value: "false", label: "false" }],
      };
    case "choice":
      return {
        ...base,
        kind: "select",
        options: [none, ...choices.map((choice) => ({ value: choice, label: choice }))],
      };
    case "long-text":
      return { ...base, kind: "textarea" };
    case "json":
      return { ...base, kind: "textarea", rows: 2 };
    case "number":
      return { ...base, kind: "number" };
    case "text":
      return { ...base, kind: "text" };
  }
}

/** RFC 6901. */
function pointer(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
