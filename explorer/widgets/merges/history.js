// The history of a piece, which comes as one number a merge, unrolled as far as it is looked at. Numbers in, numbers out; no page here.

// history: { sizes, start, joints, made }. sizes: bytes of each kind of part; start: the kinds of the first parts, in order; merge number k
// (from 1) joins the two parts that meet joints[k - 1] bytes into the piece, and makes a part of kind made[k - 1].
// Rows first to first + count - 1, as far as there are so many; row k is the piece after k merges: { step, parts, hiddenBefore, hiddenAfter,
// merged, left, right }. parts: at most `room` kinds, around the one just made, which is parts[merged]; hiddenBefore, hiddenAfter: how many lie
// beyond; left, right: the kinds that met. Row 0 has merged -1, and left and right null.
export function rowsOf({ sizes, start, joints, made }, first, count, room) {
  const line = lineOf(sizes, start);
  const rows = [];
  for (let step = 0; step <= joints.length && step < first + count; step += 1) {
    const merge = step > 0 ? join(line, joints[step - 1], made[step - 1]) : { at: -1, left: null, right: null };
    if (step >= first) rows.push({ step, left: merge.left, right: merge.right, ...around(line, merge.at, room) });
  }
  return rows;
}

// Every merge: { step, at: the byte at which its part begins, left, right, made: the kinds }.
export function mergesOf({ sizes, start, joints, made }) {
  const line = lineOf(sizes, start);
  return joints.map((joint, place) => ({ step: place + 1, ...join(line, joint, made[place]), made: made[place] }));
}

// The page of `count` rows on which row `step` of 0 to `last` is drawn; the pages begin at 0.
export function pageOf(step, last, count) {
  return Math.floor(Math.max(0, Math.min(last, step)) / count) * count;
}

// Parts by the byte at which they begin: their kind, where the next one begins, where the one before.
function lineOf(sizes, start) {
  const line = { kind: new Map(), next: new Map(), before: new Map(), n: start.length, length: 0 };
  for (const kind of start) {
    line.kind.set(line.length, kind);
    line.next.set(line.length, line.length + sizes[kind]);
    line.before.set(line.length + sizes[kind], line.length);
    line.length += sizes[kind];
  }
  return line;
}

function join(line, middle, made) {
  const at = line.before.get(middle), end = line.next.get(middle);
  const left = line.kind.get(at), right = line.kind.get(middle);
  line.kind.set(at, made);
  line.next.set(at, end);
  line.before.set(end, at);
  for (const table of [line.kind, line.next, line.before]) table.delete(middle);
  line.n -= 1;
  return { at, left, right };
}

function around(line, at, room) {
  const kinds = [];
  let merged = -1;
  for (let place = 0; place < line.length; place = line.next.get(place)) {
    if (place === at) merged = kinds.length;
    kinds.push(line.kind.get(place));
  }
  const from = Math.max(0, Math.min(merged - Math.floor(room / 2), line.n - room));
  const parts = kinds.slice(from, from + room);
  return { parts, merged: merged < 0 ? -1 : merged - from, hiddenBefore: from, hiddenAfter: line.n - from - parts.length };
}
