/** The members that have a value: in a change, undefined means that a column stays as it is. */
export function definedOnly<T extends object>(changes: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  // What is left has no undefined in it, which Object.fromEntries cannot say.
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>;
  };
}
