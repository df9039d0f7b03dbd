/** An error as a log may show it. */
export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  /** Which rule of the schema was violated. */
  readonly constraint?: string;
  /** With the stacks of its causes. */
  readonly stack: string;
}

/** A chain of causes may be a circle. */
const CAUSES_MAX = 5;

/**
 * Returns the parts of an error that hold no data of customers and no password. The errors of drivers carry
 * more: rows (`detail`, `where`), statements, parameters, and the command that Redis refused with its
 * arguments. Nothing is taken that is not listed here. It never throws, whatever was thrown.
 */
export function errorForLog(error: unknown): LoggedError {
  try {
    return safeParts(error);
  } catch {
    return { type: typeof error, message: "an error that cannot be read", stack: "" };
  }
}

function safeParts(error: unknown): LoggedError {
  const chain = causesOf(error);
  const [first] = chain;
  const code = textOf(error, "code");
  const constraint = textOf(error, "constraint");
  return {
    type: first?.type ?? typeof error,
    message: chain.map(({ message }) => message).join(": "),
    ...(code === undefined ? {} : { code }),
    ...(constraint === undefined ? {} : { constraint }),
    stack: chain.map(({ stack }) => stack).join("\nCaused by: "),
  };
}

type Link = Pick<LoggedError, "type" | "message" | "stack">;

function causesOf(error: unknown): Link[] {
  const chain: Link[] = [];
  let next = error;
  while (chain.length < CAUSES_MAX && next !== undefined) {
    chain.push(linkOf(next));
    // The failures of several addresses of one host say the same.
    const [firstOfMany] = asArray(read(next, "errors"));
    next = read(next, "cause") ?? firstOfMany;
  }
  return chain;
}

function linkOf(error: unknown): Link {
  if (typeof error !== "object" || error === null) {
    const message = typeof error === "string" ? error : String(error);
    return { type: typeof error, message, stack: message };
  }
  const type = textOf(error, "name") ?? "Error";
  const said = textOf(error, "message") ?? "";
  const message = isAboutData(error) ? withoutValues(said) : said;
  const stack = textOf(error, "stack") ?? `${type}: ${message}`;
  return { type, message, stack: message === said ? stack : stack.replaceAll(said, () => message) };
}

/** SQLSTATEs of class 22, data exceptions, whose messages quote the value. */
function isAboutData(error: object): boolean {
  return textOf(error, "severity") !== undefined && textOf(error, "code")?.startsWith("22") === true;
}

function withoutValues(message: string): string {
  return message.replaceAll(/"[^]*"/g, '"…"').replaceAll(/: (?!"…"$)[^:]*$/g, ": …");
}

function textOf(value: unknown, name: string): string | undefined {
  const member = read(value, name);
  return typeof member === "string" ? member : undefined;
}

function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A getter of somebody else's object may throw. */
function read(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  try {
    return Reflect.get(value, name);
  } catch {
    return undefined;
  }
}
