import { JSON_DEPTH_MAX, TOO_DEEP, findUnstorableText } from "./json.ts";

/** JSON as text that was checked when it was written: what was checked is what is stored. */
export class JsonText {
  readonly text: string;

  private constructor(text: string) {
    this.text = text;
  }

  /**
   * Writes a value down, once: whatever becomes of it afterwards, the text stays. Throws an Error that says
   * why there is no such text, or why it cannot be stored. What is nested too deep or too large is not walked
   * to its end. A `toJSON` or a getter may throw anything.
   */
  static of(value: unknown, bytesMax: number): JsonText {
    const text = write(value, bytesMax);
    if (text === undefined) throw new TypeError("it is no JSON value");
    return JsonText.received(text, bytesMax);
  }

  /** Takes text that `JSON.stringify` wrote elsewhere. Throws as `of` does. */
  static received(text: string, bytesMax: number): JsonText {
    // No character has more than 3 bytes in UTF-8.
    if (text.length * 3 > bytesMax && Buffer.byteLength(text) > bytesMax) throw tooLarge(bytesMax);
    const fault = findUnstorableText(text);
    if (fault !== undefined) throw new TypeError(`it ${fault}`);
    return new JsonText(text);
  }
}

/** `JSON.stringify` with bounds. Since Node 24 that has none of its own, and would go on until memory ends. */
function write(value: unknown, bytesMax: number): string | undefined {
  return typeof value !== "object" || value === null || isPlain(value, 1, { bytes: 0, bytesMax })
    ? JSON.stringify(value)
    : // A function as the second argument costs several times as much.
      JSON.stringify(value, boundedReplacer(bytesMax));
}

/** What has been counted: never more than the text will have. */
interface Count {
  bytes: number;
  readonly bytesMax: number;
}

/**
 * Whether the value is what it shows: no `toJSON`, which may show something else, and not nested too deep. So
 * the recursion is no deeper either. Throws when it is too large.
 */
function isPlain(value: object, depth: number, count: Count): boolean {
  if (depth > JSON_DEPTH_MAX) return false;
  // Before its members are listed: an empty list of a billion places has that many.
  if (Array.isArray(value)) add(count, 2 * value.length);
  else if (ArrayBuffer.isView(value)) add(count, value.byteLength / 8);
  if (typeof (value as { toJSON?: unknown }).toJSON === "function") return false;
  if (Array.isArray(value)) {
    // By index: its iterator may be its own.
    for (let n = 0; n < value.length; n += 1) if (!isPlainMember(value[n], depth, count)) return false;
    return true;
  }
  if (ArrayBuffer.isView(value)) return true;
  for (const key of Object.keys(value)) {
    add(count, key.length);
    // It has the key: an object of members.
    if (!isPlainMember((value as Record<string, unknown>)[key], depth, count)) return false;
  }
  return true;
}

function isPlainMember(member: unknown, depth: number, count: Count): boolean {
  if (typeof member === "string") add(count, member.length);
  else if (typeof member === "function") throw hasFunction();
  return typeof member !== "object" || member === null || isPlain(member, depth + 1, count);
}

function add(count: Count, bytes: number): void {
  count.bytes += bytes;
  if (count.bytes > count.bytesMax) throw tooLarge(count.bytesMax);
}

/** For values with `toJSON`: the same bounds, on what each of them shows. */
function boundedReplacer(bytesMax: number): (this: unknown, key: string, member: unknown) => unknown {
  const depths = new WeakMap<object, number>();
  let bytes = 0;
  return function bounded(key, member) {
    bytes += Array.isArray(this) ? 1 : key.length;
    if (typeof member === "string") bytes += member.length;
    if (typeof member === "function") throw hasFunction();
    if (bytes > bytesMax) throw tooLarge(bytesMax);
    if (typeof member !== "object" || member === null) return member;
    const depth = 1 + (typeof this === "object" && this !== null ? (depths.get(this) ?? 0) : 0);
    if (depth > JSON_DEPTH_MAX) throw tooDeep();
    depths.set(member, depth);
    return member;
  };
}

/** `JSON.stringify` would leave it out without a word. */
function hasFunction(): Error {
  return new TypeError("it has a function, which is no JSON value");
}

function tooDeep(): Error {
  return new RangeError(`it ${TOO_DEEP}`);
}

function tooLarge(bytesMax: number): Error {
  return new RangeError(`it is larger than ${bytesMax} bytes`);
}
