export interface Gate {
  open(): void;
  /** Resolves when it is opened. */
  readonly opened: Promise<void>;
}

/** Holds whatever waits for it until a test lets it go on. */
export function createGate(): Gate {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open: () => open(), opened };
}
