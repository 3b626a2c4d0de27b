// The list's numbers are one tab stop where they open their origin; the arrows move among them.
import { chip } from '../shared/chips.js';
import { attributed, button, filled, node, tell } from '../shared/dom.js';
import { listKeys } from '../shared/keys.js';
import { clamped } from '../shared/numbers.js';

export default function mount({ element, props, watch, words }) {
  const list = element.querySelector('ol');
  const caption = element.querySelector('figcaption');
  const openers = () => [...list.querySelectorAll('.token-bar-from')];

  const valueFor = ({ text, note, shown, origin }) => {
    if (!origin) return node('span', 'token-bar-value', shown);
    const made = button('token-bar-value token-bar-from', shown, () => tell('number-asked', { ...origin, from: made }));
    const told = filled(words.where_from_row, { token: text, note, value: shown });
    return attributed(made, { 'aria-label': told, title: words.shared_where_from, tabindex: -1 });
  };

  const rowFor = (row) => {
    const { text, tint, note, value } = row;
    const bar = node('span', 'token-bar');
    bar.style.width = `${100 * clamped(value, 0, 1)}%`;
    const track = node('span', 'token-bar-track', bar);
    return node('li', '', node('span', 'token-bar-note', note), chip({ text, tint }, 'token-bar-text'), track, valueFor(row));
  };

  const stopAt = (place) => openers().forEach((one, at) => { one.tabIndex = at === place ? 0 : -1; });

  element.querySelector('.token-bars').figureTable = () => {
    const rows = JSON.parse(props.value?.rows ?? '[]');
    return {
      columns: props.value?.columns || ['', '', ''],
      rows: rows.map(({ text, note, value }) => [text, note, value]),
      origins: (row, place) => (place === 2 ? rows[row].origin ?? null : null),
    };
  };

  const draw = () => {
    const { rows: told = '[]', caption: about = '' } = props.value || {};
    const rows = JSON.parse(told);
    caption.textContent = about;
    list.setAttribute('aria-label', about);
    list.replaceChildren(...rows.map(rowFor));
    list.tabIndex = openers().length ? -1 : 0;
    stopAt(0);
  };

  list.addEventListener('focusin', ({ target }) => openers().includes(target) && stopAt(openers().indexOf(target)));
  listKeys(list, {
    at: () => openers().indexOf(document.activeElement),
    count: () => openers().length,
    along: 'vertical',
    go: (place) => openers()[place].focus(),
  });
  watch('value', draw);
  draw();
}
