/** Returns what a file has as its default export. A CommonJS file may have it one level deeper. */
export function defaultExport(module: Readonly<Record<string, unknown>>): unknown {
  const exported = module["default"];
  const isNested =
    typeof exported === "object" && exported !== null && "__esModule" in exported && "default" in exported;
  return isNested ? exported.default : exported;
}
