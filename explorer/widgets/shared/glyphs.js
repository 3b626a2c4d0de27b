// Tokens as stretches of the text that they spell, the twin of explorer/wording/glyphs.py; and the stripes of what several share. No page here.

// characters: [text, bytes] in order; sizes: how many bytes each token holds, in order. Returns [{ text, owners: [[token, bytes]] }]: what is
// one token's own in one stretch, a character that several share by itself.
export function glyphsOf(characters, sizes) {
  const found = [];
  let token = 0;
  let left = sizes[0] ?? 0; // bytes of the token that are still to be placed
  for (const [text, bytes] of characters) {
    const owners = [];
    for (let open = bytes; open > 0 && token < sizes.length; ) {
      const n = Math.min(open, left);
      if (n > 0) owners.push([token, n]);
      open -= n;
      left -= n;
      if (left === 0) left = sizes[(token += 1)] ?? 0;
    }
    const last = found.at(-1);
    if (last && owners.length === 1 && last.owners.length === 1 && last.owners[0][0] === owners[0][0]) {
      last.text += text;
      last.owners[0][1] += owners[0][1];
    } else {
      found.push({ text, owners });
    }
  }
  return found;
}

// A CSS background of stripes as wide as the bytes of each owner. colourOf(token).
export function striped(owners, colourOf) {
  if (owners.length === 1) return colourOf(owners[0][0]);
  const all = owners.reduce((sum, [, n]) => sum + n, 0);
  let at = 0;
  const stops = owners.map(([owner, n]) => {
    const from = at;
    at += n;
    return `${colourOf(owner)} ${percentage(from, all)} ${percentage(at, all)}`;
  });
  return `linear-gradient(to right, ${stops.join(', ')})`;
}

function percentage(part, all) {
  return `${Number(((100 * part) / all).toFixed(3))}%`;
}
