// The table behind the picture, for whoever saves it.

// {columns, rows}: the names of the rows come first; values are exact, cells without one ''.
export function figureTable(table, values) {
  const [nRows, nColumns] = table.size;
  const columns = Array.from({ length: nColumns }, (_, column) => savedName(column, table.columns));
  const rows = Array.from({ length: nRows }, (_, row) => {
    const cells = Array.from(values.subarray(row * nColumns, (row + 1) * nColumns), (value) => (Number.isNaN(value) ? '' : value));
    return [savedName(row, table.rows), ...cells];
  });
  return { columns: [table.rows.name, ...columns], rows };
}

// Each one different: a token with its place before it.
function savedName(index, { labels }) {
  if (!labels) return String(index);
  return labels[index].length === 2 ? `${index} ${labels[index][0]}` : labels[index][0];
}
