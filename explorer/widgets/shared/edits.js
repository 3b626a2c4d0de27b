// The page's edits, as widgets with switches know and change them.
import { follow, tell } from './dom.js';

// The edits, as a list, with these of them turned: on if none of them is there, off if any is.
export function turned(edits, names) {
  const there = edits.filter((edit) => names.includes(edit));
  return there.length ? edits.filter((edit) => !names.includes(edit)) : [...edits, names[0]];
}

// Tells the page these edits, a list.
export function wishEdits(edits) {
  tell('page-wish', { edits: edits.join(',') });
}

// Calls act(edits) with the list when it is another than before.
export function followEdits(element, act) {
  let known = '';
  follow(element, 'cursor-moved', ({ detail }) => {
    const now = (detail.edits || '').split(',').filter(Boolean);
    if (String(now) === known) return;
    known = String(now);
    act(now);
  });
}
