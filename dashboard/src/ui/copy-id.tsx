import type { JSX } from "preact";
import { say } from "./toast.tsx";

/** An id whole, with a button that copies it. */
export function CopyId({ id }: { readonly id: string }): JSX.Element {
  const copy = (): void => {
    void navigator.clipboard.writeText(id).then(
      () => say("Copied"),
      () => say("The browser did not allow the copy"),
    );
  };
  return (
    <span class="copy-id">
      <code>{id}</code>
      <button type="button" class="small" onClick={copy} aria-label={`Copy ${id}`}>
        Copy
      </button>
    </span>
  );
}
