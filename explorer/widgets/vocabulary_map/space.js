// Where points lie on the screen, and which one is where a finger or a key leads: no page here.
// points: x, y, z of each, three numbers each. view: { x, y } of what is in the middle, scale in pixels for 1, turn and tilt in radians.

export const FLAT = { turn: 0, tilt: 0 };
const REACH = 3; // of a direction: how much farther to the side counts than straight on

// Between two ages, into `out`: points of all ages one after the other, `n` points each; age 1.25 is a quarter of the way from 1 to 2.
export function atAge(points, n, age, out) {
  const last = points.length / (3 * n) - 1;
  const from = Math.max(0, Math.min(last, Math.floor(age)));
  const to = Math.min(last, from + 1);
  const part = Math.max(0, Math.min(1, age - from));
  const a = from * 3 * n, b = to * 3 * n;
  for (let i = 0; i < 3 * n; i++) out[i] = points[a + i] + part * (points[b + i] - points[a + i]);
  return out;
}

// Fills at (x, y of each) and depth (of each, towards the eye, about -1 to 1).
export function project(points, n, view, { width, height }, at, depth) {
  const { x, y, scale, turn, tilt } = view;
  const [cosTurn, sinTurn, cosTilt, sinTilt] = [Math.cos(turn), Math.sin(turn), Math.cos(tilt), Math.sin(tilt)];
  for (let i = 0; i < n; i++) {
    const px = points[3 * i], py = points[3 * i + 1], pz = points[3 * i + 2];
    const across = px * cosTurn + pz * sinTurn, near = pz * cosTurn - px * sinTurn;
    at[2 * i] = width / 2 + (across - x) * scale;
    at[2 * i + 1] = height / 2 - (py * cosTilt - near * sinTilt - y) * scale;
    depth[i] = Math.max(-1, Math.min(1, (py * sinTilt + near * cosTilt) / 2));
  }
}

// { x, y, scale } so that all but the outermost of the points that are `shown` (a function of the point) fill the window; those of `held`
// are in it however far out they lie.
export function fitted(points, n, shown, held, { width, height }, turned = FLAT) {
  const at = new Float32Array(2 * n), depth = new Float32Array(n);
  project(points, n, { x: 0, y: 0, scale: 1, ...turned }, { width: 0, height: 0 }, at, depth);
  const kept = Array.from({ length: n }, (_, i) => i).filter(shown);
  if (!kept.length) return { x: 0, y: 0, scale: Math.min(width, height) / 4 };
  const inside = held.filter((i) => i < n && shown(i));
  const side = (of) => {
    const values = kept.map(of).sort((one, other) => one - other);
    const out = Math.floor(0.001 * values.length);
    const all = [values[out], values[values.length - 1 - out], ...inside.map(of)];
    return [Math.min(...all), Math.max(...all)];
  };
  const [left, right] = side((i) => at[2 * i]);
  const [top, bottom] = side((i) => at[2 * i + 1]);
  const scale = 0.86 * Math.min(width / Math.max(1e-3, right - left), height / Math.max(1e-3, bottom - top));
  return { x: (left + right) / 2, y: -(top + bottom) / 2, scale };
}

// The view after zooming by `factor`, what lies at (px, py) staying there.
export function zoomed(view, factor, px, py, { width, height }) {
  const dx = (px - width / 2) / view.scale, dy = (height / 2 - py) / view.scale;
  return { ...view, scale: view.scale * factor, x: view.x + dx - dx / factor, y: view.y + dy - dy / factor };
}

// The shown point that is nearest to (px, py), -1 where none is within `reach` pixels.
export function pointAt(at, n, shown, px, py, reach) {
  let found = -1, least = reach * reach;
  for (let i = 0; i < n; i++) {
    const dx = at[2 * i] - px, dy = at[2 * i + 1] - py;
    const far = dx * dx + dy * dy;
    if (far < least && shown(i)) [found, least] = [i, far];
  }
  return found;
}

// The shown point inside the window that lies nearest in a direction, [1, 0] to the right, from point `from`; `from` where there is none.
export function stepTo(at, n, shown, from, [dx, dy], { width, height }) {
  let found = from, least = Infinity;
  for (let i = 0; i < n; i++) {
    const x = at[2 * i], y = at[2 * i + 1];
    if (i === from || x < 0 || y < 0 || x > width || y > height || !shown(i)) continue;
    const along = (x - at[2 * from]) * dx + (y - at[2 * from + 1]) * dy;
    const aside = Math.abs((x - at[2 * from]) * dy) + Math.abs((y - at[2 * from + 1]) * dx);
    const far = along + REACH * aside;
    if (along > 0.5 && aside <= along && far < least) [found, least] = [i, far];
  }
  return found;
}
