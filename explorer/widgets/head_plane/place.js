// Where heads lie on the plane, and which of them are named: numbers in, numbers out.

const MOST_NAMED = 10;

// Axes go by the square root, both alike: most heads do little, and one that does much would press all others into a point.
export function stretched(value) {
  return Math.sign(value) * Math.sqrt(Math.abs(value));
}

// The numbers above 0 that are written along an axis of this end.
export function levelsOf(limit) {
  return [limit, limit / 4, limit / 20].map((one) => Number(one.toPrecision(2)));
}

// The heads that have a point, [{ row, column, adds, missing, kind }].
export function pointsOf(rows) {
  return rows.flatMap((cells, row) => cells.flatMap((cell, column) => (cell ? [{ row, column, ...cell }] : [])));
}

// Those that lie farthest from the middle, the farthest first: the ones that are worth a name.
export function outstanding(points, limit) {
  const far = ({ adds, missing }) => Math.max(Math.abs(adds), Math.abs(missing)) / limit;
  return points.filter((one) => far(one) > 0.12).sort((one, other) => far(other) - far(one)).slice(0, MOST_NAMED);
}

// The first ones, as far as their names, boxes [left, top, width, height], do not lie on one another.
export function unhidden(points, boxOf) {
  const kept = [];
  for (const point of points) {
    const [left, top, width, height] = boxOf(point);
    const isFree = kept.every(([, [otherLeft, otherTop]]) => Math.abs(left - otherLeft) >= width || Math.abs(top - otherTop) >= height);
    if (isFree) kept.push([point, [left, top]]);
  }
  return kept.map(([point]) => point);
}

// The point nearest to [x, y], at most `reach` away; null where there is none. at(point): its place.
export function nearest(points, at, [x, y], reach) {
  let found = null;
  let least = reach;
  for (const point of points) {
    const [px, py] = at(point);
    const apart = Math.hypot(px - x, py - y);
    if (apart <= least) [found, least] = [point, apart];
  }
  return found;
}
