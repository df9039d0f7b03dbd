/** A line of a Markdown document that is neither in a fenced block nor blank. */
export interface Line {
  /** Counted from 1. */
  readonly number: number;
  readonly text: string;
}

export interface Link {
  readonly line: number;
  /** As it is written: a path, with `#anchor` or without, or a URL. */
  readonly target: string;
}

const FENCE = /^\s*(?:```|~~~)/;
/** Image links too. A target with a space in it is in angle brackets, which nobody here writes. */
const LINK = /\]\(([^()\s]+)\)/g;
const CODE_SPAN = /`([^`]+)`/g;
const TABLE_ROW = /^\s*\|/;
/** What cannot be wrapped: one link or one URL, in a list or a quote perhaps, and reference definitions. */
const LINK_ONLY = /^[\s>*-]*(?:!?\[[^\]]*\]\([^)]*\)|<?https?:\S+|\[[^\]]+\]: \S+)[.,;:]?$/;

/** The lines outside fenced blocks. */
export function linesOf(markdown: string): Line[] {
  const lines: Line[] = [];
  let fenced = false;
  for (const [n, text] of markdown.split("\n").entries()) {
    if (FENCE.test(text)) fenced = !fenced;
    else if (!fenced && text.trim() !== "") lines.push({ number: n + 1, text });
  }
  return lines;
}

export function linksOf(markdown: string): Link[] {
  return linesOf(markdown).flatMap(({ number, text }) =>
    [...text.replaceAll(CODE_SPAN, "").matchAll(LINK)].map(([, target = ""]) => ({ line: number, target })),
  );
}

/** What stands in backticks, with its line. */
export function codeSpansOf(markdown: string): Line[] {
  return linesOf(markdown).flatMap(({ number, text }) =>
    [...text.matchAll(CODE_SPAN)].map(([, code = ""]) => ({ number, text: code })),
  );
}

/** The anchors of the headings, as GitHub names them. */
export function anchorsOf(markdown: string): Set<string> {
  const headings = linesOf(markdown).flatMap(({ text }) => /^#+ (.*)$/.exec(text)?.[1] ?? []);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(/\s/g, "-"),
    ),
  );
}

/** Lines of prose that are wider than `columns`: tables, fenced blocks and lines of one link are not prose. */
export function wideLinesOf(markdown: string, columns: number): Line[] {
  return linesOf(markdown).filter(
    ({ text }) => text.length > columns && !TABLE_ROW.test(text) && !LINK_ONLY.test(text),
  );
}

/** The text of the first fenced block of a language; undefined when there is none. */
export function fencedBlockOf(markdown: string, language: string): string | undefined {
  return new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "ms").exec(markdown)?.[1];
}
