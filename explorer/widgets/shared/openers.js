// Numbers that open where they come from (widgets/drawer): buttons in a list with one tab stop, among which the arrows move.
import { attributed, button, tell } from './dom.js';
import { listKeys } from './keys.js';

// A number as a button that tells the page `origin`. label: what a screen reader says of it; title: what pressing it does.
export function opener(className, shown, origin, { label, title }) {
  const made = button(`${className} opener`, shown, () => tell('number-asked', { ...origin, from: made }));
  return attributed(made, { 'aria-label': label, title, tabindex: -1 });
}

// Makes the openers inside `list` one tab stop. Returns what is to be called after they were drawn anew: a list without any is a tab stop
// itself, for it may scroll.
export function openersIn(list) {
  const all = () => [...list.querySelectorAll('.opener')];
  const stopAt = (place) => all().forEach((one, at) => { one.tabIndex = at === place ? 0 : -1; });
  list.addEventListener('focusin', ({ target }) => all().includes(target) && stopAt(all().indexOf(target)));
  listKeys(list, { at: () => all().indexOf(document.activeElement), count: () => all().length, along: 'vertical', go: (place) => all()[place].focus() });
  return () => {
    list.tabIndex = all().length ? -1 : 0;
    stopAt(0);
  };
}
