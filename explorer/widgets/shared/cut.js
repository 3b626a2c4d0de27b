// Text that is too long for its place: no page, no canvas.

// As much of a text as `most` pixels hold, with an ellipsis where something is left out; never half a character.
export function cut(text, most, widthOf) {
  if (widthOf(text) <= most) return text;
  const letters = charactersOf(text);
  let fits = 0;
  let fails = letters.length;
  while (fails - fits > 1) {
    const middle = (fits + fails) >> 1;
    if (widthOf(`${letters.slice(0, middle).join('')}…`) <= most) fits = middle;
    else fails = middle;
  }
  return `${letters.slice(0, fits).join('')}…`;
}

function charactersOf(text) {
  if (typeof Intl !== 'object' || !Intl.Segmenter) return [...text];
  return Array.from(new Intl.Segmenter().segment(text), (part) => part.segment);
}
