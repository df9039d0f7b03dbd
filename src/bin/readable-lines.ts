import { isatty } from "node:tty";
import { prettyFactory } from "pino-pretty";

/**
 * Returns what turns a line of JSON into lines for a person: time, level, message and fields in one, then a
 * stack, if there is one, as it is.
 */
export function readableLines(fd: 1 | 2): (line: string) => string {
  let stack: unknown;
  const pretty = prettyFactory({
    colorize: isatty(fd),
    translateTime: "SYS:HH:MM:ss.l",
    ignore: "pid,hostname,stack",
    singleLine: true,
    messageFormat(fields, messageKey) {
      stack = fields["stack"];
      const message = fields[messageKey];
      return typeof message === "string" ? message : "";
    },
  });
  return (line) => {
    stack = undefined;
    const text = pretty(line);
    return typeof stack === "string" ? `${text}${indent(stack)}\n` : text;
  };
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "    ");
}
