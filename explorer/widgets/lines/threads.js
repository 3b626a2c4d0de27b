// Which lines there are and what they say: no page, no canvas.

// Every line of the heads in `places` (of the list that was sent) from or to the token `read`, null for all tokens; strongest last, so that
// none hides it. Returns [{ place, from, to, weight }].
export function threadsOf(weights, n, places, read, least) {
  const found = [];
  for (const place of places) {
    for (let from = 0; from < n; from++) {
      for (let to = 0; to < n; to++) {
        const weight = weights[(place * n + from) * n + to];
        if (weight >= least && isRead(read, from, to)) found.push({ place, from, to, weight });
      }
    }
  }
  return found.sort((one, other) => one.weight - other.weight);
}

// read: { side: 'from' | 'to', token }, or null.
function isRead(read, from, to) {
  return !read || (read.side === 'from' ? from : to) === read.token;
}

// The heads of `layer` that are drawn, as places in the list: the picked one, and those chosen beside it.
export function placesShown(heads, layer, head, chosen) {
  return heads.flatMap(([at, one], place) => (at === layer && (one === head || chosen.includes(one)) ? [place] : []));
}

// "0,3" as [0, 3].
export function headsOf(text) {
  return text ? text.split(',').map(Number) : [];
}
