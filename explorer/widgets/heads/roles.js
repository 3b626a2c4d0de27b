// In which order the heads stand, and with which score: no page. A place is [layer, head].

// scores: [layer][head], null where there is none. Those of at least `least`, the highest first, among equals as they stand in the model.
export function ranked(scores, least = -Infinity) {
  const all = scores.flatMap((row, layer) => row.map((score, head) => ({ layer, head, score })));
  return all.filter(({ score }) => score !== null && score >= least).sort((one, other) => other.score - one.score || one.layer - other.layer || one.head - other.head);
}

// All heads as they stand in the model, [row][column].
export function asInModel(layers, heads) {
  return Array.from({ length: layers }, (_, layer) => Array.from({ length: heads }, (_, head) => ({ layer, head })));
}

// A list in rows of `across`.
export function inRows(places, across) {
  const rows = [];
  for (let start = 0; start < places.length; start += across) rows.push(places.slice(start, start + across));
  return rows;
}

// Where a head stands among rows, [row, column]; null where it was left out.
export function placeOf(rows, layer, head) {
  for (const [row, places] of rows.entries()) {
    const column = places.findIndex((place) => place.layer === layer && place.head === head);
    if (column >= 0) return [row, column];
  }
  return null;
}
