// Keys in a listbox with one tab stop: arrows, Home and End move the cursor.
import { tintOf } from '../shared/chips.js';
import { attributed, button, follow, node, tell } from '../shared/dom.js';
import { listKeys, select } from '../shared/keys.js';
import { clamped } from '../shared/numbers.js';

export default function mount({ element, props, trigger, watch }) {
  const list = element.querySelector('.tokens');
  const keys = () => [...list.children];

  const pick = (index) => {
    const token = clamped(index, 0, list.children.length - 1);
    select(keys(), token);
    list.children[token].focus();
    props.value = { ...props.value, selected: token };
    trigger('pick');
  };

  const keyFor = ({ id, text, bytes, tint }, index, detail) => {
    const key = attributed(button('token', '', () => pick(index)), { role: 'option', dir: 'auto' });
    key.style.background = tintOf(tint);
    key.append(node('span', 'token-text', text));
    if (detail) key.append(node('span', 'token-id', String(id)), node('span', 'token-bytes', bytes));
    else key.title = `${index}: id ${id}`;
    return key;
  };

  // A strip is one line that scrolls sideways (page/styles/header.css).
  const showPicked = () => {
    const key = list.querySelector('[aria-selected=true]');
    if (key && !list.classList.contains('tokens-detail')) list.scrollLeft = key.offsetLeft - (list.clientWidth - key.offsetWidth) / 2;
  };
  new ResizeObserver(showPicked).observe(list);

  let laid = ''; // the tokens that lie there, so that a moved cursor costs only its mark
  const draw = () => {
    const { tokens = '[]', selected = 0, detail = false } = props.value || {};
    const wanted = `${detail} ${tokens}`;
    const focused = list.contains(document.activeElement);
    if (wanted !== laid) {
      list.classList.toggle('tokens-detail', detail);
      list.replaceChildren(...JSON.parse(tokens).map((token, index) => keyFor(token, index, detail)));
      laid = wanted;
    }
    select(keys(), selected);
    if (focused) list.children[selected]?.focus();
    showPicked();
  };

  listKeys(list, {
    at: () => keys().findIndex((key) => key.getAttribute('aria-selected') === 'true'),
    count: () => list.children.length,
    go: pick,
  });
  // Under the finger, here or in another view.
  let announced = null;
  const announce = (position) => {
    if (position === announced) return;
    announced = position;
    tell('token-hover', { position, from: element });
  };
  list.addEventListener('pointerover', ({ target }) => announce(target.closest('.token') ? keys().indexOf(target.closest('.token')) : null));
  list.addEventListener('pointerleave', () => announce(null));
  follow(element, 'token-hover', ({ detail }) => {
    if (detail.from !== element) keys().forEach((key, index) => key.toggleAttribute('data-lit', index === detail.position));
  });
  watch('value', draw);
  draw();
}
