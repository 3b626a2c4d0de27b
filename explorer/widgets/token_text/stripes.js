// A character that several tokens share, as stripes as wide as their bytes. No page here.

// owners: [token, bytes] in order; colourOf(token). A CSS background.
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
