import { chip } from '../shared/chips.js';
import { filled, finder, follow, node } from '../shared/dom.js';
import { opener, openersIn } from '../shared/openers.js';
import { nextToken } from '../shared/origins.js';

const NAMES = ['A', 'B'];

// What the drawer is asked for a bar; of a share after filters it is the logit that they were given.
const originOf = ({ token_id: id }, { position, ...model }, settings) => {
  if (id === null) return null;
  const { logits, share } = nextToken(id, position, settings, model);
  return share ?? logits;
};

// valueFor(bar, which): the number beside the bar.
const barFor = ({ length, note, ...rest }, which, valueFor) => {
  const bar = node('span', 'bar');
  bar.style.transform = `scaleX(${Math.min(1, length)})`;
  const track = node('span', 'track', bar, node('span', 'mark', note));
  return node('span', `line ${NAMES[which].toLowerCase()}`, node('span', 'letter', NAMES[which]), track, valueFor(rest, which));
};

const lineOf = (cells, tag) => {
  const line = node('tr', '', ...cells.map((text, place) => node(place === 0 ? 'th' : tag, '', text)));
  line.firstChild.scope = 'row';
  return line;
};

export default function mount({ element, props, trigger, watch, words }) {
  const find = finder(element);
  const drawn = openersIn(find('rows'));

  const drawScores = (scores) => {
    const table = find('scores');
    table.hidden = !scores;
    if (!scores) return;
    table.caption.textContent = scores.caption;
    table.tHead.replaceChildren(lineOf(scores.head, 'th'));
    table.tBodies[0].replaceChildren(...scores.lines.map((cells) => lineOf(cells, 'td')));
  };

  const rowFor = ({ text, tint, bars }, { places, settings }) => {
    const valueFor = (bar, which) => {
      const origin = originOf(bar, places[which], settings);
      if (!origin) return node('span', 'share', bar.share);
      const label = filled(words.where_from_bar, { letter: NAMES[which], token: text, share: bar.share });
      return opener('share', bar.share, origin, { label, title: words.shared_where_from });
    };
    return node('li', 'row', node('span', 'name', chip({ text, tint })), node('span', 'both', ...bars.map((bar, which) => barFor(bar, which, valueFor))));
  };

  const draw = () => {
    const { data } = props.value || {};
    find('pairs').hidden = !data;
    if (!data) return;
    const { heading, sentences, rows, rest, scores, note, ...told } = JSON.parse(data);
    for (const [name, text] of Object.entries({ rest, note })) find(name).textContent = text;
    find('sentences').replaceChildren(...sentences.map((sentence) => node('p', 'sentence', sentence)));
    find('rows').setAttribute('aria-label', heading);
    find('rows').replaceChildren(...rows.map((row) => rowFor(row, told)));
    drawn();
    drawScores(scores);
  };

  find('pairs').figureTable = () => {
    const { rows = [], places, settings } = JSON.parse(props.value?.data || '{}');
    return {
      columns: ['', ...NAMES],
      rows: rows.map(({ text, bars }) => [text, ...bars.map(({ probability }) => probability)]),
      origins: (row, column) => (column ? originOf(rows[row].bars[column - 1], places[column - 1], settings) : null),
    };
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
