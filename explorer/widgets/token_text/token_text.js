// A listbox of tokens, the text above it and the ids below: what is under the finger, or picked, is lit in all three.
import { tintOf } from '../shared/chips.js';
import { attributed, button, filled, finder, follow, node, put, tell } from '../shared/dom.js';
import { striped } from '../shared/glyphs.js';
import { listKeys, select } from '../shared/keys.js';
import { linked } from '../shared/linked.js';
import { clamped } from '../shared/numbers.js';
import { familyTable } from './family.js';

const NO_TOKENS = { tokens: [], glyphs: [], whys: [], families: [] };

export default function mount({ element, props, watch, words, name }) {
  const find = finder(element);
  const list = find('tokens'), running = find('running'), ids = find('ids'), toggle = find('bytes-switch');
  let shown = NO_TOKENS;
  let laid; // what is laid out
  let picked = 0;
  let places = []; // by token: all elements that stand for it

  const pick = (token, focused = false) => {
    const index = clamped(token, 0, shown.tokens.length - 1);
    mark(index);
    if (focused) list.children[index].focus({ preventScroll: true });
    tell('page-wish', { token: index });
  };

  // What of a shared character is the token's own stands out, the rest is faint.
  const partFor = (part) => {
    const made = node('span', part.of ? 'share' : '', part.text);
    if (!part.of) return made;
    made.style.setProperty('--from', `${(100 * (part.first - 1)) / part.of}%`);
    made.style.setProperty('--to', `${(100 * part.last) / part.of}%`);
    return made;
  };
  const sharedText = ({ first, last, of }) => (first === last ? filled(words.byte_of, { first, of }) : filled(words.bytes_of, { first, last, of }));

  const textOf = (token) => {
    const parts = token.parts.length ? token.parts.map(partFor) : [token.text];
    return attributed(node('bdi', 'token-text', ...parts), { dir: 'auto' });
  };

  const cardFor = (token, index) => {
    const card = attributed(button('token', '', () => pick(index, true)), { role: 'option' });
    card.style.background = tintOf(token.tint);
    card.append(textOf(token), node('span', 'token-id', String(token.id)), ...token.parts.filter((part) => part.of).map((part) => node('span', 'token-share', sharedText(part))), node('span', 'token-bytes', token.bytes));
    return card;
  };

  const lay = () => {
    const cards = shown.tokens.map(cardFor);
    places = cards.map((card) => [card]);
    const inText = shown.glyphs.map(([text, owners]) => {
      const made = attributed(node('bdi', 'glyph', text), { dir: 'auto' });
      made.style.background = striped(owners, (owner) => tintOf(shown.tokens[owner].tint));
      for (const [owner] of owners) places[owner].push(made);
      made.addEventListener('click', (event) => pick(ownerAt(event, made, owners)));
      made.dataset.owners = owners.map(([owner]) => owner).join(' ');
      return made;
    });
    const inIds = shown.tokens.map((token, index) => {
      const made = node('span', 'number', String(token.id));
      places[index].push(made);
      made.addEventListener('click', () => pick(index));
      made.dataset.owners = index;
      return made;
    });
    list.replaceChildren(...cards);
    select(cards, -1);
    running.replaceChildren(...inText.flatMap((one) => (one.textContent.startsWith('·') ? [node('wbr'), one] : [one]))); // lines end before a space
    ids.replaceChildren('[', ...inIds.flatMap((one, index) => (index ? [', ', one] : [one])), ']');
  };

  const ownerAt = ({ clientX }, made, owners) => {
    const { left, width } = made.getBoundingClientRect();
    let share = ((clientX - left) / width) * owners.reduce((sum, [, n]) => sum + n, 0);
    for (const [owner, n] of owners) {
      share -= n;
      if (share < 0) return owner;
    }
    return owners.at(-1)[0];
  };

  const mark = (index) => {
    for (const [place, on] of [[picked, false], [index, true]]) {
      if (list.children[place]) attributed(list.children[place], { tabindex: on ? 0 : -1, 'aria-selected': String(on) });
      for (const one of (places[place] ?? []).slice(1)) one.classList.toggle('picked', on);
    }
    picked = index;
    tellOne(shown.tokens[index]);
  };

  const tellOne = (token) => {
    if (!token) return;
    const what = textOf(token);
    what.className = 'big';
    what.style.background = tintOf(token.tint);
    find('what').replaceChildren(what, node('span', '', filled(words.picked, { n: picked + 1, all: shown.tokens.length, id: token.id })));
    put(find('why'), shown.whys[token.why]);
    const cells = token.bytes.split(' ');
    let at = 0;
    const rows = token.parts.map((part) => {
      const own = cells.slice(at, (at += part.n)).join(' ');
      return node('tr', '', node('th', '', node('bdi', '', part.text)), node('td', '', own), node('td', 'note', part.of ? sharedText(part) : ''));
    });
    find('bytes').replaceChildren(node('caption', '', words.bytes_caption), ...rows);
    const family = shown.families[token.family];
    put(find('family-told'), family ? family.told : '');
    find('family').replaceChildren(...(family ? [familyTable(family, words)] : []));
  };

  const showBytes = (on) => {
    element.querySelector('.token-views').classList.toggle('with-bytes', on);
    toggle.setAttribute('aria-pressed', String(on));
    put(toggle, on ? words.hide_bytes : words.show_bytes);
  };
  const told = linked(element, name, false, (on) => showBytes(on === true));
  toggle.addEventListener('click', () => {
    const on = toggle.getAttribute('aria-pressed') !== 'true';
    showBytes(on);
    told(on);
  });

  const draw = () => {
    const value = props.value?.told;
    if (!value || value === laid) return;
    laid = value;
    shown = JSON.parse(value);
    const focused = list.contains(document.activeElement);
    lay();
    tell('cursor-asked');
    mark(clamped(picked, 0, shown.tokens.length - 1));
    if (focused) list.children[picked]?.focus({ preventScroll: true });
  };

  const turn = ({ token }) => {
    if (token !== picked && token < shown.tokens.length) mark(token);
  };
  for (const type of ['cursor-turned', 'cursor-moved']) follow(element, type, ({ detail }) => turn(detail));

  // Under the finger, here or in another view.
  let announced = null;
  const light = (position) => places.forEach((all, place) => all.forEach((one) => one.toggleAttribute('data-lit', place === position)));
  const announce = (position) => {
    if (position === announced) return;
    announced = position;
    light(position);
    tell('token-hover', { position, from: element });
  };
  const under = ({ target, clientX }) => {
    const card = target.closest('.token');
    if (card) return [...list.children].indexOf(card);
    const glyph = target.closest('.glyph');
    if (glyph) return ownerAt({ clientX }, glyph, shown.glyphs[[...running.querySelectorAll('.glyph')].indexOf(glyph)][1]);
    const number = target.closest('.number');
    return number ? Number(number.dataset.owners) : null;
  };
  element.addEventListener('pointermove', (event) => announce(under(event)));
  element.addEventListener('pointerleave', () => announce(null));
  follow(element, 'token-hover', ({ detail }) => detail.from !== element && light(detail.position));

  listKeys(list, { at: () => picked, count: () => shown.tokens.length, go: (token) => pick(token, true) });
  attributed(list, { 'aria-label': words.title });
  put(toggle, words.show_bytes);
  watch('value', draw);
  draw();
}
