/** Deeper values, and further properties and elements, are left out of a line. */
const DEPTH_MAX = 6;
const ENTRIES_MAX = 100;

/** What `loggable` returns: plain data that `JSON.stringify` and a copy between threads take. */
export type Loggable =
  null | boolean | number | string | readonly Loggable[] | { readonly [key: string]: Loggable };

/**
 * Returns a copy of a value that any log can write, whatever the value is: with cycles, big integers, getters and
 * `toJSON` that throw, or megabytes. Texts are cut so that the copy has about `charsMax` characters at the
 * most. It never throws.
 */
export function loggable(value: unknown, charsMax: number): { copy: Loggable; chars: number } {
  const room: Room = { chars: charsMax, path: new Set() };
  const copy = copyOf(value, room, 0);
  return { copy, chars: Math.max(0, charsMax - room.chars) };
}

interface Room {
  /** Characters that may still be used. */
  chars: number;
  /** The objects around the current one. */
  readonly path: Set<object>;
}

function copyOf(value: unknown, room: Room, depth: number): Loggable {
  try {
    if (value === null || typeof value === "boolean" || typeof value === "number") {
      room.chars -= 8;
      return value;
    }
    if (typeof value === "string") return cut(value, room);
    if (typeof value === "object") return copyOfObject(value, room, depth);
    return cut(typeof value === "bigint" ? `${value}n` : `[${typeof value}]`, room);
  } catch {
    return cut("[cannot be logged]", room);
  }
}

function copyOfObject(value: object, room: Room, depth: number): Loggable {
  if (room.path.has(value)) return cut("[circular]", room);
  if (depth >= DEPTH_MAX) return cut("[too deep]", room);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    return cut(`[${value.byteLength} bytes]`, room);
  }
  room.path.add(value);
  try {
    if (value instanceof Error) return copyOfError(value, room, depth);
    if ("toJSON" in value && typeof value.toJSON === "function") {
      const json: unknown = value.toJSON();
      return json === value ? cut("[circular]", room) : copyOf(json, room, depth + 1);
    }
    return Array.isArray(value) ? copyOfArray(value, room, depth) : copyOfEntries(value, room, depth);
  } finally {
    room.path.delete(value);
  }
}

function copyOfArray(value: readonly unknown[], room: Room, depth: number): Loggable {
  const copy: Loggable[] = [];
  for (let n = 0; n < value.length; n += 1) {
    if (n >= ENTRIES_MAX || room.chars <= 0) {
      copy.push(`[${value.length - n} more]`);
      break;
    }
    copy.push(copyOf(value[n], room, depth + 1));
  }
  return copy;
}

function copyOfEntries(value: object, room: Room, depth: number): Loggable {
  const copy: Record<string, Loggable> = {};
  let count = 0;
  for (const key of Object.keys(value)) {
    count += 1;
    if (count > ENTRIES_MAX || room.chars <= 0) {
      set(copy, "…", "[more]");
      break;
    }
    const property = copyOfProperty(value, key, room, depth);
    if (property !== undefined) set(copy, cut(key, room), property);
  }
  return copy;
}

/** `__proto__` would set the prototype. */
function set(copy: Record<string, Loggable>, key: string, value: Loggable): void {
  Object.defineProperty(copy, key, { value, enumerable: true, configurable: true, writable: true });
}

/** Undefined for what JSON leaves out. */
function copyOfProperty(value: object, key: string, room: Room, depth: number): Loggable | undefined {
  try {
    // Any object has properties of unknown types.
    const property = (value as Readonly<Record<string, unknown>>)[key];
    const isLeftOut =
      property === undefined || typeof property === "function" || typeof property === "symbol";
    return isLeftOut ? undefined : copyOf(property, room, depth + 1);
  } catch {
    return cut("[cannot be logged]", room);
  }
}

function copyOfError(error: Error, room: Room, depth: number): Loggable {
  const { name: type, message, stack, cause } = error;
  // What a library adds, such as a code, stands beside.
  return copyOfEntries(Object.assign({}, error, { type, message, stack, cause }), room, depth);
}

function cut(text: string, room: Room): string {
  const kept = text.length <= room.chars ? text : `${text.slice(0, Math.max(0, room.chars))}…`;
  room.chars -= kept.length + 4;
  return kept.toWellFormed();
}
