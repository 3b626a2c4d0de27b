const find = (name) => element.querySelector(`.${name}`);
const names = ['A', 'B'];

const node = (tag, className, text = '') => {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text; // data, never markup
  return made;
};

const barFor = ({ length, share, note }, which) => {
  const line = node('span', `line ${names[which].toLowerCase()}`);
  const track = node('span', 'track');
  const bar = node('span', 'bar');
  bar.style.transform = `scaleX(${Math.min(1, length)})`;
  track.append(bar, node('span', 'mark', note));
  line.append(node('span', 'letter', names[which]), track, node('span', 'share', share));
  return line;
};

const rowFor = ({ text, tint, bars }) => {
  const row = node('li', 'row');
  const chip = node('bdi', 'chip', text);
  chip.style.background = `var(--token-${tint})`;
  const name = node('span', 'name');
  name.append(chip);
  const both = node('span', 'both');
  both.append(...bars.map(barFor));
  row.append(name, both);
  return row;
};

const lineOf = (cells, tag) => {
  const line = document.createElement('tr');
  line.append(...cells.map((text, place) => node(place === 0 ? 'th' : tag, '', text)));
  line.firstChild.scope = 'row';
  return line;
};

const drawScores = (scores) => {
  const table = find('scores');
  table.hidden = !scores;
  if (!scores) return;
  table.caption.textContent = scores.caption;
  table.tHead.replaceChildren(lineOf(scores.head, 'th'));
  table.tBodies[0].replaceChildren(...scores.lines.map((cells) => lineOf(cells, 'td')));
};

const draw = () => {
  const { data } = props.value || {};
  element.querySelector('.pairs').hidden = !data;
  if (!data) return;
  const { heading, sentences, legend, rows, rest, scores, note } = JSON.parse(data);
  for (const [name, text] of Object.entries({ heading, legend, rest, note })) find(name).textContent = text;
  find('sentences').replaceChildren(...sentences.map((sentence) => node('p', 'sentence', sentence)));
  find('rows').setAttribute('aria-label', heading);
  find('rows').replaceChildren(...rows.map(rowFor));
  drawScores(scores);
};

watch('value', draw);
draw();

// Settings that changed while the tab was hidden are asked for when it is shown.
const settingsNow = () => document.documentElement.dataset.sampling;
let inSight = false;
let drawnWith = settingsNow();
document.addEventListener('sampling-settings', () => {
  if (inSight) drawnWith = settingsNow();
});
new ResizeObserver(() => {
  const shown = element.offsetParent !== null;
  if (shown && !inSight && drawnWith !== settingsNow()) trigger('select');
  if (shown) drawnWith = settingsNow();
  inSight = shown;
}).observe(element);
