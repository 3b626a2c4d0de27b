// Which number of the run a cell is: no page, no canvas.

// What the drawer is asked for; null where the cell has no value or nobody knows where it comes from. origin: one for all rows, or one a row.
export function placeOf({ origin, size: [, columns] }, values, row, column) {
  if (!origin || Number.isNaN(values[row * columns + column])) return null;
  const { site, layer, index } = origin[origin.length > 1 ? row : 0];
  return { site, layer, index: index.map((part) => ({ row, column })[part] ?? part) };
}
