// Bars of shares start at the left, those of signed numbers in the middle: blue adds, red takes away.

import { filled, node, put } from '../shared/dom.js';
import { clamped } from '../shared/numbers.js';
import { opener, openersIn } from '../shared/openers.js';

export default function mount({ element, props, watch, words, tabular }) {
  const list = element.querySelector('ol');
  const drawn = openersIn(list);

  const numberFor = (className, { text, name, shown, origin }) => {
    if (!origin) return node('span', className, shown);
    const label = filled(words.where_from_number, { of: text ?? name, value: shown });
    return opener(`${className} from`, shown, origin, { label, title: words.shared_where_from });
  };

  const barFor = ({ value, scale }, limit) => {
    const track = node('span', `track ${scale}`);
    if (value === null) return track;
    const bar = node('span', value < 0 ? 'bar below' : 'bar');
    const length = scale === 'share' ? 100 * clamped(value, 0, 1) : 50 * clamped(Math.abs(value) / limit, 0, 1);
    bar.style.width = `${length}%`;
    if (scale === 'signed') bar.style.left = value < 0 ? `${50 - length}%` : '50%';
    track.append(bar);
    return track;
  };

  const detailFor = (detail) => {
    const parts = [node('bdi', '', detail.text)];
    if (detail.shown) parts.push(' ', numberFor('number', detail));
    if (detail.then) parts.push(' ', node('span', 'number', detail.then));
    return node('span', 'detail', ...parts);
  };

  const rowFor = (row, limit) =>
    node(
      'li',
      '',
      node('p', 'what', node('strong', '', row.name), ' ', node('bdi', 'about', row.about)),
      barFor(row, limit),
      numberFor('value', row),
      node('p', 'details', ...row.details.map(detailFor)),
    );

  const draw = () => {
    const { rows = '[]', limit = 1, told = '', scale = '' } = props.value || {};
    list.replaceChildren(...JSON.parse(rows).map((row) => rowFor(row, limit)));
    put(element.querySelector('.told'), told);
    put(element.querySelector('.scale'), scale);
    drawn();
  };

  if (tabular) {
    element.querySelector('.measures').figureTable = () => ({
      columns: words.measures_columns.split(', '),
      rows: JSON.parse(props.value?.rows ?? '[]').map(({ name, about, value, shown }) => [name, about, value ?? shown]),
    });
  }
  watch('value', draw);
  draw();
}
