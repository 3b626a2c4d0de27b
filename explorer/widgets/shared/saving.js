// Files that the page offers: pictures and tables.

// Long enough for a browser to begin the download, after which the address is of no use.
const KEPT_MS = 1000;

export function offer(name, blob) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}

export function offerText(name, type, text) {
  offer(name, new Blob([text], { type }));
}

// Rows of strings and numbers as RFC 4180 has them: text in quotes, so that commas, quotes and line ends stay inside their cell.
export function csvLine(cells) {
  return cells.map((cell) => (typeof cell === 'string' ? `"${cell.replaceAll('"', '""')}"` : String(cell ?? ''))).join(',');
}

export function csv(rows) {
  return rows.map((cells) => `${csvLine(cells)}\r\n`).join('');
}

export function offerPng(name, canvas) {
  canvas.toBlob((blob) => offer(name, blob), 'image/png');
}

const STYLES = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'font-family', 'font-size', 'font-weight', 'opacity'];

// A drawing as it stands, the page's colours written into it, on a ground of the colour `paper`.
export function svgText(svg, paper) {
  const copy = svg.cloneNode(true);
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  const drawn = svg.querySelectorAll('*');
  copy.querySelectorAll('*').forEach((part, index) => {
    const style = getComputedStyle(drawn[index]);
    for (const name of STYLES) part.style.setProperty(name, style.getPropertyValue(name));
  });
  const ground = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  for (const [name, value] of Object.entries({ width: '100%', height: '100%', fill: paper })) ground.setAttribute(name, value);
  copy.prepend(ground);
  return new XMLSerializer().serializeToString(copy);
}

export function offerSvg(name, svg, paper) {
  offerText(name, 'image/svg+xml', svgText(svg, paper));
}
