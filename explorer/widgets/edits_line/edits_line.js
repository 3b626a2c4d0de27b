import { attributed, button, filled, finder, node, tell } from '../shared/dom.js';

export default function mount({ element, props, watch, words }) {
  const line = finder(element)('edits');

  const undo = (className, text, name, left) =>
    attributed(button(className, text, () => tell('page-wish', { edits: left })), { 'aria-label': name, title: name });

  const draw = () => {
    const { chips = [] } = props.value || {};
    line.hidden = chips.length === 0;
    const made = chips.map(({ text, without }) => undo('edit', `${text} ✕`, filled(words.undo, { edit: text }), without));
    const all = chips.length > 1 ? [undo('edit edit-all', words.undo_all, words.undo_all, '')] : [];
    line.replaceChildren(node('span', 'edits-heading', words.heading), ...made, ...all);
  };
  watch('value', draw);
  draw();
}
