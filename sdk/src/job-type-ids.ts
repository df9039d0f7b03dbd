import { pages, type Core, type RequestOptions } from "./core.ts";
import { UnknownJobTypeError } from "./errors.gen.ts";

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
const PAGE = 200;
const SHOWN_MAX = 10;

/** The ids of job types by their names, which are asked for once. */
export class JobTypeIds {
  readonly #core: Core;
  #known = new Map<string, string>();

  constructor(core: Core) {
    this.#core = core;
  }

  /** The id of a job type. Throws an `UnknownJobTypeError` that lists the names. */
  async find(idOrName: string, options: RequestOptions): Promise<string> {
    options.signal?.throwIfAborted();
    if (UUID.test(idOrName)) return idOrName;
    const known = this.#known.get(idOrName) ?? (await this.#read(options)).get(idOrName);
    if (known === undefined) throw unknown(idOrName, [...this.#known.keys()]);
    return known;
  }

  /** After a refusal: a job type may have been renamed, and its name given to another. */
  forget(): void {
    this.#known = new Map();
  }

  async #read(options: RequestOptions): Promise<ReadonlyMap<string, string>> {
    const rows = pages<{ readonly id: string; readonly name: string }>((cursor) =>
      this.#core.call("GET /job-types", { query: { limit: PAGE, cursor } }, options),
    );
    const known = new Map<string, string>();
    for await (const { id, name } of rows) known.set(name, id);
    return (this.#known = known);
  }
}

/** As the API refuses an id that it does not know. */
function unknown(name: string, names: readonly string[]): UnknownJobTypeError {
  const shown = names.slice(0, SHOWN_MAX).map((one) => JSON.stringify(one));
  const others = names.length > shown.length ? `, and ${names.length - shown.length} more` : "";
  return new UnknownJobTypeError({
    type: "/docs/errors#unknown_job_type",
    title: "There is no such job type",
    status: 422,
    code: "unknown_job_type",
    detail: `There is no job type ${JSON.stringify(name)} for this key. There are: ${shown.join(", ") || "none"}${others}.`,
    request_id: "",
    retryable: false,
  });
}
