// A text cut by the first so many merges of a vocabulary. Numbers in, numbers out; no page here.

const KEY = 65_536; // more than there are tokens

// merges: [left, right, made, …] in their order. A pair of tokens -> [how early it merges, what it becomes].
export function pairsOf(merges) {
  return new Map(merges.map(([left, right, made], rank) => [left * KEY + right, [rank, made]]));
}

// One piece, ids of its bytes, after the merges of rank below `n`: always the lowest rank, the leftmost among equals.
export function cutPiece(piece, pairs, n) {
  const ids = [...piece];
  for (;;) {
    let [lowest, at, becomes] = [n, -1, -1];
    for (let place = 0; place + 1 < ids.length; place += 1) {
      const found = pairs.get(ids[place] * KEY + ids[place + 1]);
      if (found && found[0] < lowest) [lowest, at, becomes] = [found[0], place, found[1]];
    }
    if (at < 0) return ids;
    ids.splice(at, 2, becomes);
  }
}

// All pieces, one after the other; those that are alike are cut once.
export function cutPieces(pieces, pairs, n) {
  const known = new Map();
  return pieces.flatMap((piece) => {
    const name = piece.join();
    if (!known.has(name)) known.set(name, cutPiece(piece, pairs, n));
    return known.get(name);
  });
}

// The two curves as [vocabulary size, bytes a token]: of the merges as far as they go, which begin with single bytes.
export function compression({ merges, bytes }) {
  let size = 257; // a token that two pairs spell counts once
  const made = new Set();
  const points = [[size, 1]];
  for (const [, , token, , nTokens] of merges) {
    if (!made.has(token)) size += 1;
    made.add(token);
    points.push([size, bytes / nTokens]);
  }
  return points;
}

// The value of a series of [x, y] at x, between its points; undefined outside.
export function valueAt(points, x) {
  for (let place = 1; place < points.length; place += 1) {
    const [[x0, y0], [x1, y1]] = [points[place - 1], points[place]];
    if (x0 <= x && x <= x1) return x1 === x0 ? y1 : y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
  }
  return undefined;
}
