import { apiUrl, type Question } from "./http.ts";

/** Saves an answer as a file. CSV comes by content negotiation, which a link cannot ask for. */
export async function saveCsv(path: string, name: string, query: Question["query"] = {}): Promise<void> {
  const response = await fetch(apiUrl(path, query), { headers: { accept: "text/csv" } });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
