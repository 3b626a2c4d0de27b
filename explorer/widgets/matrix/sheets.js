// Which of several sheets lies on top: no page, no canvas.

// Its place in the list; −1 where it was not sent. A sheet of no single head (head null) is that of every head of its layer.
export function sheetAt(sheets, place) {
  if (!sheets || !place) return -1;
  return sheets.findIndex(({ layer, head }) => layer === place.layer && (head === null || head === place.head));
}
