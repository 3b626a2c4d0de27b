import { chip } from '../shared/chips.js';
import { finder, follow, node } from '../shared/dom.js';

const NAMES = ['A', 'B'];

const barFor = ({ length, share, note }, which) => {
  const bar = node('span', 'bar');
  bar.style.transform = `scaleX(${Math.min(1, length)})`;
  const track = node('span', 'track', bar, node('span', 'mark', note));
  return node('span', `line ${NAMES[which].toLowerCase()}`, node('span', 'letter', NAMES[which]), track, node('span', 'share', share));
};

const rowFor = ({ text, tint, bars }) =>
  node('li', 'row', node('span', 'name', chip({ text, tint })), node('span', 'both', ...bars.map(barFor)));

const lineOf = (cells, tag) => {
  const line = node('tr', '', ...cells.map((text, place) => node(place === 0 ? 'th' : tag, '', text)));
  line.firstChild.scope = 'row';
  return line;
};

export default function mount({ element, props, trigger, watch }) {
  const find = finder(element);

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
    find('pairs').hidden = !data;
    if (!data) return;
    const { heading, sentences, rows, rest, scores, note } = JSON.parse(data);
    for (const [name, text] of Object.entries({ rest, note })) find(name).textContent = text;
    find('sentences').replaceChildren(...sentences.map((sentence) => node('p', 'sentence', sentence)));
    find('rows').setAttribute('aria-label', heading);
    find('rows').replaceChildren(...rows.map(rowFor));
    drawScores(scores);
  };

  find('pairs').figureTable = () => {
    const { rows = [] } = JSON.parse(props.value?.data || '{}');
    return { columns: ['', ...NAMES], rows: rows.map(({ text, bars }) => [text, ...bars.map(({ share }) => share)]) };
  };

  watch('value', draw);
  draw();

  // Settings that changed while the tab was hidden are asked for when it is shown.
  const settingsNow = () => document.documentElement.dataset.sampling;
  let inSight = false;
  let drawnWith = settingsNow();
  follow(element, 'sampling-settings', () => {
    if (inSight) drawnWith = settingsNow();
  });
  new ResizeObserver(() => {
    const shown = element.offsetParent !== null;
    if (shown && !inSight && drawnWith !== settingsNow()) trigger('select');
    if (shown) drawnWith = settingsNow();
    inSight = shown;
  }).observe(element);
}
