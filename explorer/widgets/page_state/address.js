// The address of what is on screen, as numbers in and text out: no page.

// held: what the link holds, by name; before: the query as it is, of which only what is Gradio's (__theme) stays. What makes the
// address longer than `most` characters is left out, the longest first, and named in `left`.
export function linkOf(held, before, most) {
  const query = new URLSearchParams(before);
  for (const name of [...query.keys()]) if (!name.startsWith('__')) query.delete(name);
  for (const [name, value] of Object.entries(held)) query.set(name, value);
  const left = [];
  const longest = Object.keys(held).sort((a, b) => String(held[b]).length - String(held[a]).length);
  while (query.toString().length > most && longest.length) {
    left.push(longest.shift());
    query.delete(left.at(-1));
  }
  return { query: query.toString(), left };
}

// A sentence that was read brings the cursor as it was when it was sent off, `asked`: what has moved since then stays moved, within
// `limits`.
export function settled({ asked, limits, ...read }, last) {
  for (const part of Object.keys(asked).filter((name) => last[name] !== asked[name])) {
    read[part] = part in limits ? Math.min(last[part], limits[part] - 1) : last[part];
  }
  return read;
}
