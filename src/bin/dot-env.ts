import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { ConfigError } from "./config-error.ts";

export interface DotEnv {
  readonly variables: Readonly<Record<string, string>>;
  /** Names that stand there more than once. */
  readonly repeated: readonly string[];
}

const NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/;
/** An assignment with its value, whose quotes may go over several lines. */
const ASSIGNMENT = /^[ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*=[ \t]*(?:"[^"]*"|'[^']*'|`[^`]*`|[^\n]*)/gm;

/** Reads `.env` of the working directory. Undefined where there is none. */
export function readDotEnv(path = ".env"): DotEnv | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new ConfigError(`.env cannot be read: ${String(error)}`);
  }
  const text = decode(bytes).replaceAll("\r\n", "\n").replaceAll("\r", "\n");
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(parseEnv(text))) {
    // Node takes a line without = for the beginning of the next name, which would then be missing.
    if (!NAME.test(name)) throw new ConfigError(noAssignment(text, name));
    variables[name] = value ?? "";
  }
  const names = [...text.matchAll(ASSIGNMENT)].map(([, name = ""]) => name);
  return { variables, repeated: [...new Set(names.filter((name, at) => names.indexOf(name) !== at))] };
}

/** An editor of Windows may have written UTF-16, or a byte order mark before the first name. */
function decode(bytes: Buffer): string {
  const encoding = encodingOf(bytes);
  try {
    // Its mark is taken away.
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (error) {
    throw new ConfigError(".env cannot be read: its text is not UTF-8. Save it as UTF-8.", { cause: error });
  }
}

function encodingOf(bytes: Buffer): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  // No name has a NUL: every second byte of its letters in UTF-16.
  if (second === 0 && first !== 0) return "utf-16le";
  if (first === 0 && second !== 0) return "utf-16be";
  return "utf-8";
}

function noAssignment(text: string, name: string): string {
  const [first = ""] = name.split("\n");
  const line = text.split("\n").findIndex((one) => one.trim().startsWith(first.trim())) + 1;
  return `.env cannot be read: line ${line} is no NAME=value`;
}
