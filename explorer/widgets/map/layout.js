// Where everything lies on the map: numbers in, rectangles out; no page, no canvas. Rectangles are { x, y, width, height }.
//
// A column for the tokens, one for their rows of numbers, one for each layer, one for the final norm, one for the next token. In a
// layer's column its heads, its MLP, and below them one line a token: the residual stream.

const WIDE = 3.6; // a column narrower than so many letters' sizes is a narrow one
const MOST_ROWS = 40;
const LABELS = 9; // of the zones, left of the layers

export const isNarrow = (column, size) => column.width < WIDE * size;

// about: { layers, heads, tokens } how many; widest: of the tokens' names; at: { token, layer }; open: whether the picked layer is.
export function layoutOf({ width, height, size, about, widest, at, open }) {
  const tall = width < 40 * size; // a phone: the next tokens stand below
  const gap = 0.5 * size;
  const embed = (tall ? 1.6 : 3) * size;
  const named = Math.min(widest + 1.2 * size, (tall ? 0.22 : 0.14) * width);
  const tokens = tall ? named : Math.max(named, LABELS * size - embed);
  const norm = (tall ? 1 : 3) * size;
  const bars = tall ? 0 : Math.min(17 * size, 0.22 * width);
  const first = tokens + embed;
  const middle = width - first - norm - bars - 2 * gap;
  const columns = tall && open // on a phone an open layer has the whole width
    ? Array.from({ length: about.layers }, (_, layer) => (layer === at.layer ? { x: 0, width } : { x: 0, width: 0 }))
    : layerColumns(about.layers, first + gap, middle, size, at.layer, open);

  const title = 1.5 * size;
  const below = tall ? title + 6 * 1.5 * size : 0; // the next tokens
  const headsHigh = Math.max(3 * size, Math.min(0.25 * (height - below), 7.5 * size));
  const mlp = { y: title + headsHigh + gap, height: 1.1 * size };
  const top = mlp.y + mlp.height + gap;
  const bottom = height - below - (tall ? size : 0);
  const rows = tokenRows(about.tokens, top, bottom - top, size, at.token, open);
  const end = first + gap + middle + gap;
  return {
    width, height, size, tall, open, at, about, columns, rows, top, bottom, mlp,
    title: { y: 0, height: title },
    heads: { y: title, height: headsHigh },
    tokens: { x: 0, width: tokens },
    embed: { x: tokens, width: embed },
    norm: { x: end - gap, width: norm },
    bars: tall
      ? { x: 0, y: bottom + size, width, height: below - 0.2 * size }
      : { x: end + norm, y: 0, width: width - end - norm, height },
  };
}

// One { x, width } a layer. Where all cannot be wide, the picked one is; where it is open, it takes what the others can spare.
function layerColumns(n, start, room, size, picked, open) {
  const even = Math.max(0, room) / n;
  let wide = even;
  if (open && n > 1) wide = room - (n - 1) * Math.min(even, Math.max(0.2 * size, Math.min(1.8 * size, (0.22 * room) / (n - 1))));
  else if (n > 1 && even < WIDE * size) wide = Math.min(8 * size, 0.4 * room);
  const other = n > 1 ? (room - wide) / (n - 1) : wide;
  let x = start;
  return Array.from({ length: n }, (_, layer) => {
    const column = { x, width: layer === picked ? wide : other };
    x += column.width;
    return column;
  });
}

// Lines from top to bottom: { token, y, height, line } with `line` where the stream runs, or { folded: [from, to], y, height } for what
// is left out. The picked token's line has room for guesses below it.
function tokenRows(n, top, room, size, picked, open) {
  const guesses = open ? 0 : 2.5 * size;
  const least = 1.3 * size;
  const fits = Math.max(1, Math.min(MOST_ROWS, Math.floor((room - guesses) / least)));
  const [from, to] = windowOf(n, fits, picked);
  const lines = [...(from > 0 ? [{ folded: [0, from] }] : []), ...Array.from({ length: to - from }, (_, i) => ({ token: from + i })), ...(to < n ? [{ folded: [to, n] }] : [])];
  const high = Math.min(2.2 * size, (room - guesses) / lines.length);
  let y = top;
  return lines.map((line) => {
    const height = high + (line.token === picked ? guesses : 0);
    const row = { ...line, y, height, line: y + high / 2 };
    y += height;
    return row;
  });
}

