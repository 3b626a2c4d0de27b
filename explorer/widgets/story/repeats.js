// repeated_from of gpt2core/repetition.py: which earlier token each one repeats, null unless it lies in an n-gram seen before.
export function repeatedFrom(ids, n) {
  const source = new Array(ids.length).fill(null);
  const first = new Map();
  for (let start = 0; start + n <= ids.length; start += 1) {
    const gram = ids.slice(start, start + n).join();
    if (!first.has(gram)) first.set(gram, start);
    const earlier = first.get(gram);
    for (let offset = 0; earlier < start && offset < n; offset += 1) source[start + offset] ??= earlier + offset;
  }
  return source;
}
