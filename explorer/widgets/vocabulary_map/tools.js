// What stands above and below the map: how it is laid out and coloured, the search, the ages and the legend.
import { attributed, button, filled, node, put } from '../shared/dom.js';
import { chip } from '../shared/chips.js';

const MOST_FOUND = 8;

// A row of buttons of which one is chosen. names: [value, text]. Returns { box, choose(value) }.
export function choice(label, names, pick) {
  const box = attributed(node('div', 'vm-choice'), { role: 'group', 'aria-label': label });
  const made = names.map(([value, text]) => [value, button('vm-tool', text, () => pick(value))]);
  box.append(...made.map(([, one]) => one));
  return {
    box,
    choose: (value) => made.forEach(([own, one]) => one.setAttribute('aria-pressed', String(own === value))),
    show: (value, isShown) => made.forEach(([own, one]) => { if (own === value) one.hidden = !isShown; }),
  };
}

// A menu, `shown` before it. Returns { box, menu, offer(names) } with names [value, text].
export function menu(shown, label, pick) {
  const list = node('select', 'vm-menu');
  attributed(list, { 'aria-label': label });
  list.addEventListener('change', () => pick(list.value));
  const box = node('label', 'vm-labelled', shown && node('span', '', shown), list);
  const offer = (names) => list.replaceChildren(...names.map(([value, text]) => {
    const option = node('option', '', text);
    option.value = value;
    return option;
  }));
  return { box, menu: list, offer };
}

// The box for what is looked for, and what was found below it. look(text): ids; tokenOf(id): { text, tint }; pick(id).
export function searching(box, words, { look, tokenOf, pick, seen }) {
  const input = attributed(node('input', 'vm-search'), {
    type: 'search', placeholder: words.search_example, 'aria-label': words.search, role: 'combobox', 'aria-expanded': 'false',
    'aria-controls': 'vocabulary-found', 'aria-autocomplete': 'list', autocomplete: 'off', spellcheck: 'false', maxlength: '60',
  });
  const list = attributed(node('div', 'vm-found'), { role: 'listbox', id: 'vocabulary-found', 'aria-label': words.found_list });
  const told = attributed(node('p', 'vm-none'), { role: 'status' });
  box.append(input, list, told);
  list.hidden = true;
  let ids = [], at = 0;

  const close = () => {
    list.hidden = true;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  };
  const choose = (id) => {
    close();
    pick(id);
  };
  const mark = () => {
    [...list.children].forEach((option, place) => option.setAttribute('aria-selected', String(place === at)));
    if (ids.length) input.setAttribute('aria-activedescendant', `vocabulary-found-${at}`);
  };
  const show = () => {
    const all = look(input.value);
    ids = all.slice(0, MOST_FOUND);
    at = 0;
    seen(all);
    put(told, input.value && !all.length ? filled(words.found_none, { text: input.value }) : '');
    list.replaceChildren(...ids.map((id, place) => {
      const option = attributed(node('div', 'vm-option', chip(tokenOf(id)), node('span', 'vm-id', String(id))), { role: 'option', id: `vocabulary-found-${place}` });
      option.addEventListener('pointerdown', (event) => {
        event.preventDefault();
        choose(id);
      });
      return option;
    }));
    if (all.length > ids.length) put(told, filled(words.found_more, { n: all.length - ids.length }));
    list.hidden = !ids.length;
    input.setAttribute('aria-expanded', String(!list.hidden));
    mark();
  };

  input.addEventListener('input', show);
  input.addEventListener('focus', () => input.value && show());
  input.addEventListener('blur', close);
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      input.value = '';
      show();
    }
    if (event.key === 'Enter' && ids.length) choose(ids[at]);
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by || !ids.length) return;
    event.preventDefault();
    at = (at + by + ids.length) % ids.length;
    mark();
  });
  return { input };
}

// The legend: a button a group, which lets it alone stand out. Returns { show(names, colours, only) }.
export function legend(box, words, pick) {
  const show = (names, counts, colours, only) => {
    const focused = [...box.children].indexOf(document.activeElement);
    const made = names.map((name, group) => {
      const one = button('vm-group', '', () => pick(group === only ? null : group));
      const swatch = node('i', 'vm-swatch');
      swatch.style.background = colours[group];
      one.append(swatch, name);
      attributed(one, { 'aria-pressed': String(group === only), title: filled(words.group_info, { n: counts[group] }) });
      return one;
    });
    box.replaceChildren(...made);
    made[focused]?.focus();
  };
  attributed(box, { role: 'group', 'aria-label': words.legend });
  return { show };
}
