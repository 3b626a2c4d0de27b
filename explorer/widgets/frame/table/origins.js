// Which number of the run a cell of a table that the server sent is: no page.

// What the drawer is asked for, null where nobody knows. origins: by column, a place in which { column } stands for the row's own cell there.
export function originIn(origins, row, column) {
  const origin = origins?.[column];
  if (!origin) return null;
  const here = (part) => (part?.column === undefined ? part : row[part.column]);
  return { ...origin, layer: here(origin.layer ?? null), index: origin.index.map(here) };
}
