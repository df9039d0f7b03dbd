/**
 * How long a test waits for what must come before it says that it did not. It ends a test that hangs, on a
 * machine many times slower than a developer's. No promise: what the platform does within a time is measured.
 */
export const PATIENCE_MS = 120_000;
