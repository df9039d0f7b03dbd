const STYLE =
  "body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}" +
  "td,th{padding:.3rem .8rem .3rem 0;text-align:left;vertical-align:top}pre{padding:1rem;overflow:auto;background:#f3f3f3}" +
  ":target{background:#ffd}a{color:#0b57d0}" +
  "@media(prefers-color-scheme:dark){body{color:#eee;background:#181818}pre{background:#262626}a{color:#8ab4f8}:target{background:#443}}";

/** What a page of ours may do in a browser: show itself. */
export const HTML_HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
} as const;

/** A page that needs nothing else: no script, no other file. `body` is HTML. */
export function htmlPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
${body}
</html>
`;
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
