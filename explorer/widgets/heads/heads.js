// The canvas shows, the keys over it are picked: one tab stop, arrows move, as the ARIA practices describe for a grid.
const frame = element.querySelector('.heads');
const canvas = element.querySelector('canvas');
const grid = element.querySelector('.heads-grid');
let painted;
let keys = []; // [layer][head]

const box = (tag, role, className, text = '') => {
  const made = document.createElement(tag);
  made.setAttribute('role', role);
  made.className = className;
  made.textContent = text;
  return made;
};

const pick = (layer, head) => {
  mark(layer, head);
  keys[layer][head].focus({ preventScroll: true });
  props.value = { ...props.value, layer, head };
  trigger('pick');
};

const mark = (layer, head) => {
  keys.flat().forEach((key) => {
    const picked = key === (keys[layer] || [])[head];
    key.setAttribute('aria-selected', String(picked));
    key.tabIndex = picked ? 0 : -1;
  });
};

const keyFor = (layer, head, name) => {
  const key = box('div', 'gridcell', 'head');
  key.title = name;
  key.setAttribute('aria-label', name);
  key.addEventListener('click', () => pick(layer, head));
  return key;
};

const lay = ({ layers, heads, label, cell_label: cellLabel }) => {
  const name = (layer, head) => cellLabel.replace('{layer}', layer).replace('{head}', head);
  const header = box('div', 'row', 'heads-row heads-header');
  header.append(box('span', 'columnheader', 'heads-number'));
  header.firstChild.setAttribute('aria-label', label);
  for (let head = 0; head < heads; head++) header.append(box('span', 'columnheader', 'heads-number', String(head)));
  keys = Array.from({ length: layers }, (_, layer) => Array.from({ length: heads }, (_, head) => keyFor(layer, head, name(layer, head))));
  const rows = keys.map((row, layer) => {
    const line = box('div', 'row', 'heads-row');
    line.append(box('span', 'rowheader', 'heads-number', String(layer)), ...row);
    return line;
  });
  grid.setAttribute('aria-label', label);
  grid.replaceChildren(header, ...rows);
  frame.style.setProperty('--heads', heads);
};

const paint = ({ layers, heads, side, dots, palette }) => {
  const scale = pixelsPerDot(side, layers, heads);
  const size = side * scale;
  const weights = unpacked(dots);
  const colours = unpacked(palette);
  const one = document.createElement('canvas');
  one.width = one.height = side;
  canvas.width = heads * size;
  canvas.height = layers * size;
  const context = canvas.getContext('2d');
  context.imageSmoothingEnabled = false;
  for (let index = 0; index < layers * heads; index++) {
    one.getContext('2d').putImageData(new ImageData(headPixels(weights, colours, side, index), side, side), 0, 0);
    context.drawImage(one, (index % heads) * size, Math.floor(index / heads) * size, size, size);
  }
};

const draw = () => {
  const value = props.value || {};
  if (!value.dots) return;
  if (value.layers !== keys.length || value.heads !== keys[0].length) lay(value);
  if (value.dots !== painted) paint(value);
  painted = value.dots;
  mark(value.layer ?? 0, value.head ?? 0);
};

grid.addEventListener('keydown', (event) => {
  const { layers, heads, layer = 0, head = 0 } = props.value;
  const target = stepFrom([layer, head], event.key, layers, heads);
  if (!target) return;
  event.preventDefault();
  pick(...target);
});

watch('value', draw);
draw();
