// Which labels have room: no page here.

// Boxes { left, top, right, bottom } of the labels that are placed, in the order in which they were asked for; the first have the first say.
export function room(width, height) {
  const taken = [];
  const isFree = (box, gap) => box.left >= 0 && box.top >= 0 && box.right <= width && box.bottom <= height
    && taken.every((one) => box.left > one.right + gap || box.right < one.left - gap || box.top > one.bottom + gap || box.bottom < one.top - gap);

  // The place of a label of this size beside the point: right of it, left, above, below; null where none is free. must: it is put to the
  // right, or to the left at the edge, whatever lies there.
  const place = (x, y, wide, high, away, { gap = 2, must = false } = {}) => {
    const boxes = [
      [x + away, y - high / 2],
      [x - away - wide, y - high / 2],
      [x - wide / 2, y - away - high],
      [x - wide / 2, y + away],
    ].map(([left, top]) => ({ left, top, right: left + wide, bottom: top + high }));
    const found = boxes.find((box) => isFree(box, gap)) ?? (must ? boxes[x + away + wide > width ? 1 : 0] : null);
    if (found) taken.push(found);
    return found;
  };
  return { place };
}
