import type { JSX } from "preact";

interface SelectProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly onValue: (value: string) => void;
}

/** A choice that takes effect at once, in a row of filters. */
export function Select({ label, value, options, onValue }: SelectProps): JSX.Element {
  return (
    <select aria-label={label} value={value} onChange={(event) => onValue(event.currentTarget.value)}>
      {options.map((option) => (
        <option key={option.value + option.label} value={option.value}>
          {option.label}
        </option>
      ))}
    </select>
  );
}
