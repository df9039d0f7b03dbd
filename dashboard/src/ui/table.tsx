import type { ComponentChildren, JSX } from "preact";

export interface Column<Row> {
  readonly name: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Figures stand at the right. */
  readonly isFigure?: boolean;
  /** Its cells say what they are: the name is for whoever does not see them. */
  readonly isUnnamed?: boolean;
}

interface TableProps<Row> {
  /** What the rows are, for whoever does not see the heading above. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly empty?: ComponentChildren;
  readonly rowClass?: (row: Row) => string;
}

/** A real table, which scrolls inside its own box when it is wider than the page. */
export function Table<Row>({ caption, columns, rows, keyOf, empty, rowClass }: TableProps<Row>): JSX.Element {
  if (rows.length === 0) return <p class="empty">{empty ?? "Nothing here."}</p>;
  return (
    <div class="scroll" role="region" aria-label={caption} tabIndex={0}>
      <table>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ name, isFigure, isUnnamed }) => (
              <th key={name} scope="col" class={isFigure ? "figure" : ""}>
                <span class={isUnnamed ? "unseen" : ""}>{name}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)} class={rowClass?.(row) ?? ""}>
              {columns.map(({ name, cell, isFigure }) => (
                <td key={name} class={isFigure ? "figure" : ""}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
