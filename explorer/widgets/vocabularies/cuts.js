// Where vocabularies cut a text, and where two of them disagree. Numbers in, numbers out; no page here.

// After how many bytes each token but the last ends.
export function cutsOf(sizes) {
  const found = [];
  let at = 0;
  for (const size of sizes.slice(0, -1)) found.push((at += size));
  return found;
}

// Cuts that only one of two vocabularies makes: { more, fewer }, in bytes: those of `sizes` alone, those of `others` alone.
export function disagreements(sizes, others) {
  const mine = new Set(cutsOf(sizes)), theirs = new Set(cutsOf(others));
  return { more: [...mine].filter((at) => !theirs.has(at)), fewer: [...theirs].filter((at) => !mine.has(at)) };
}

// From bytes to places along a line. characters: [text, bytes, places]; inside a character as far as its bytes go.
export function placesOf(characters) {
  const starts = [0], places = [0];
  for (const [, bytes, wide] of characters) {
    starts.push(starts.at(-1) + bytes);
    places.push(places.at(-1) + wide);
  }
  return (byte) => {
    let [low, high] = [0, starts.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= byte) low = middle;
      else high = middle;
    }
    if (high === low) return places[low];
    return places[low] + ((places[high] - places[low]) * (byte - starts[low])) / (starts[high] - starts[low]);
  };
}
