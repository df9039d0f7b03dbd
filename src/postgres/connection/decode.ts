/** Raises an error for NULL where the header of a function rules it out: it must not travel on as a value. */
export function unexpectedNull(source: string, column: string): never {
  throw new Error(`${source} returned NULL in ${column}, which its header rules out`);
}

/** A column that is NULL in some rows of a function, and never in the rows at hand. */
export function known<T>(value: T | null, column: string): T {
  if (value === null) throw new Error(`a row has no ${column}, which rows of its kind always have`);
  return value;
}

export function onlyRow<Row>(source: string, rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined || rows.length > 1)
    throw new Error(`${source} returned ${rows.length} rows instead of one`);
  return row;
}

/** For text that a function takes from a fixed set of words. */
export function oneOf<Word extends string>(words: readonly Word[], value: string, source: string): Word {
  const word = words.find((one) => one === value);
  if (word === undefined) throw new Error(`${source} returned the unknown word ${value}`);
  return word;
}
