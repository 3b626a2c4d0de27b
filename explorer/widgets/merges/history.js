// The history of a piece, which comes as one number a merge, as a forest that grows: first its bytes, then one part a merge.
// Numbers in, numbers out; no page here.

const KEY = 1_048_576; // more than there are kinds of parts: of two kinds one number, which is found faster than a text

// history: { sizes, start, joints, made }. sizes: bytes of each kind of part; start: the kinds of the first parts, in order; merge number k
// (from 1) joins the two parts that meet joints[k - 1] bytes into the piece, and makes a part of kind made[k - 1].
// Returns { parts, n, steps, levels, meets }. parts: { kind, first, last, level, step, left, right }: it covers the first parts `first` to
// `last` - 1, stands on `level` (0: bytes; else one above the higher of the two that it joins) and is there from `step` on; left, right:
// numbers of the parts that it joins, -1 for bytes. n: how many bytes; meets: by step, the first part before which that merge joins.
export function forestOf({ sizes, start, joints, made }) {
  const parts = start.map((kind, place) => ({ kind, first: place, last: place + 1, level: 0, step: 0, left: -1, right: -1 }));
  const beginsAt = parts.map((_, place) => place); // by first part: the number of the part that begins there now
  const endsAt = parts.map((_, place) => place);
  const placeOf = new Map();
  start.reduce((bytes, kind, place) => (placeOf.set(bytes, place), bytes + sizes[kind]), 0);
  const meets = joints.map((joint) => placeOf.get(joint));
  meets.forEach((place, number) => {
    const left = endsAt[place - 1], right = beginsAt[place];
    const [first, last] = [parts[left].first, parts[right].last];
    beginsAt[first] = endsAt[last - 1] = parts.length;
    parts.push({ kind: made[number], first, last, level: 1 + Math.max(parts[left].level, parts[right].level), step: number + 1, left, right });
  });
  return { parts, n: start.length, steps: joints.length, levels: parts.reduce((most, { level }) => Math.max(most, level), 0), meets };
}

// The numbers of the parts that the piece consists of after `step` merges, in order.
export function partsAfter({ parts, n }, step) {
  const beginsAt = [];
  for (let number = 0; number < n + step; number += 1) beginsAt[parts[number].first] = number;
  const found = [];
  for (let place = 0; place < n; place = parts[found.at(-1)].last) found.push(beginsAt[place]);
  return found;
}

// Of parts in a row, each two neighbours: { place, left, right, rank }: the first part before which they meet, the kinds, and how early
// they merge, null if they never do. ranks: [left, right, rank] of all kinds that do.
export function neighboursOf({ parts }, row, ranks) {
  const known = new Map(ranks.map(([left, right, rank]) => [left * KEY + right, rank]));
  return row.slice(1).map((number, before) => {
    const [left, right] = [parts[row[before]].kind, parts[number].kind];
    return { place: parts[number].first, left, right, rank: known.get(left * KEY + right) ?? null };
  });
}

// The same, one for each two kinds, lowest rank first, those without one last: { left, right, rank, times }.
export function candidatesOf(neighbours) {
  const found = new Map();
  for (const { left, right, rank } of neighbours) {
    const name = left * KEY + right;
    const one = found.get(name);
    if (one) one.times += 1;
    else found.set(name, { left, right, rank, times: 1 });
  }
  return [...found.values()].sort((a, b) => (a.rank ?? Infinity) - (b.rank ?? Infinity) || 0);
}

// Every merge: { step, at: the byte at which its part begins, left, right, made: the kinds }.
export function mergesOf(history) {
  const { parts, n } = forestOf(history);
  const bytes = [0];
  for (const kind of history.start) bytes.push(bytes.at(-1) + history.sizes[kind]);
  return parts.slice(n).map((part) => ({ step: part.step, at: bytes[part.first], left: parts[part.left].kind, right: parts[part.right].kind, made: part.kind }));
}
