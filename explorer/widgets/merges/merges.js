import { chip } from '../shared/chips.js';
import { node } from '../shared/dom.js';

const partFor = (part, merged) => {
  const made = chip(part, merged ? 'part merged' : 'part');
  made.title = `id ${part.id}`;
  return made;
};

const rowFor = ({ caption, parts, merged }) => {
  const made = parts.map((part, index) => partFor(part, index === merged));
  return node('li', '', node('span', 'parts', ...made), node('span', 'caption', caption));
};

export default function mount({ element, props, watch }) {
  const list = element.querySelector('.merges');
  const draw = () => list.replaceChildren(...((props.value || {}).rows || []).map(rowFor));
  watch('value', draw);
  draw();
}
