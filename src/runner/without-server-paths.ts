import { readdirSync } from "node:fs";

/** Folders at the root of common systems and containers: a message may speak of another machine's, too. */
const USUAL_ROOTS =
  "Applications Library Users Volumes app bin boot builds code dev etc home lib lib64 media mnt nix opt private proc root run sbin snap srv sys tmp usr var work workspace";

let roots: ReadonlySet<string> | undefined;

/**
 * Returns a message without what tells of our machines: a path from the root is cut to its last name, and a
 * password in a URL is hidden. A path counts when its first folder is one that servers have, so that JSON
 * pointers and paths of URLs stay as they are.
 */
export function withoutServerPaths(message: string): string {
  if (!message.includes("/") && !message.includes("\\")) return message;
  return message
    .replaceAll(/(\/\/[^/\s:@]{1,200}:)[^/\s@]{1,500}@/g, "$1***@")
    .replaceAll(QUOTED_PATH, (text, quote: string, path: string) =>
      isServerPath(path) ? `${quote}${lastName(path)}${quote}` : text,
    )
    .replaceAll(PATH, (path) => (isServerPath(path) ? lastName(path) : path));
}

/** A path between quotation marks may have spaces in it. */
const QUOTED_PATH = /(["'`])((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/])[^"'`\n]{1,4096})\1/g;
/** Not in the middle of a word, of a path or of a URL. */
const PATH = /(?<![\w.~/\\-])(?:file:\/\/)?(?:\/|[A-Za-z]:\\)[^\s"'`<>()[\]{}|,;]{1,4096}/g;

function isServerPath(path: string): boolean {
  if (/^(?:file:\/\/\/?)?[A-Za-z]:[\\/]/.test(path)) return true;
  const [, first, rest] = /^(?:file:\/\/)?\/([^/:]+)\/(.)/.exec(path) ?? [];
  roots ??= new Set([...USUAL_ROOTS.split(" "), ...namesAtRoot()]);
  return first !== undefined && rest !== undefined && roots.has(first);
}

function lastName(path: string): string {
  return /[^/\\]+[/\\]?$/.exec(path)?.[0] ?? path;
}

function namesAtRoot(): string[] {
  try {
    return readdirSync("/");
  } catch {
    return [];
  }
}
