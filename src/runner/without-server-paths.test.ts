import { expect, test } from "vitest";
import { withoutServerPaths } from "./without-server-paths.ts";

test.each([
  [
    "ENOENT: no such file or directory, open '/srv/app/data/file.csv'",
    "ENOENT: no such file or directory, open 'file.csv'",
  ],
  ['File "/home/ann/processors/py words/main.py", line 10, in run', 'File "main.py", line 10, in run'],
  ["at /usr/src/app/processors/a.ts:10:5", "at a.ts:10:5"],
  ["Error in file:///opt/iep/src/x.ts:3", "Error in x.ts:3"],
  ["(/tmp/iep-1/x)", "(x)"],
  ["/etc/passwd and /var/log/syslog", "passwd and syslog"],
  [String.raw`cannot open C:\Users\ann\secret.txt`, "cannot open secret.txt"],
  ["stat:/root/.ssh/id_rsa", "stat:id_rsa"],
  [`${process.cwd()}/processors/a.js is broken`, "a.js is broken"],
  [
    "connect postgres://iep:secret@db.internal/iep failed",
    "connect postgres://iep:***@db.internal/iep failed",
  ],
])("%s", (message, shown) => {
  expect(withoutServerPaths(message)).toBe(shown);
});

test.each([
  "/to lies before /from",
  "/items/0/name: expected string",
  "GET https://example.com/tmp/file.txt failed with 404",
  "and/or, 1/2, n/a",
  "a/b/c.txt",
  "./local/file",
  "/",
  "nothing to see",
])("%s stays as it is", (message) => {
  expect(withoutServerPaths(message)).toBe(message);
});