// Which tokens stay, [from, to): all if they fit, else those around the picked one, with a line for each end that is folded.
export function windowOf(n, fits, picked) {
  if (n <= fits) return [0, n];
  const shown = Math.max(1, fits - 2);
  const from = Math.max(0, Math.min(n - shown, picked - Math.floor(shown / 2)));
  if (from === 0) return [0, Math.min(n, shown + 1)];
  return from === n - shown ? [Math.max(0, from - 1), n] : [from, from + shown];
}

// The row of a token, or of the fold that holds it.
export function rowOf(layout, token) {
  return layout.rows.find((row) => row.token === token || (row.folded && token >= row.folded[0] && token < row.folded[1]));
}

// The square pictures of a layer's heads: { side, at(head) -> { x, y } }, as large as the zone allows.
export function headSquares(layout, layer) {
  const { x, width } = layout.columns[layer];
  const { y, height } = layout.heads;
  const n = layout.about.heads;
  const inset = Math.min(4, 0.06 * width), wide = width - 2 * inset;
  let best = { side: 0, across: 1 };
  for (let across = 1; across <= n; across++) {
    const side = Math.min(wide / across, height / Math.ceil(n / across));
    if (side > best.side) best = { side, across };
  }
  const { side, across } = best;
  const room = side > 12 ? 3 : side > 5 ? 1 : 0; // between them
  const left = x + inset + (wide - across * side) / 2;
  return { side: side - room, at: (head) => ({ x: left + (head % across) * side + room / 2, y: y + Math.floor(head / across) * side + room / 2 }) };
}

// Where in a layer's column its attention and its MLP write to the stream.
export function joints(column) {
  return { attn_out: column.x + 0.42 * column.width, mlp_out: column.x + 0.86 * column.width };
}

// One line a step of an open layer's inside: its name, its shape and what it learned where there is room for them, its numbers, the
// largest of them.
export function stripRows(layout, n) {
  const { x, width } = layout.columns[layout.at.layer];
  const { size } = layout;
  const whole = width > 34 * size;
  const named = (whole ? 18 : 7) * size, told = 4.4 * size;
  const top = layout.title.y + layout.title.height + 2;
  const high = (layout.bottom - top) / n;
  const strip = Math.max(4, Math.min(1.1 * size, high - 4));
  return Array.from({ length: n }, (_, index) => ({
    y: top + index * high, height: high,
    name: { x: x + 16, width: (whole ? 8 : 7) * size - 20 },
    shape: whole ? { x: x + 0.72 * named } : null,
    parameters: whole ? { x: x + named - 12 } : null,
    strip: { x: x + named, y: top + index * high + (high - strip) / 2, width: Math.max(size, width - named - told), height: strip },
    told: { x: x + width - told + 6, width: told - 8 },
  }));
}

// One line a next token.
export function barRows(layout, n, pairs) {
  const { x, y, width, height } = layout.bars;
  const top = y + layout.title.height;
  const room = height - (top - y);
  const most = Math.max(1, Math.min(layout.tall ? 6 : 10, Math.floor(room / (1.45 * layout.size))));
  const high = Math.min((pairs ? 2.3 : 1.9) * layout.size, room / most);
  return Array.from({ length: Math.min(n, Math.floor(room / high + 0.01)) }, (_, index) => ({ x, y: top + index * high, width, height: high }));
}

export function isInside({ x, y, width, height }, px, py) {
  return px >= x && px < x + width && py >= y && py < y + height;
}
