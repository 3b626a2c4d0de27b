// Small things that all drawings of this widget use.

function filled(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function grouped(n) {
  return n.toLocaleString('en', { maximumFractionDigits: 6 });
}

function percent(share) {
  if (share === 0 || share === 1) return `${100 * share} %`;
  if (share > 0.9995) return '> 99.9 %';
  if (share < 1e-5) return '< 0.001 %';
  return share >= 0.001 ? `${(100 * share).toFixed(1)} %` : `${(100 * share).toPrecision(2)} %`;
}

function signed(value, digits = 2) {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;
}

function node(tag, className, text = '') {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text; // data, never markup
  return made;
}

function svgNode(tag, attributes, text = '') {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text; // data, never markup
  return made;
}

function put(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

function floats(packed) {
  const text = atob(packed);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  return new Float32Array(bytes.buffer);
}

function offer(name, type, text) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// One line of a CSV file; quoted, so that commas and quotes in a token stay inside their cell.
function csvLine(cells) {
  return cells.map((cell) => (typeof cell === 'number' ? String(cell) : `"${cell.replaceAll('"', '""')}"`)).join(',');
}
