import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { areKeysOn, destinations, isHelpOpen, KEYS, setKeys } from "../lib/keys.ts";

/** What the keys do. */
export function KeyMap(): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  const isOpen = isHelpOpen.value;
  useEffect(() => {
    if (isOpen) element.current?.showModal();
    else element.current?.close();
  }, [isOpen]);
  const close = (): void => {
    isHelpOpen.value = false;
  };
  return (
    <dialog ref={element} aria-labelledby="keys-title" onClose={close}>
      <h2 id="keys-title">Shortcuts</h2>
      <dl class="keys">
        {[...KEYS, ...destinations().map(({ key, label }) => [`g ${key}`, label] as const)].map(
          ([key, what]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{what}</dd>
            </div>
          ),
        )}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={areKeysOn.value}
          onChange={(event) => setKeys(event.currentTarget.checked)}
        />
        Single letters do something
      </label>
      <div class="actions">
        <button type="button" onClick={close}>
          Close
        </button>
      </div>
    </dialog>
  );
}
