import { chip } from '../shared/chips.js';
import { node } from '../shared/dom.js';
import { clamped } from '../shared/numbers.js';

export default function mount({ element, props, watch }) {
  const list = element.querySelector('ol');
  const caption = element.querySelector('figcaption');

  const rowFor = ({ text, tint, note, value, shown }) => {
    const bar = node('span', 'token-bar');
    bar.style.width = `${100 * clamped(value, 0, 1)}%`;
    const track = node('span', 'token-bar-track', bar);
    return node('li', '', node('span', 'token-bar-note', note), chip({ text, tint }, 'token-bar-text'), track, node('span', 'token-bar-value', shown));
  };

  element.querySelector('.token-bars').figureTable = () => {
    const rows = (props.value || {}).rows || [];
    return { columns: props.value?.columns || ['', '', ''], rows: rows.map(({ text, note, value }) => [text, note, value]) };
  };

  const draw = () => {
    const { rows = [], caption: words = '' } = props.value || {};
    caption.textContent = words;
    list.setAttribute('aria-label', words);
    list.replaceChildren(...rows.map(rowFor));
  };

  watch('value', draw);
  draw();
}
