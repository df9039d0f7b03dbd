import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

/** The source, in a checkout. An installed package has none. */
const ENTRY = join(fileURLToPath(new URL("../../..", import.meta.url)), "dashboard", "src", "app.tsx");
/** What `npm run build` wrote, beside the code of the installed package. Never there in a checkout. */
const BUILT = join(fileURLToPath(new URL("../..", import.meta.url)), "dashboard");

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
};

/** A script or a style sheet. Its name ends in a hash of its content, so that it may be kept for ever. */
export interface DashboardFile {
  readonly name: string;
  readonly contentType: string;
  readonly body: Buffer;
  /** Compressed once, at the best level: a page load costs no processor time. */
  readonly gzipped: Buffer;
  readonly etag: string;
}

/**
 * Returns the script and the style sheet of the dashboard: those that `npm run build` wrote or, in a checkout,
 * bundled in memory from the source, which takes about 0.1 s. Nothing generated is in git.
 */
export async function loadDashboardFiles(): Promise<DashboardFile[]> {
  return existsSync(BUILT) ? await readFiles(BUILT) : await bundleDashboard();
}

async function readFiles(folder: string): Promise<DashboardFile[]> {
  const names = await readdir(folder);
  return await Promise.all(names.map(async (name) => toFile(name, await readFile(join(folder, name)))));
}

/** Bundles the source. `npm run build` writes the same files. */
export async function bundleDashboard(): Promise<DashboardFile[]> {
  // Loaded here, because an installed package never gets here.
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [ENTRY],
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    // The server hands out no source map, and a licence stands in the package that has it.
    legalComments: "none",
    outdir: "/",
    entryNames: "[name]-[hash]",
    logLevel: "silent",
  });
  return outputFiles.map(({ path, contents }) => toFile(basename(path), Buffer.from(contents)));
}

function toFile(name: string, body: Buffer): DashboardFile {
  return {
    name,
    contentType: CONTENT_TYPES[name.split(".").at(-1) ?? ""] ?? "application/octet-stream",
    body,
    gzipped: gzipSync(body, { level: 9 }),
    etag: etagOf(body),
  };
}

/** A strong entity tag of what is sent. */
export function etagOf(body: Buffer): string {
  return `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
}
