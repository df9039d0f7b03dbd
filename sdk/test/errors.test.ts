import { expect, test } from "vitest";
import { ERRORS } from "../../src/core/lib/errors.ts";
import { classOf } from "../src/class-of.gen.ts";
import { ApiError, IepError } from "../src/create-client.ts";
import type { ErrorCode, Problem } from "../src/iep-error.ts";

const problemOf = (code: ErrorCode): Problem => ({
  type: `/docs/errors#${code}`,
  title: code,
  status: 400,
  code,
  detail: "It is wrong.",
  request_id: "019ab1f0-6c1e-7a44-9d7c-2f6a3f1c9e55",
  retryable: false,
});

// Object.keys returns string[]; these are the keys of that very object.
test.each(Object.keys(ERRORS) as ErrorCode[])("%s has a class, whose name its errors have", (code) => {
  const Class = classOf(code);
  if (!Class) throw new Error("there is none");
  const error = new Class(problemOf(code));
  expect(error.name).toBe(Class.name);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toBeInstanceOf(IepError);
  expect(String(error)).toBe(`${Class.name}: It is wrong.`);
});

test("each class is of one code, and what every object has is no code", () => {
  const classes = Object.keys(ERRORS).map(classOf);
  expect(new Set(classes).size).toBe(classes.length);
  for (const name of ["constructor", "toString", "__proto__"]) expect(classOf(name)).toBeUndefined();
});
