// The table behind the picture, for whoever saves it.

import { placeOf } from './origins.js';

// {columns, rows, origins}: the names of the rows come first; values are exact, cells without one ''. origins(row, place): which number
// of the run a cell of these rows is, null for a name.
export function figureTable(table, values) {
  const [nRows, nColumns] = table.size;
  const columns = Array.from({ length: nColumns }, (_, column) => savedName(column, table.columns));
  const rows = Array.from({ length: nRows }, (_, row) => {
    const cells = Array.from(values.subarray(row * nColumns, (row + 1) * nColumns), (value) => (Number.isNaN(value) ? '' : value));
    return [savedName(row, table.rows), ...cells];
  });
  const origins = (row, place) => (place ? placeOf(table, values, row, place - 1) : null);
  return { columns: [table.rows.name, ...columns], rows, origins };
}

// Each one different: a token with its place before it.
function savedName(index, { labels }) {
  if (!labels) return String(index);
  return labels[index].length === 2 ? `${index} ${labels[index][0]}` : labels[index][0];
}
