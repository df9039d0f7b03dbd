import type { Api } from "../api-types.gen.ts";

/** A refusal of the API, as it explains it. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  readonly body: Partial<Api["Problem"]>;

  constructor(status: number, body: Partial<Api["Problem"]>) {
    super(body.detail ?? body.title ?? `The API answered with status ${status}.`);
    this.status = status;
    this.body = body;
  }

  /** What the API says about one field, by its JSON pointer. */
  of(pointer: string): string | undefined {
    return this.body.errors?.find((error) => error.pointer === pointer)?.message;
  }
}

/** The API did not answer, or said that what it needs is away. */
export class Away extends Error {
  override readonly name = "Away";
}
