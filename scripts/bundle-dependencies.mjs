import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Together they are some 350 files. To find and to read those is a third of what a runner does until its code is there. */
const BUNDLED = ["kysely", "pg", "uuid"];
const IMPORT = new RegExp(`(from |import\\()"(${BUNDLED.join("|")})"`, "g");
/** What `pg` loads where it is wanted and found. */
const OPTIONAL = ["pg-native", "pg-cloudflare"];
/** CommonJS in a file of ESM asks for Node's own modules by `require`. */
const BANNER = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';
/** Where esbuild finds them, and their licences are. */
const ROOT = fileURLToPath(new URL("..", import.meta.url));

/**
 * Puts dependencies of many small files into one file each, below `vendor/` in `folder` and with their licences, and lets
 * the JavaScript in `sources` import those.
 *
 * @param {string} folder
 * @param {string} [sources] A folder in `folder`.
 */
export async function bundleDependencies(folder, sources = folder) {
  const vendor = join(folder, "vendor");
  for (const name of BUNDLED) {
    const { metafile } = await build({
      stdin: { contents: `export * from "${name}";`, resolveDir: ROOT },
      absWorkingDir: ROOT,
      outfile: join(vendor, `${name}.js`),
      bundle: true,
      metafile: true,
      platform: "node",
      format: "esm",
      target: "node20",
      external: OPTIONAL,
      banner: { js: BANNER },
      logLevel: "warning",
    });
    await writeFile(join(vendor, `${name}.LICENSES.txt`), await licencesOf(Object.keys(metafile.inputs)));
  }
  const files = await readdir(sources, { recursive: true });
  for (const name of files.filter((one) => /\.m?js$/.test(one) && !one.startsWith(`vendor${sep}`))) {
    const file = join(sources, name);
    const text = await readFile(file, "utf8");
    const toVendor = relative(dirname(file), vendor).split(sep).join("/");
    const bundled = text.replaceAll(IMPORT, `$1"${toVendor.replace(/^(?!\.)/, "./")}/$2.js"`);
    if (bundled !== text) await writeFile(file, bundled);
  }
}

/**
 * The licences of the packages that these files are of.
 *
 * @param {string[]} files
 */
async function licencesOf(files) {
  const folders = files.flatMap((file) => file.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0] ?? []);
  const texts = [...new Set(folders)].toSorted().map(async (folder) => {
    const { name, version, license } = JSON.parse(await readFile(join(ROOT, folder, "package.json"), "utf8"));
    const file = (await readdir(join(ROOT, folder))).find((one) => /^licen[cs]e/i.test(one));
    const text = file === undefined ? "" : await readFile(join(ROOT, folder, file), "utf8");
    return `${name} ${version}: ${license}\n\n${text.trim()}\n`;
  });
  return (await Promise.all(texts)).join("\n---\n\n");
}
