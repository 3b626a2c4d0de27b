// Numbers that open where they come from (widgets/drawer): buttons in a list with one tab stop, among which the arrows move.
import { attributed, button, tell } from './dom.js';
import { gridKeys, listKeys } from './keys.js';

// A number as a button that tells the page `origin`. label: what a screen reader says of it; title: what pressing it does.
export function opener(className, shown, origin, { label, title }) {
  const made = button(`${className} opener`, shown, () => tell('number-asked', { ...origin, from: made }));
  return attributed(made, { 'aria-label': label, title, tabindex: -1 });
}

// Makes the openers inside `list` one tab stop. columns: how many stand in each row, between which the arrows left and right move. Returns
// what is to be called after they were drawn anew: a list without any is a tab stop itself, for it may scroll.
export function openersIn(list, columns = 1) {
  const all = () => [...list.querySelectorAll('.opener')];
  const at = () => all().indexOf(document.activeElement);
  const stopAt = (place) => all().forEach((one, other) => { one.tabIndex = other === place ? 0 : -1; });
  list.addEventListener('focusin', ({ target }) => all().includes(target) && stopAt(all().indexOf(target)));
  if (columns === 1) listKeys(list, { at, count: () => all().length, along: 'vertical', go: (place) => all()[place].focus() });
  else {
    gridKeys(list, {
      at: () => [Math.floor(at() / columns), at() % columns],
      size: () => [all().length / columns, columns],
      go: ([row, column]) => all()[columns * row + column].focus(),
    });
  }
  return () => {
    list.tabIndex = all().length ? -1 : 0;
    stopAt(0);
  };
}
