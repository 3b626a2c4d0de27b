import { chip } from '../shared/chips.js';
import { attributed, button, filled, follow, node, tell } from '../shared/dom.js';
import { clamped } from '../shared/numbers.js';
import { opener, openersIn } from '../shared/openers.js';

export default function mount({ element, props, trigger, watch, words, pinnable }) {
  const list = element.querySelector('ol');
  const caption = element.querySelector('figcaption');
  const drawn = openersIn(list, pinnable ? 2 : 1);

  const pick = (names) => {
    props.value = { ...props.value, names };
    trigger('pick');
  };

  const tokenFor = ({ text, tint, pin }) => {
    const shown = chip({ text, tint }, 'token-bar-text');
    if (!pin) return shown;
    const label = filled(pin.pinned ? words.unpin : words.pin, { token: text });
    const key = button('token-bar-pin opener', '', () => pick(pin.names));
    key.append(node('i', '', pin.pinned ? '✓' : '+'), shown);
    return attributed(key, { 'aria-label': label, title: label, 'aria-pressed': String(pin.pinned), tabindex: -1 });
  };

  const valueFor = ({ text, note, shown, origin }) => {
    if (!origin) return node('span', 'token-bar-value', shown);
    const label = filled(words.where_from_row, { token: text, note, value: shown });
    return opener('token-bar-value token-bar-from', shown, origin, { label, title: words.shared_where_from });
  };

  const rowFor = (row) => {
    const { note, part } = row;
    const bar = node('span', part < 0 ? 'token-bar token-bar-below' : 'token-bar');
    bar.style.width = `${100 * clamped(Math.abs(part), 0, 1)}%`;
    const track = node('span', 'token-bar-track', bar);
    return node('li', '', node('span', 'token-bar-note', note), tokenFor(row), track, valueFor(row));
  };

  // The list on top: of several sent together that of the cursor's layer.
  let layer = null;
  const shown = () => {
    const { sheets, rows = '[]', caption: about = '' } = props.value || {};
    if (!sheets) return { rows: JSON.parse(rows), about };
    const all = JSON.parse(sheets);
    return all[layer] ?? all[0];
  };

  element.querySelector('.token-bars').figureTable = () => {
    const { rows } = shown();
    return {
      columns: props.value?.columns || ['', '', ''],
      rows: rows.map(({ text, note, value }) => [text, note, value]),
      origins: (row, place) => (place === 2 ? rows[row].origin ?? null : null),
    };
  };

  const draw = () => {
    const { rows, about } = shown();
    caption.textContent = about;
    list.setAttribute('aria-label', about);
    const held = [...list.querySelectorAll('.opener')].indexOf(document.activeElement);
    list.replaceChildren(...rows.map(rowFor));
    drawn();
    list.querySelectorAll('.opener')[held]?.focus();
  };

  const turn = ({ layer: now }) => {
    if (now === layer) return;
    layer = now;
    if (props.value?.sheets) draw();
  };
  for (const told of ['cursor-turned', 'cursor-moved']) follow(element, told, ({ detail }) => turn(detail));
  watch('value', draw);
  draw();
  tell('cursor-asked');
}
