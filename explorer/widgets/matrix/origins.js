// Which number of the run a cell is: no page, no canvas.

// What the drawer is asked for; null where the cell has no value or nobody knows where it comes from. origin: one for all rows, or one a row.
export function placeOf({ origin, about, size: [, columns] }, values, row, column) {
  const at = row * columns + column;
  const own = origin?.[origin.length > 1 ? row : 0];
  if (!own || Number.isNaN(values[at])) return null;
  const { site, layer, index, model } = own;
  return { ...(model ? { model } : {}), site, layer, index: index.map((part) => ({ row, column, cell: about?.[at] })[part] ?? part) };
}
