/** One wrong field. `pointer` is a JSON pointer (RFC 6901) into the body, query, path or a job's input. */
export interface FieldError {
  readonly pointer: string;
  readonly message: string;
}
